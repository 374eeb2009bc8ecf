import { nowNs, pause, turn } from './clock.js';

/// How long before a job is due the process stops sleeping: a timer of Node
/// is late by up to a millisecond or so, and all of that would be latency.
const awakeNs = 1.5e6;
const shortestSleepNs = 1e6;

/// Starts `send(i)` for i = 0, 1, ... at the moments begin + i / rate, whether
/// or not earlier ones have been answered, so that a server that stands still
/// is charged with all who had to wait meanwhile.
/// @returns begin, and by how much each start was late, in nanoseconds; what
///   the promises that `send` made have given.
export async function openLoop({ jobs, rate, send, clock = nowNs,
                                 sleep = pause, spin = turn }) {
  const gapNs = 1e9 / rate;
  const beginNs = clock() + awakeNs;
  const lateNs = [];
  const answers = [];
  for (let i = 0; i < jobs; ++i) {
    const due = beginNs + i * gapNs;
    for (let left = due - clock(); left > 0; left = due - clock()) {
      // Answers are read in both cases.
      if (left >= awakeNs + shortestSleepNs)
        await sleep(Math.floor((left - awakeNs) / 1e6));
      else
        await spin();
    }
    lateNs.push(clock() - due);
    answers.push(send(i));
  }
  return { beginNs, gapNs, lateNs, answers: await Promise.all(answers) };
}
