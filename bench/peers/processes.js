import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';

import { nowNs, pause } from './clock.js';

const ticksPerSecond = 100; // USER_HZ of Linux, on every architecture.
const stopLimitMs = 10_000;
const logLinesShown = 20;

/// Sessions that were started and are not known to be over.
const running = new Set();

function kill(pid, signal) {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false; // Nobody is left.
  }
}

/// Ends at once what is left of all that was started. For the end of the
/// process, which cannot wait.
export function killAll() {
  for (const x of running)
    kill(x.pid, 'SIGKILL');
  running.clear();
}

/// The last lines of a file, for messages.
export function tail(path) {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-logLinesShown)
      .join('\n');
  } catch {
    return '';
  }
}

/// A program in a session of its own: Ctrl-C reaches only us, and we end it
/// with everything that it has started. Its output goes to the file `log`.
export class ChildProgram {
  constructor(command, args, { log, env = {}, cwd = '/' }) {
    const out = openSync(log, 'a');
    this.command = command;
    this.log = log;
    this.exit = undefined;
    this.child = spawn(command, args, {
      cwd, detached: true, env: { ...process.env, ...env },
      stdio: ['ignore', out, out] });
    closeSync(out);
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => this.over(error.message, resolve));
      this.child.on('exit', (code, signal) => {
        this.over(signal ?? code, resolve);
      });
    });
    if (this.pid !== undefined)
      running.add(this);
  }

  get pid() { return this.child.pid; }

  over(how, resolve) {
    this.exit = how;
    resolve(how);
  }

  /// Asks `ready()` again and again until it does not throw.
  /// @returns what it returns.
  async untilReady(ready, limitMs = 60_000) {
    const end = nowNs() + limitMs * 1e6;
    for (;;) {
      if (this.exit !== undefined)
        throw new Error(`${this.command} ended (${this.exit}):\n${tail(this.log)}`);
      try {
        return await ready();
      } catch (error) {
        if (nowNs() > end)
          throw new Error(`${this.command} is not ready after ${limitMs / 1000}`
                          + ` s: ${error.message}\n${tail(this.log)}`);
      }
      await pause(20);
    }
  }

  async stop(signal = 'SIGTERM') {
    if (this.pid === undefined)
      return;
    if (this.exit === undefined) {
      kill(this.pid, signal);
      const patience = setTimeout(() => kill(this.pid, 'SIGKILL'), stopLimitMs);
      await this.ended;
      clearTimeout(patience);
    }
    kill(this.pid, 'SIGKILL'); // What it has started and left behind.
    running.delete(this);
  }
}

// State, parent, group, session ... of a line of /proc/PID/stat. The name in
// front may have blanks and parentheses.
function statOf(pid) {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return line.slice(line.lastIndexOf(')') + 2).split(' ');
}

function secondsOf(stat) {
  return (Number(stat[11]) + Number(stat[12])) / ticksPerSecond;
}

/// Processor time that one process has taken.
export function cpuSeconds(pid) {
  try {
    return secondsOf(statOf(pid));
  } catch {
    return 0;
  }
}

/// Processor time of all processes of a session that live.
export function sessionCpuSeconds(session) {
  let out = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name))
      continue;
    try {
      const stat = statOf(name);
      if (Number(stat[3]) === session)
        out += secondsOf(stat);
    } catch {
      // It ended between the two looks.
    }
  }
  return out;
}

/// A port that was free a moment ago, for programs that do not take port 0.
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
