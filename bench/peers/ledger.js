import { nowNs } from './clock.js';

/// What happened to each job, by its number: how often it was executed, when
/// first, and how often the server took the word that it is done.
export class Ledger {
  constructor(capacity) {
    this.executions = new Uint8Array(capacity);
    this.ends = new Uint8Array(capacity);
    this.executedAtNs = new Float64Array(capacity);
    this.endCount = 0;
    this.lastEndNs = 0;
    this.strangers = 0; ///< Jobs that nobody here has made.
    this.waiting = undefined;
  }

  executed(index, atNs = nowNs()) {
    if (!this.knows(index))
      return;
    if (this.executions[index] < 255)
      ++this.executions[index];
    if (this.executedAtNs[index] === 0)
      this.executedAtNs[index] = atNs;
  }

  done(index) {
    if (!this.knows(index))
      return;
    if (this.ends[index] < 255)
      ++this.ends[index];
    ++this.endCount;
    this.lastEndNs = nowNs();
    if (this.waiting !== undefined && this.endCount >= this.waiting.count)
      this.waiting.resolve();
  }

  /// The server has only now shown that it knows of all ends.
  endedNow() { this.lastEndNs = nowNs(); }

  /// Resolves when so many ends were seen.
  reached(count) {
    if (this.endCount >= count)
      return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting = { count, resolve };
    });
  }

  knows(index) {
    const known = Number.isInteger(index) && index >= 0
                  && index < this.executions.length;
    if (!known)
      ++this.strangers;
    return known;
  }

  /// Of `jobs` jobs, those with the numbers from 0 on.
  counts(jobs) {
    const out = { executed: 0, executedAgain: 0, ended: 0, endedAgain: 0,
                  strangers: this.strangers };
    for (let i = 0; i < this.executions.length; ++i) {
      const ours = i < jobs;
      out.executed += ours && this.executions[i] > 0 ? 1 : 0;
      out.executedAgain += Math.max(0, this.executions[i] - (ours ? 1 : 0));
      out.ended += ours && this.ends[i] > 0 ? 1 : 0;
      out.endedAgain += Math.max(0, this.ends[i] - (ours ? 1 : 0));
    }
    return out;
  }
}

/// Whether each job was accepted, executed and ended exactly once.
/// @returns '' or what is wrong.
export function judge({ jobs, distinctIds, counts, remaining }) {
  if (jobs === 0)
    return 'no job was accepted';
  if (distinctIds !== jobs)
    return `${jobs} jobs were accepted with ${distinctIds} ids`;
  if (counts.executed !== jobs)
    return `${jobs} jobs were accepted, ${counts.executed} were executed`;
  if (counts.executedAgain > 0)
    return `${counts.executedAgain} executions were one too many`;
  if (counts.ended !== jobs)
    return `${jobs} jobs were accepted, ${counts.ended} are done`;
  if (counts.endedAgain > 0)
    return `${counts.endedAgain} jobs were done again`;
  if (counts.strangers > 0)
    return `${counts.strangers} jobs came that nobody had made`;
  if (remaining !== 0)
    return `the server still has ${remaining} jobs`;
  return '';
}
