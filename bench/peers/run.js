import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync }
  from 'node:fs';

import { drawChart } from './chart.js';
import { conditions, fsyncMs } from './conditions.js';
import { measure } from './measure.js';
import { measureNative, nativeClients } from './native.js';
import { killAll } from './processes.js';
import { say } from './say.js';
import { insertedInto, reportOf, rounded, summarized } from './report.js';
import { beanstalkd } from './systems/beanstalkd.js';
import { quaeroIn } from './systems/quaero.js';
import { rabbitmq } from './systems/rabbitmq.js';
import { bullmq } from './systems/redis.js';
import { workloads } from './workloads.js';

/// All that is to be measured, one row each.
function planOf(options) {
  const known = { beanstalkd, bullmq, rabbitmq, quaero: quaeroIn(options.bin) };
  const rows = [];
  for (const workload of workloads) {
    if (!options.workloads.includes(workload.name))
      continue;
    for (const name of options.systems) {
      const system = known[name];
      for (const setting of system.settings) {
        if (!(setting.workloads ?? options.workloads).includes(workload.name))
          continue;
        const row = { workload, system, setting };
        rows.push({ ...row, client: system.client, take: measure });
        if (setting.type !== 'noop')
          continue;
        for (const native of nativeClients(workload))
          rows.push({ ...row, native, client: native.client,
                      take: measureNative });
      }
    }
  }
  return rows.map((x) => ({ ...x, runs: [], problem: undefined }));
}

function figure(x) {
  if (x.ms !== undefined)
    return `p50 ${rounded(x.ms.p50)} ms, p99 ${rounded(x.ms.p99)} ms`;
  return `${rounded(x.perSecond)} jobs/s`;
}

/// Takes one run of a row. What goes wrong makes the row void, and the others
/// go on.
async function takeRun(row, { options, dir, number, of }) {
  const title = `${number} of ${of}, ${row.workload.name}: ${row.system.name} `
                + `(${row.setting.name}), ${row.client}`;
  try {
    const result = await row.take({ ...row, options, dir: `${dir}/${number}` });
    row.runs.push(result);
    if (!result.exact)
      row.problem = result.problem;
    say(`${title}: ${figure(result)}, `
        + `${result.jobs} jobs, ${result.exact ? 'exact'
                                               : `NOT EXACT: ${result.problem}`}`);
  } catch (error) {
    row.problem = error.message;
    say(`${title}: FAILED: ${error.message}`);
  }
}

/// The runs of one row are far apart, so that what else the machine does for a
/// while is not charged to one system.
async function takeAll(options, dir) {
  const rows = planOf(options);
  let number = 0;
  for (let run = 1; run <= options.runs; ++run)
    for (const row of rows)
      if (row.problem === undefined)
        await takeRun(row, { options, dir, number: ++number,
                             of: rows.length * options.runs });
  return rows.map((x) => summarized({
    workload: x.workload.name, system: x.system.name, setting: x.setting.name,
    durability: x.setting.durability, client: x.client, problem: x.problem, runs: x.runs }));
}

function write(results, options) {
  const report = reportOf(results);
  mkdirSync(options.out, { recursive: true });
  const into = options.record ? [options.out, options.docs] : [options.out];
  for (const dir of into) {
    writeFileSync(`${dir}/peers.json`, `${JSON.stringify(results, null, 1)}\n`);
    drawChart(results.rows, `${dir}/peers.svg`);
  }
  writeFileSync(`${options.out}/report.md`, report);
  if (options.record) {
    const page = `${options.docs}/peers.md`;
    writeFileSync(page, insertedInto(
      readFileSync(page, 'utf8'),
      `![Jobs a second of each system](peers.svg)\n\n${report}`));
  }
  process.stdout.write(report);
  say(`report, numbers and chart are in ${into.join(' and ')}`);
}

function makeFolder(below) {
  try {
    return mkdtempSync(`${below}/quaero-peers-`);
  } catch (error) {
    throw new Error(`cannot make a folder in ${below} (${error.code}); name`
                    + ' another one with --dir');
  }
}

/// Measures all that the options name.
/// @returns the exit code.
export async function run(options) {
  const dir = makeFolder(options.dir);
  process.on('exit', () => {
    killAll();
    rmSync(dir, { recursive: true, force: true });
  });
  const before = conditions({ dir, bin: options.bin, systems: options.systems });
  const syncBefore = fsyncMs(dir);
  if (before.fileSystem === 'tmpfs')
    say(`${options.dir} is in memory: nothing there waits for a disk; name a `
        + 'folder on one with --dir');
  const rows = await takeAll(options, dir);
  const found = { ...before, fsyncMs: [syncBefore, fsyncMs(dir)] };
  write({ conditions: found, options: shown(options), rows }, options);
  return rows.some((x) => x.problem !== undefined) ? 1 : 0;
}

/// Without the paths of this machine.
function shown({ jobs, seconds, runs, rate, pickupSeconds, window, batch,
                 payload }) {
  return { jobs, seconds, runs, rate, pickupSeconds, window, batch, payload };
}
