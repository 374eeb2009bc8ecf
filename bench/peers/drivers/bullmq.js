import { Queue, Worker } from 'bullmq';

import { indexOfPayload, payloadOf } from '../job_body.js';

const queueName = 'bench';
/// Jobs that the worker has at a time.
const concurrency = 100;
/// What is done goes, as it does from the brokers.
const jobOptions = { removeOnComplete: true };

function connectionOf(port) {
  return { host: '127.0.0.1', port, maxRetriesPerRequest: null };
}

export async function openProducer({ port, payload, onError }) {
  const queue = new Queue(queueName, { connection: connectionOf(port) });
  queue.on('error', onError);
  await queue.waitUntilReady();
  const dataOf = (index) => ({ payload: payloadOf(index, payload) });
  return {
    async submit(index) {
      const job = await queue.add('noop', dataOf(index), jobOptions);
      return job.id;
    },

    async submitMany(first, count) {
      const all = [];
      for (let i = 0; i < count; ++i)
        all.push({ name: 'noop', data: dataOf(first + i), opts: jobOptions });
      const jobs = await queue.addBulk(all);
      return jobs.map((x) => x.id);
    },

    close() { return queue.close(); },
  };
}

export async function openConsumer({ port, ledger, onError }) {
  const queue = new Queue(queueName, { connection: connectionOf(port) });
  const execute = async (job) => {
    ledger.executed(indexOfPayload(job.data.payload));
  };
  const worker = new Worker(queueName, execute, {
    autorun: false, concurrency, connection: connectionOf(port) });
  queue.on('error', onError);
  worker.on('error', onError);
  worker.on('failed', (job, error) => onError(error));
  // Told when Redis has moved the job.
  worker.on('completed', (job) => {
    ledger.done(indexOfPayload(job.data.payload));
  });
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  return {
    async start() { worker.run().catch(onError); },

    async finish(jobs) { await ledger.reached(jobs); },

    async remaining() {
      const counts = await queue.getJobCounts();
      return Object.values(counts).reduce((a, b) => a + b, 0);
    },

    async close() {
      await worker.close(true);
      await queue.close();
    },
  };
}
