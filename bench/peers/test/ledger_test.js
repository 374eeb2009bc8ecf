import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Ledger, judge } from '../ledger.js';

function judged(ledger, jobs, change = {}) {
  return judge({ jobs, distinctIds: jobs, counts: ledger.counts(jobs),
                 remaining: 0, ...change });
}

function ledgerOf(executed, ended) {
  const out = new Ledger(10);
  executed.forEach((i) => out.executed(i));
  ended.forEach((i) => out.done(i));
  return out;
}

test('each job once is exact', () => {
  assert.equal(judged(ledgerOf([2, 0, 1], [0, 1, 2]), 3), '');
});

test('a job that was lost, or came twice, or is not over is told', () => {
  assert.match(judged(ledgerOf([0, 1], [0, 1]), 3), /2 were executed/);
  assert.match(judged(ledgerOf([0, 1, 1], [0, 1]), 2), /one too many/);
  assert.match(judged(ledgerOf([0, 1], [0]), 2), /1 are done/);
  assert.match(judged(ledgerOf([0, 1], [0, 0, 1]), 2), /done again/);
});

test('one job twice does not stand for another', () => {
  assert.match(judged(ledgerOf([0, 0], [0, 0]), 2), /1 were executed/);
});

test('jobs that nobody has accepted are told', () => {
  assert.match(judged(ledgerOf([0, 5], [0]), 1), /one too many/);
  assert.match(judged(ledgerOf([0, NaN], [0]), 1), /nobody had made/);
  assert.match(judged(ledgerOf([0, 10], [0]), 1), /nobody had made/);
});

test('ids that came twice and jobs that are left are told', () => {
  const x = ledgerOf([0, 1], [0, 1]);
  assert.match(judged(x, 2, { distinctIds: 1 }), /with 1 ids/);
  assert.match(judged(x, 2, { remaining: 1 }), /still has 1/);
  assert.match(judged(ledgerOf([], []), 0), /no job/);
});

test('who waits is told when enough are done', async () => {
  const x = new Ledger(3);
  let reached = false;
  const waiting = x.reached(2).then(() => {
    reached = true;
  });
  x.done(0);
  await Promise.resolve();
  assert.equal(reached, false);
  x.done(2);
  await waiting;
  await x.reached(1);
});

test('the first execution counts for the time', () => {
  const x = new Ledger(1);
  x.executed(0, 5);
  x.executed(0, 9);
  assert.equal(x.executedAtNs[0], 5);
});
