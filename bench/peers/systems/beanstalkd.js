import { freePort, ChildProgram } from '../processes.js';
import { BeanstalkClient } from '../drivers/beanstalk_client.js';

/// beanstalkd with its log.
export const beanstalkd = {
  name: 'beanstalkd',
  settings: [
    { name: '-b DIR -f0', durability: 'synced', flags: ['-f0'] },
    { name: '-b DIR', durability: 'relaxed', flags: [] },
  ],
  client: 'Node, own client',
  driver: 'beanstalkd',

  async start(setting, dir) {
    const port = await freePort();
    const program = new ChildProgram(
      'beanstalkd', ['-l', '127.0.0.1', '-p', String(port), '-b', dir,
                     ...setting.flags], { log: `${dir}/log` });
    try {
      await program.untilReady(async () => {
        (await BeanstalkClient.connect(port)).close();
      });
    } catch (error) {
      await program.stop();
      throw error;
    }
    return { programs: [program], how: { port },
             stop: () => program.stop() };
  },
};
