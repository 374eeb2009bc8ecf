import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { cpuSeconds } from './processes.js';

const program = fileURLToPath(new URL('client.js', import.meta.url));

/// A client in a process of its own, so that it has a processor of its own if
/// there is one, and does not share this one's.
export class ClientProcess {
  constructor() {
    this.waiting = undefined;
    this.child = fork(program);
    this.child.on('message', ({ value, error }) => {
      const { resolve, reject } = this.waiting;
      this.waiting = undefined;
      if (error === undefined)
        resolve(value);
      else
        reject(new Error(error));
    });
    this.ended = new Promise((resolve) => {
      this.child.on('exit', (code, signal) => {
        this.waiting?.reject(new Error(`a client ended (${signal ?? code})`));
        this.waiting = undefined;
        resolve();
      });
    });
  }

  /// One at a time.
  ask(command, how) {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.child.send({ command, how }, (error) => error && reject(error));
    });
  }

  cpuSeconds() { return cpuSeconds(this.child.pid); }

  async stop() {
    this.child.kill('SIGKILL'); // What it leaves goes with its server.
    await this.ended;
  }
}
