import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { bodyBytesMin } from './job_body.js';
import { workloads } from './workloads.js';

export const systemNames = ['beanstalkd', 'bullmq', 'rabbitmq', 'quaero'];

const root = fileURLToPath(new URL('../../', import.meta.url));

export const usage = `Usage: ./dev bench --peers [OPTIONS]

Measures Quaero beside beanstalkd, BullMQ on Redis, and RabbitMQ.

  --jobs N         at most so many in a run            [200000]
  --seconds S      jobs are made for at most so long   [10]
  --runs N         the median counts                   [3]
  --rate N         jobs a second for pickup            [100]
  --pickup-seconds S  how long                         [20]
  --window N       single jobs under way               [64]
  --batch N        jobs in a batch; 2 are under way    [1000]
  --payload N      bytes a job                         [200]
  --systems LIST   of ${systemNames.join(',')}
  --workloads LIST of ${workloads.map((x) => x.name).join(',')}
  --dir DIR        for the data; a disk, no memory     [${tmpdir()}]
  --bin DIR        with quaerod and quaero-bench       [build/bin]
  --out DIR        for the report                      [build/peers]
  --record         write the report to docs/bench/, too
  --help           print this

Progress goes to standard error, the report to standard output. The end is 1
if one run was not exact, or something did not work.
`;

// Name, default, smallest, largest.
const numbers = [
  ['jobs', 200_000, 1, 10_000_000],
  ['seconds', 10, 1, 3600],
  ['runs', 3, 1, 100],
  ['rate', 100, 1, 10_000],
  ['pickup-seconds', 20, 1, 3600],
  ['window', 64, 1, 64],
  ['batch', 1000, 1, 10_000],
  ['payload', 200, bodyBytesMin, 32_768],
];

/// The daemon keeps the newest 100,000 events; a job of a type with a log has
/// two, and none may be gone.
const pickupJobsMax = 50_000;

export class UsageError extends Error {}

function numberOf(text, [name, , min, max]) {
  const x = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(x >= min && x <= max))
    throw new UsageError(`--${name} is a number from ${min} to ${max}`);
  return x;
}

function listOf(text, name, known) {
  const out = text.split(',');
  for (const x of out)
    if (!known.includes(x))
      throw new UsageError(`--${name}: '${x}' is none of ${known.join(', ')}`);
  return out;
}

function camelCase(name) {
  return name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
}

/// @throws UsageError
export function parseOptions(args) {
  const flags = { record: 'boolean', help: 'boolean', systems: 'string',
                  workloads: 'string', dir: 'string', out: 'string',
                  bin: 'string' };
  const known = {};
  for (const [name, type] of Object.entries(flags))
    known[name] = { type };
  for (const [name, standard] of numbers)
    known[name] = { type: 'string', default: String(standard) };
  let values;
  try {
    ({ values } = parseArgs({ args, options: known }));
  } catch (error) {
    throw new UsageError(error.message);
  }
  const allWorkloads = workloads.map((x) => x.name);
  const out = {
    batchWindow: 2,
    record: values.record ?? false,
    help: values.help ?? false,
    systems: listOf(values.systems ?? systemNames.join(','), 'systems',
                    systemNames),
    workloads: listOf(values.workloads ?? allWorkloads.join(','), 'workloads',
                      allWorkloads),
    // The servers have other working folders than we.
    dir: resolve(values.dir ?? tmpdir()),
    out: resolve(values.out ?? `${root}build/peers`),
    bin: resolve(values.bin ?? `${root}build/bin`),
    docs: `${root}docs/bench`,
  };
  for (const x of numbers)
    out[camelCase(x[0])] = numberOf(values[x[0]], x);
  if (out.rate * out.pickupSeconds > pickupJobsMax)
    throw new UsageError(`--rate times --pickup-seconds is at most ${pickupJobsMax}`);
  return out;
}
