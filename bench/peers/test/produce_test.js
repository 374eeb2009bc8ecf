import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openLoop } from '../pace.js';
import { keepUnderWay } from '../produce.js';

/// A clock that goes on when somebody sleeps.
function makeClock() {
  const x = { ns: 0 };
  return { clock: () => x.ns,
           pass: async (ns) => {
             x.ns += ns;
           } };
}

test('no more than the window is under way, and all jobs are made', async () => {
  let open = 0;
  let most = 0;
  const made = await keepUnderWay({
    jobs: 10, seconds: 60, window: 2, size: 3,
    send: async (first, count) => {
      most = Math.max(most, ++open);
      await Promise.resolve();
      --open;
      return Array.from({ length: count }, (_, i) => first + i);
    } });
  assert.equal(most, 2);
  assert.equal(made.jobs, 10);
  assert.equal(made.accepted, 10);
  assert.equal(made.distinctIds, 10);
});

test('nothing is sent when the time is over', async () => {
  const { clock, pass } = makeClock();
  const made = await keepUnderWay({
    jobs: 100, seconds: 5, window: 1, size: 1, clock,
    send: async (first) => {
      await pass(1e9);
      return [first];
    } });
  assert.equal(made.jobs, 5);
  assert.equal(made.endNs, 5e9);
});

test('an id that comes twice is seen', async () => {
  const made = await keepUnderWay({ jobs: 4, seconds: 60, window: 1, size: 1,
                                    send: async () => ['same'] });
  assert.equal(made.accepted, 4);
  assert.equal(made.distinctIds, 1);
});

test('an open loop does not wait for answers', async () => {
  const { clock, pass } = makeClock();
  const sent = [];
  const late = [];
  const loop = openLoop({
    jobs: 3, rate: 100, clock,
    sleep: (ms) => pass(ms * 1e6), spin: () => pass(0.25e6),
    send: (i) => new Promise((resolve) => {
      sent.push(clock());
      late.push(() => resolve(i));
      if (i === 2) // Only now is anybody answered.
        late.forEach((x) => x());
    }) });
  const x = await loop;
  assert.deepEqual(x.answers, [0, 1, 2]);
  assert.equal(x.gapNs, 10e6);
  sent.forEach((at, i) => {
    const due = x.beginNs + i * x.gapNs;
    assert.ok(at >= due && at < due + 1e6, `${i} was sent at ${at}`);
  });
});

test('a start that was held up is late, and the next ones are not moved', async () => {
  const { clock, pass } = makeClock();
  const x = await openLoop({
    jobs: 3, rate: 100, clock,
    sleep: (ms) => pass(ms * 1e6), spin: () => pass(0.25e6),
    send: (i) => {
      if (i === 0)
        pass(15e6); // The process was busy for longer than one gap.
      return i;
    } });
  assert.ok(x.lateNs[0] < 1e6);
  assert.ok(x.lateNs[1] > 4e6 && x.lateNs[1] < 6e6);
  assert.ok(x.lateNs[2] < 1e6);
});
