import { readFileSync } from 'node:fs';

import { ChildProgram } from '../processes.js';

const noop = { type: 'noop', config: '' };

/// A type whose worker is asked for each job alone: an actor for each attempt,
/// a start that is stored before it runs, three lines of a log.
const generator = {
  type: 'test_job_generator',
  config: '"log_count":0,"log_delay_ms":0,"failure_rate":0,"child_count":0,'
          + '"recursion_depth":0,',
  workloads: ['run', 'pickup'],
};

/// The daemon. Its jobs run in it: no other process takes them.
export function quaeroIn(bin) {
  return {
    name: 'Quaero',
    settings: [
      { name: 'group', durability: 'synced', level: 'group', ...noop },
      { name: 'group, jobs with a log', durability: 'synced', level: 'group',
        ...generator },
      { name: 'buffered', durability: 'relaxed', level: 'buffered', ...noop },
      { name: 'buffered, jobs with a log', durability: 'relaxed',
        level: 'buffered', ...generator },
    ],
    client: 'Node, own client',
    driver: 'quaero',

    async start(setting, dir) {
      const program = new ChildProgram(
        `${bin}/quaerod`, ['--data-dir', `${dir}/data`, '--listen',
                           '127.0.0.1:0', '--durability', setting.level],
        { log: `${dir}/log` });
      let url;
      try {
        url = await program.untilReady(async () => {
          if (!readFileSync(program.log, 'utf8').includes('daemon.ready'))
            throw new Error('it has not said so');
          return readFileSync(`${dir}/data/endpoint`, 'utf8').trim();
        });
      } catch (error) {
        await program.stop();
        throw error;
      }
      return { programs: [program], stop: () => program.stop('SIGINT'),
               how: { port: Number(new URL(url).port), type: setting.type,
                      config: setting.config, durability: setting.level } };
    },
  };
}
