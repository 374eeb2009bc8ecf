import { bodyOf, indexOfBody } from '../job_body.js';
import { BeanstalkClient } from './beanstalk_client.js';

const tube = 'bench';
/// A job that was reserved for longer would be given to another one, too.
const runLimitSeconds = 300;
/// Jobs that one connection asks for at a time when there are many.
const burst = 100;

export async function openProducer({ port, payload }) {
  const client = await BeanstalkClient.connect(port);
  await client.use(tube);
  return {
    async submit(index) {
      const ids = await client.putAll([bodyOf(index, payload)], runLimitSeconds);
      return ids[0];
    },

    submitMany(first, count) {
      const bodies = [];
      for (let i = 0; i < count; ++i)
        bodies.push(bodyOf(first + i, payload));
      return client.putAll(bodies, runLimitSeconds);
    },

    close() { client.close(); },
  };
}

/// Takes jobs for ever: one by one while it has to wait for them, and twice as
/// many at a time as came the last time, with one write that also deletes
/// those.
async function takeAll(client, ledger) {
  const take = ({ words, body }) => {
    const index = indexOfBody(body);
    ledger.executed(index);
    return { id: words[1], index };
  };
  for (;;) {
    let taken = [take(await client.reserve())];
    while (taken.length > 0) {
      const before = taken;
      taken = [];
      const { deleted, reserved } = client.deleteAndReserve(
        before.map((x) => x.id), Math.min(burst, 2 * before.length));
      await Promise.all([
        ...deleted.map((x, i) => x.then(() => ledger.done(before[i].index))),
        ...reserved.map(async (x) => {
          const answer = await x;
          if (answer.words[0] === 'RESERVED')
            taken.push(take(answer));
        }),
      ]);
    }
  }
}

export async function openConsumer({ port, ledger, onError }) {
  const client = await BeanstalkClient.connect(port);
  const asker = await BeanstalkClient.connect(port);
  let closed = false;
  return {
    async start() {
      await client.watchOnly(tube);
      takeAll(client, ledger).catch((error) => closed || onError(error));
    },

    /// A job is deleted before that is answered, so there is nothing to wait
    /// for but the answers.
    async finish(jobs) { await ledger.reached(jobs); },

    async remaining() {
      const x = await asker.statsOf(tube);
      return x['current-jobs-ready'] + x['current-jobs-reserved']
             + x['current-jobs-delayed'] + x['current-jobs-buried'];
    },

    close() {
      closed = true;
      client.close();
      asker.close();
    },
  };
}
