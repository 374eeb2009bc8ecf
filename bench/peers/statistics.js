/// Figures out of many.

/// The middle one, or the mean of the two in the middle.
export function median(numbers) {
  if (numbers.length === 0)
    throw new Error('there is no median of nothing');
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]
                                 : (sorted[half - 1] + sorted[half]) / 2;
}

/// The smallest of the numbers that at least `share` of them do not exceed.
export function percentile(numbers, share) {
  if (numbers.length === 0)
    throw new Error('there is no percentile of nothing');
  const sorted = [...numbers].sort((a, b) => a - b);
  const rank = Math.ceil(sorted.length * share);
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1];
}

/// Median, smallest and largest.
export function summary(numbers) {
  return {
    median: median(numbers),
    min: Math.min(...numbers),
    max: Math.max(...numbers),
  };
}

/// Of times in milliseconds. The whole distribution is what an open loop is
/// for: a mean would hide the waits.
export function latencies(ms) {
  return {
    p50: percentile(ms, 0.5),
    p99: percentile(ms, 0.99),
    max: percentile(ms, 1),
  };
}
