import { mkdirSync, readFileSync, rmSync } from 'node:fs';

import { ChildProgram, tail } from './processes.js';

/// The same workloads with Quaero's own client, which is written in C++ and
/// checks itself that everything is exact.

const clients = {
  singles: [
    { client: 'quaero-bench, jobs run meanwhile', rate: 'jobs_per_s',
      args: (x) => ['http', '--mode', 'single', '--seconds', x.seconds,
                    '--connections', x.window] },
  ],
  run: [
    { client: 'quaero-bench over HTTP', rate: 'completed_jobs_per_s',
      args: (x) => ['http', '--mode', 'arrays', '--seconds', x.seconds,
                    '--batch', x.batch] },
    { client: 'quaero-bench in the process', rate: 'jobs_per_s',
      args: (x) => ['throughput', '--batch', x.batch] },
  ],
};

export function nativeClients(workload) {
  return clients[workload.name] ?? [];
}

/// @throws Error if the program ends with another code than 0: then it was
///   not exact, or did not work.
export async function measureNative({ native, setting, options, dir }) {
  mkdirSync(dir, { recursive: true });
  const log = `${dir}/log`;
  const args = [...native.args(options), '--jobs', options.jobs, '--durability',
                setting.level, '--payload', options.payload, '--runs', 1,
                '--dir', `${dir}/data`, '--json'].map(String);
  const program = new ChildProgram(`${options.bin}/quaero-bench`, args, { log });
  try {
    if (await program.ended !== 0)
      throw new Error(`quaero-bench ${args[0]}: ${tail(log)}`);
    const line = readFileSync(log, 'utf8').split('\n')
      .find((x) => x.startsWith('{'));
    const x = JSON.parse(line);
    return { jobs: x.jobs, perSecond: x[native.rate], exact: x.exact === true,
             problem: x.exact === true ? '' : 'quaero-bench was not exact',
             cores: { server: x.daemon_cores, producer: x.client_cores } };
  } finally {
    await program.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
