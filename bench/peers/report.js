import { summary } from './statistics.js';
import { workloads } from './workloads.js';

/// From here on the client may be what limits a figure.
const busyCores = 0.9;

export const beginMark = '<!-- figures: begin -->';
export const endMark = '<!-- figures: end -->';

/// Three digits that mean something, thousands parted by commas.
export function rounded(x) {
  if (x >= 1000) {
    const step = 10 ** (Math.floor(Math.log10(x)) - 2);
    return Math.round(Math.round(x / step) * step).toLocaleString('en-US');
  }
  if (x >= 100)
    return x.toFixed(0);
  return x >= 10 ? x.toFixed(1) : x.toFixed(2);
}

function cores(x) {
  return x === undefined || x === null ? '–' : x.toFixed(2);
}

function coresOfClient(x) {
  return cores(x) + (x >= busyCores ? '\\*' : '');
}

/// A row with its runs becomes a row with its figures.
export function summarized({ runs, ...row }) {
  const problem = row.problem ?? runs.find((x) => !x.exact)?.problem;
  if (problem !== undefined)
    return { ...row, problem, runs };
  if (runs[0].ms !== undefined) {
    const of = (share) => summary(runs.map((x) => x.ms[share]));
    return { ...row, runs, p50: of('p50'), p99: of('p99'), max: of('max'),
             clientLateP99: summary(runs.map((x) => x.clientLateMs.p99)).median };
  }
  const perSecond = summary(runs.map((x) => x.perSecond));
  const middle = runs.reduce((a, b) => {
    const off = (x) => Math.abs(x.perSecond - perSecond.median);
    return off(b) < off(a) ? b : a;
  });
  return { ...row, runs, perSecond, jobs: middle.jobs, cores: middle.cores };
}

function who(row) {
  return [row.system, `\`${row.setting}\``, row.durability, row.client];
}

const columns = {
  per_s: {
    head: ['Jobs/s', 'Lowest, highest', 'Jobs', 'Server', 'Producer', 'Consumer'],
    cells: (x, workload) => [
      rounded(x.perSecond.median),
      `${rounded(x.perSecond.min)}, ${rounded(x.perSecond.max)}`,
      x.jobs.toLocaleString('en-US'), cores(x.cores?.server),
      coresOfClient(x.cores?.producer),
      workload.hold ? '–' : coresOfClient(x.cores?.consumer)],
  },
  ms: {
    head: ['p50', 'p99', 'p99 of the runs', 'Max', 'Sent late (p99)'],
    cells: (x) => [
      `${rounded(x.p50.median)} ms`, `${rounded(x.p99.median)} ms`,
      `${rounded(x.p99.min)} to ${rounded(x.p99.max)} ms`,
      `${rounded(x.max.max)} ms`, `${rounded(x.clientLateP99)} ms`],
  },
};

function line(cells) {
  return `| ${cells.join(' | ')} |`;
}

function tableOf(workload, rows) {
  const { head, cells } = columns[workload.counted];
  const first = ['System', 'Setting', 'Disk', 'Client'];
  const out = [line([...first, ...head]),
               `|${'---|'.repeat(first.length + head.length)}`];
  for (const x of rows) {
    const behind = x.problem === undefined
      ? cells(x, workload)
      : ['**void**', ...Array(head.length - 1).fill('')];
    out.push(line([...who(x), ...behind]));
  }
  return out.join('\n');
}

/// Synced rows come first; both in the order of their measuring.
function rowsOf(workload, rows) {
  const ours = rows.filter((x) => x.workload === workload.name);
  const of = (durability) => ours.filter((x) => x.durability === durability);
  return [...of('synced'), ...of('relaxed')];
}

function conditionsText(x, options) {
  const versions = Object.entries(x.versions)
    .map(([name, version]) => `${name} ${version}`).join(', ');
  return `${x.date}. ${x.cpu}, ${x.cores} cores, ${x.memoryGib} GiB, `
         + `${x.system}, Linux ${x.kernel}, ${x.fileSystem}; 512 bytes and an `
         + `fsync took ${x.fsyncMs.map((ms) => ms.toFixed(2)).join(' ms before, ')} `
         + `ms after; the load before was ${x.loadBefore.toFixed(1)}. ${versions}.\n\n`
         + `${options.runs === 1 ? 'One run' : `${options.runs} runs`}, each with at most `
         + `${options.jobs.toLocaleString('en-US')} jobs of ${options.payload} `
         + `bytes, made for at most ${options.seconds} s; `
         + `${options.window} single jobs or 2 batches of ${options.batch} under `
         + `way; ${options.rate} jobs a second for ${options.pickupSeconds} s. `
         + 'Rates are medians.';
}

function problemsText(rows) {
  const all = rows.filter((x) => x.problem !== undefined);
  if (all.length === 0)
    return 'Each run was exact.';
  return ['Void, and so without a figure:', '',
          ...all.map((x) => `- ${x.system}, \`${x.setting}\`, ${x.workload}: `
                            + x.problem.split('\n')[0])].join('\n');
}

/// By name of what is compared: whether the first row is better.
const better = {
  per_s: { rate: (a, b) => a.perSecond.median > b.perSecond.median },
  ms: { p50: (a, b) => a.p50.median < b.p50.median,
        p99: (a, b) => a.p99.median < b.p99.median },
};

/// Each peer that a row of Quaero is behind, with the same kind of client.
function peersAhead(workload, ours, rows) {
  const peers = rows.filter((x) => x.workload === workload.name
                                   && x.durability === ours.durability
                                   && x.system !== ours.system
                                   && x.problem === undefined);
  const out = [];
  for (const [name, isBetter] of Object.entries(better[workload.counted])) {
    const ahead = peers.filter((x) => isBetter(x, ours))
      .map((x) => `${x.system} \`${x.setting}\``);
    if (ahead.length > 0)
      out.push(`- ${workload.title}, ${name}, of Quaero \`${ours.setting}\`: `
               + `${ahead.join('; ')}.`);
  }
  return out;
}

function aheadText(rows) {
  const all = workloads.flatMap((workload) => rowsOf(workload, rows)
    .filter((x) => x.system === 'Quaero' && x.client.startsWith('Node')
                   && x.problem === undefined)
    .flatMap((x) => peersAhead(workload, x, rows)));
  return all.length === 0 ? 'Nowhere, among the rows with a figure.' : all.join('\n');
}

/// The report as Markdown, without the chart.
export function reportOf({ conditions, options, rows }) {
  const parts = [conditionsText(conditions, options), problemsText(rows)];
  for (const workload of workloads) {
    const ours = rowsOf(workload, rows);
    if (ours.length > 0)
      parts.push(`### ${workload.title}`, tableOf(workload, ours));
  }
  const quaero = rows.filter((x) => x.system === 'Quaero').length;
  if (quaero > 0 && quaero < rows.length)
    parts.push('### Where a peer is ahead', aheadText(rows));
  parts.push('Server, producer and consumer: processors that they kept busy. '
             + '\\*: that process had no time left, so with another client '
             + 'the figure could be better.');
  return `${parts.join('\n\n')}\n`;
}

/// @returns `page` with `text` between the two marks.
export function insertedInto(page, text) {
  const begin = page.indexOf(beginMark);
  const end = page.indexOf(endMark);
  if (begin < 0 || end < begin)
    throw new Error(`the page has no '${beginMark}' and '${endMark}'`);
  return `${page.slice(0, begin + beginMark.length)}\n\n${text}\n`
         + page.slice(end);
}
