import { nowNs } from './clock.js';
import { openLoop } from './pace.js';

/// The three ways in which jobs are made. Jobs have the numbers 0, 1, ...; all
/// functions return when every job that was sent has been accepted.

/// Keeps `window` requests of `size` jobs each under way until `jobs` are made
/// or `seconds` are over. `send(first, count)` promises the ids.
export async function keepUnderWay({ jobs, seconds, window, size, send,
                                     progress = () => {}, clock = nowNs }) {
  const ids = [];
  let next = 0;
  const beginNs = clock();
  const endNs = beginNs + seconds * 1e9;
  const one = async () => {
    while (next < jobs && clock() < endNs) {
      const first = next;
      const count = Math.min(size, jobs - first);
      next += count;
      for (const id of await send(first, count))
        ids.push(id);
      progress(ids.length);
    }
  };
  await Promise.all(Array.from({ length: window }, one));
  return { jobs: next, accepted: ids.length, distinctIds: new Set(ids).size,
           beginNs, endNs: clock() };
}

export function produceSingles(producer, how) {
  const send = async (first) => [await producer.submit(first)];
  return keepUnderWay({ ...how, size: 1, send });
}

export function produceBatches(producer, how) {
  const send = (first, count) => producer.submitMany(first, count);
  return keepUnderWay({ ...how, send });
}

/// At a constant rate, whatever the server does.
export async function producePaced(producer, { jobs, rate, progress }) {
  let accepted = 0;
  const x = await openLoop({
    jobs, rate,
    send: async (i) => {
      const id = await producer.submit(i);
      progress(++accepted);
      return id;
    } });
  return { jobs, accepted, distinctIds: new Set(x.answers).size,
           beginNs: x.beginNs, endNs: nowNs(), gapNs: x.gapNs,
           lateMs: x.lateNs.map((ns) => ns / 1e6) };
}
