import { writeFileSync } from 'node:fs';

import { connect } from 'amqplib';

import { freePort, ChildProgram } from '../processes.js';

// Debian's program in /usr/sbin insists on the account of the service.
const serverProgram = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/// All that the server would look for in /etc and /var, in `dir` instead.
function writeConfiguration(dir, port) {
  writeFileSync(`${dir}/rabbitmq.conf`,
                `listeners.tcp.1 = 127.0.0.1:${port}\nlog.console = true\n`
                + 'log.console.level = warning\nlog.file = false\n');
  writeFileSync(`${dir}/enabled_plugins`, '[].\n');
  writeFileSync(`${dir}/env.conf`, '');
}

function environment(dir, mapperPort, distributionPort) {
  return {
    HOME: dir, // Of the cookie.
    ERL_EPMD_PORT: String(mapperPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: 'quaero-peers@localhost',
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_CONF_ENV_FILE: `${dir}/env.conf`,
    RABBITMQ_CONFIG_FILE: `${dir}/rabbitmq`,
    RABBITMQ_ENABLED_PLUGINS_FILE: `${dir}/enabled_plugins`,
    RABBITMQ_MNESIA_BASE: `${dir}/mnesia`,
    RABBITMQ_LOG_BASE: `${dir}/logs`,
    RABBITMQ_PID_FILE: `${dir}/pid`,
  };
}

async function start(dir) {
  const [port, mapperPort, distributionPort]
    = [await freePort(), await freePort(), await freePort()];
  writeConfiguration(dir, port);
  const env = environment(dir, mapperPort, distributionPort);
  // Erlang would start its port mapper by itself and leave it behind.
  const mapper = new ChildProgram(
    'epmd', ['-port', String(mapperPort), '-address', '127.0.0.1'],
    { log: `${dir}/epmd.log` });
  const server = new ChildProgram(serverProgram, [], { log: `${dir}/log`, env });
  const stop = async () => {
    // Its data goes, so it need not be stored.
    await server.stop('SIGKILL');
    await mapper.stop();
  };
  try {
    await server.untilReady(async () => {
      await (await connect(`amqp://127.0.0.1:${port}`)).close();
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { programs: [server, mapper], port, stop };
}

/// RabbitMQ with persistent messages, each confirmed. It has no weaker
/// setting that still writes to the disk.
export const rabbitmq = {
  name: 'RabbitMQ',
  settings: [
    { name: 'quorum queue', durability: 'synced', queueType: 'quorum' },
    { name: 'classic queue, durable', durability: 'synced',
      queueType: 'classic' },
  ],
  client: 'Node, amqplib',
  driver: 'rabbitmq',

  async start(setting, dir) {
    const { programs, port, stop } = await start(dir);
    return { programs, stop, how: { port, queueType: setting.queueType } };
  },
};
