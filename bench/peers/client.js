import { pause } from './clock.js';
import { Ledger } from './ledger.js';
import { produceBatches, producePaced, produceSingles } from './produce.js';

/// A process that makes jobs or takes them. It is told what to do by messages
/// of its parent, one after another, and answers each.

/// How long nothing may be accepted, or nothing may end.
const stallMs = 60_000;

const drivers = {
  beanstalkd: () => import('./drivers/beanstalkd.js'),
  bullmq: () => import('./drivers/bullmq.js'),
  quaero: () => import('./drivers/quaero.js'),
  rabbitmq: () => import('./drivers/rabbitmq.js'),
};

const produce = {
  batches: produceBatches,
  paced: producePaced,
  singles: produceSingles,
};

let producer;
let consumer;
let ledger;
let failed; ///< Rejects what is being done.
const failure = new Promise((_, reject) => {
  failed = reject;
});
failure.catch(() => {}); // Until somebody waits for it.

/// Runs `work(progress)`, and gives up when `progress` stands still.
async function watched(what, work) {
  let last = -1;
  let moved = Date.now();
  const progress = (count) => {
    if (count !== last)
      moved = Date.now();
    last = count;
  };
  const watch = setInterval(() => {
    if (ledger !== undefined && ledger.endCount > 0)
      progress(ledger.endCount);
    if (Date.now() - moved > stallMs)
      failed(new Error(`${what}: nothing has moved for ${stallMs / 1000} s,`
                       + ` at ${Math.max(last, 0)} jobs`));
  }, 500);
  try {
    return await Promise.race([work(progress), failure]);
  } finally {
    clearInterval(watch);
  }
}

/// @returns when the last of `jobs` jobs was over.
async function finish({ jobs }) {
  await watched('waiting for the jobs', (progress) => (
    consumer.finish(jobs, progress)));
  return { lastEndNs: ledger.lastEndNs };
}

/// What is known of `jobs` jobs that are over.
async function check({ jobs, withTimes }) {
  // A job that is executed once more would come now.
  await pause(50);
  await watched('reading what happened', async () => (
    consumer.collect?.({ jobs, withTimes })));
  const remaining = await consumer.remaining();
  return { counts: ledger.counts(jobs), remaining,
           executedAtNs: withTimes
             ? Array.from(ledger.executedAtNs.slice(0, jobs)) : undefined };
}

const commands = {
  async openProducer({ driver, ...how }) {
    const x = await drivers[driver]();
    producer = await x.openProducer({ ...how, onError: failed });
  },

  async openConsumer({ driver, capacity, ...how }) {
    const x = await drivers[driver]();
    ledger = new Ledger(capacity);
    consumer = await x.openConsumer({ ...how, ledger, onError: failed });
  },

  start: () => consumer.start(),

  produce: ({ mode, ...how }) => watched('enqueueing', (progress) => (
    produce[mode](producer, { ...how, progress }))),

  finish,

  check,

  async close() {
    await producer?.close();
    await consumer?.close();
  },
};

process.on('message', async ({ command, how }) => {
  try {
    const work = commands[command](how ?? {});
    process.send({ value: await Promise.race([work, failure]) });
  } catch (error) {
    process.send({ error: error.message });
  }
});

// Its parent has ended.
process.on('disconnect', () => process.exit());
// Ctrl-C reaches the parent, too, which knows what to do.
process.on('SIGINT', () => {});
