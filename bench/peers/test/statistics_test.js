import assert from 'node:assert/strict';
import { test } from 'node:test';

import { latencies, median, percentile, summary } from '../statistics.js';

test('the median is the middle one, or between the two in the middle', () => {
  assert.equal(median([3]), 3);
  assert.equal(median([10, 9, 1]), 9); // By size, not by spelling.
  assert.equal(median([4, 1, 2, 100]), 3);
  assert.throws(() => median([]));
});

test('a percentile is one of the numbers', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.equal(percentile(hundred, 0.5), 50);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(percentile(hundred, 1), 100);
  assert.equal(percentile([7], 0.01), 7);
  assert.throws(() => percentile([], 0.5));
});

test('one slow job in a hundred is the greatest and not the p99', () => {
  const ms = [...Array(99).fill(1), 500];
  assert.deepEqual(latencies(ms), { p50: 1, p99: 1, max: 500 });
});

test('a summary has the spread', () => {
  assert.deepEqual(summary([5, 1, 3]), { median: 3, min: 1, max: 5 });
});
