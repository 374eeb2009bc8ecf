import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chartProgram } from '../chart.js';
import { parseTimeNs } from '../clock.js';
import { readAnswer } from '../drivers/http_client.js';
import { bodyOf, indexOfBody, indexOfPayload, payloadOf } from '../job_body.js';
import { UsageError, parseOptions } from '../options.js';
import { beginMark, endMark, insertedInto, reportOf, rounded, summarized }
  from '../report.js';

const conditions = {
  date: '2026-01-01', cpu: 'a CPU', cores: 2, memoryGib: 4, system: 'Debian',
  kernel: '6.1', fileSystem: 'ext4', fsyncMs: [0.1, 0.2], loadBefore: 0,
  versions: { Redis: '7' } };
const options = { jobs: 10, seconds: 1, runs: 3, rate: 100, pickupSeconds: 1,
                  window: 64, batch: 1000, payload: 200 };

function rateRow(durability, rates, change = {}) {
  const cores = { server: 0.5, producer: 0.95, consumer: 0.1 };
  return summarized({
    workload: 'run', system: 'Quaero', setting: durability, durability,
    client: 'Node, own client', problem: undefined,
    runs: rates.map((perSecond) => (
      { jobs: 10, perSecond, exact: true, problem: '', cores })),
    ...change });
}

test('a row has median, spread, and a mark where the client was busy', () => {
  const rows = [rateRow('relaxed', [4000, 2000, 3000]), rateRow('synced', [1000])];
  const report = reportOf({ conditions, options, rows });
  assert.match(report, /\| relaxed \|.*\| 3,000 \| 2,000, 4,000 \|/);
  assert.match(report, /0\.95\\\*/);
  assert.ok(report.indexOf('| synced |') < report.indexOf('| relaxed |'));
  assert.match(report, /Each run was exact/);
});

test('one run that is not exact makes the row void', () => {
  const row = rateRow('synced', [1000, 2000]);
  row.runs[1] = { ...row.runs[1], exact: false, problem: '1 job is lost' };
  const { perSecond, ...again } = row;
  const report = reportOf({ conditions, options, rows: [summarized(again)] });
  assert.match(report, /\*\*void\*\*/);
  assert.match(report, /run: 1 job is lost/);
  assert.doesNotMatch(report, /2,000/);
  assert.equal(perSecond.max, 2000);
});

test('a row that could not be measured at all is told, too', () => {
  const row = rateRow('synced', [], { problem: 'it does not start\nfor a reason' });
  assert.match(reportOf({ conditions, options, rows: [row] }), /does not start/);
});

test('peers that are ahead are named, of the same class only', () => {
  const peer = (durability, rate) => (
    rateRow(durability, [rate], { system: 'Other', setting: `o-${durability}` }));
  const rows = [rateRow('synced', [1000]), rateRow('relaxed', [1000]),
                peer('synced', 1001), peer('relaxed', 999)];
  const report = reportOf({ conditions, options, rows });
  assert.match(report, /rate, of Quaero `synced`: Other `o-synced`\./);
  assert.doesNotMatch(report, /: Other `o-relaxed`/);
});

test('figures are not more exact than they are', () => {
  assert.deepEqual([123456, 4567, 234.5, 56.78, 1.234, 0.056].map(rounded),
                   ['123,000', '4,570', '235', '56.8', '1.23', '0.06']);
});

test('the chart has only bars that have a figure', () => {
  const program = chartProgram([rateRow('synced', [1000])], 'x.svg');
  assert.match(program, /"1\.0k"/);
  assert.doesNotMatch(program, /beanstalkd|loss of power may take/);
});

test('the report goes between the marks', () => {
  const page = `# A\n${beginMark}\nold\n${endMark}\n\nend\n`;
  const made = insertedInto(page, 'new');
  assert.equal(made, `# A\n${beginMark}\n\nnew\n${endMark}\n\nend\n`);
  assert.throws(() => insertedInto('# A\n', 'new'), /has no/);
});

test('a body has its length and gives its number back', () => {
  for (const bytes of [23, 200]) {
    assert.equal(Buffer.byteLength(bodyOf(123, bytes)), bytes);
    assert.equal(indexOfBody(bodyOf(123, bytes)), 123);
    assert.equal(JSON.parse(bodyOf(7, bytes)).payload, payloadOf(7, bytes));
  }
  assert.ok(Number.isNaN(indexOfPayload('12x')));
  assert.ok(Number.isNaN(indexOfBody('something else')));
});

test('an HTTP answer is read when it is whole', () => {
  const text = 'HTTP/1.1 201 Created\r\nContent-Length: 4\r\nX: y\r\n\r\nü12';
  const bytes = Buffer.from(text);
  assert.deepEqual(readAnswer(bytes),
                   { status: 201, bytes: bytes.length, body: 'ü12' });
  for (let i = 0; i < bytes.length; ++i)
    assert.equal(readAnswer(bytes.subarray(0, i)), undefined);
});

test('times are read with their fraction', () => {
  assert.equal(parseTimeNs('1970-01-01T00:00:01.5Z'), 1.5e9);
  assert.equal(parseTimeNs('1970-01-01T00:00:01.000000300Z'), 1e9 + 300);
  assert.equal(parseTimeNs('1970-01-01T00:01:00Z'), 60e9);
  assert.throws(() => parseTimeNs('now'));
});

test('options have defaults and limits', () => {
  const x = parseOptions(['--jobs', '5', '--systems', 'quaero']);
  assert.equal(x.jobs, 5);
  assert.equal(x.pickupSeconds, 20);
  assert.deepEqual(x.systems, ['quaero']);
  assert.equal(parseOptions(['--dir', 'here']).dir, `${process.cwd()}/here`);
  for (const wrong of [['--jobs', '0'], ['--jobs', 'x'], ['--systems', 'mq'],
                       ['--runs', '101'], ['--payload', '22'], ['--what']])
    assert.throws(() => parseOptions(wrong), UsageError);
});
