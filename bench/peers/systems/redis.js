import { connect } from 'node:net';

import { freePort, ChildProgram } from '../processes.js';

function ping(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      socket.destroy();
      if (bytes.toString().startsWith('+PONG'))
        resolve();
      else
        reject(new Error(bytes.toString()));
    });
  });
}

/// Redis with its append-only file, below BullMQ.
export const bullmq = {
  name: 'BullMQ, Redis',
  settings: [
    { name: 'appendfsync always', durability: 'synced', fsync: 'always' },
    { name: 'appendfsync everysec', durability: 'relaxed', fsync: 'everysec' },
  ],
  client: 'Node, bullmq',
  driver: 'bullmq',

  async start(setting, dir) {
    const port = await freePort();
    const program = new ChildProgram(
      'redis-server',
      ['--bind', '127.0.0.1', '--port', String(port), '--dir', dir,
       '--appendonly', 'yes', '--appendfsync', setting.fsync, '--save', '',
       '--daemonize', 'no'], { log: `${dir}/log` });
    try {
      await program.untilReady(() => ping(port));
    } catch (error) {
      await program.stop();
      throw error;
    }
    return { programs: [program], how: { port }, stop: () => program.stop() };
  },
};
