import { mkdirSync, rmSync } from 'node:fs';

import { ClientProcess } from './client_process.js';
import { nowNs } from './clock.js';
import { judge } from './ledger.js';
import { sessionCpuSeconds } from './processes.js';
import { latencies } from './statistics.js';

/// What server and clients have taken of the processors up to now.
function usage(server, producer, consumer) {
  const ofServer = server.programs
    .map((x) => sessionCpuSeconds(x.pid))
    .reduce((a, b) => a + b, 0);
  return { atNs: nowNs(), server: ofServer, producer: producer.cpuSeconds(),
           consumer: consumer.cpuSeconds() };
}

function coresBetween(before, after) {
  const seconds = (after.atNs - before.atNs) / 1e9;
  const of = (name) => (after[name] - before[name]) / seconds;
  return { server: of('server'), producer: of('producer'),
           consumer: of('consumer') };
}

/// Time from the moment a job was meant to be sent to its execution.
function pickupMs(made, executedAtNs) {
  return executedAtNs.map((at, i) => (at - made.beginNs - i * made.gapNs) / 1e6);
}

function resultOf(workload, made, end, checked, cores) {
  const problem = judge({ jobs: made.jobs, distinctIds: made.distinctIds,
                          counts: checked.counts,
                          remaining: checked.remaining });
  const out = { jobs: made.jobs, exact: problem === '', problem, cores };
  if (workload.counted === 'ms') {
    out.ms = latencies(pickupMs(made, checked.executedAtNs));
    out.clientLateMs = latencies(made.lateMs);
    return out;
  }
  const endNs = workload.hold ? made.endNs : Math.max(end.lastEndNs, made.endNs);
  out.seconds = (endNs - made.beginNs) / 1e9;
  out.perSecond = made.jobs / out.seconds;
  return out;
}

/// Makes the jobs and has them taken. If the workload holds them, nobody takes
/// one before all are there; then that is not measured, and only shows that
/// all of them were.
async function carryOut(workload, options, server, producer, consumer) {
  const paced = workload.counted === 'ms';
  const look = () => usage(server, producer, consumer);
  if (!workload.hold)
    await consumer.ask('start');
  const before = look();
  const made = await producer.ask('produce', {
    mode: workload.mode,
    jobs: paced ? options.rate * options.pickupSeconds : options.jobs,
    rate: options.rate, seconds: options.seconds, size: options.batch,
    window: workload.mode === 'singles' ? options.window : options.batchWindow });
  const enqueued = look();
  if (workload.hold)
    await consumer.ask('start');
  const end = await consumer.ask('finish', { jobs: made.jobs });
  const after = workload.hold ? enqueued : look();
  return { made, end, cores: coresBetween(before, after) };
}

/// One run on a server of its own, with an empty folder.
/// @throws Error if something does not work; what is not exact is in the
///   result.
export async function measure({ system, setting, workload, options, dir }) {
  mkdirSync(dir, { recursive: true });
  const server = await system.start(setting, dir);
  const producer = new ClientProcess();
  const consumer = new ClientProcess();
  try {
    const how = { driver: system.driver, payload: options.payload,
                  hold: workload.hold, ...server.how };
    const capacity = Math.max(options.jobs, options.rate * options.pickupSeconds);
    await producer.ask('openProducer', how);
    await consumer.ask('openConsumer', { ...how, capacity });
    const { made, end, cores } = await carryOut(workload, options, server,
                                                producer, consumer);
    const checked = await consumer.ask(
      'check', { jobs: made.jobs, withTimes: workload.counted === 'ms' });
    return resultOf(workload, made, end, checked, cores);
  } finally {
    await Promise.all([producer.stop(), consumer.stop()]);
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
