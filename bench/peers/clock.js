/// One clock for all processes of a measurement: the system's monotonic one.

/// Nanoseconds. A double holds them exactly for the first 104 days after the
/// machine's start, and to a microsecond for centuries.
export function nowNs() {
  const [seconds, ns] = process.hrtime();
  return seconds * 1e9 + ns;
}

export function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/// Lets what has arrived be read, and goes on at once.
export function turn() {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/// What to add to this clock to get the time of day in nanoseconds. The time
/// of day comes in whole milliseconds, so it is read when it has just changed.
export function timeOfDayOffsetNs() {
  let best = -Infinity;
  for (let i = 0; i < 5; ++i) {
    const before = Date.now();
    let now = before;
    while (now === before)
      now = Date.now();
    // Late is the only way to be wrong: then the offset is too small.
    best = Math.max(best, now * 1e6 - nowNs());
  }
  return best;
}

/// Nanoseconds since 1970 of an RFC 3339 text in UTC, to a quarter of a
/// microsecond.
export function parseTimeNs(text) {
  const found = /^(.*T\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/.exec(text);
  if (found === null)
    throw new Error(`'${text}' is no time in UTC`);
  const fraction = (found[2] ?? '').padEnd(9, '0').slice(0, 9);
  return Date.parse(`${found[1]}Z`) * 1e6 + Number(fraction);
}
