import { connect } from 'amqplib';

import { bodyOf, indexOfBody } from '../job_body.js';

const queueName = 'bench';
/// Messages that the consumer has and has not acknowledged.
const prefetch = 500;

async function openQueue({ port, queueType, onError }) {
  const connection = await connect(`amqp://127.0.0.1:${port}`);
  connection.on('error', onError);
  const channel = await connection.createConfirmChannel();
  channel.on('error', onError);
  await channel.assertQueue(queueName, {
    durable: true, arguments: { 'x-queue-type': queueType } });
  return { connection, channel };
}

export async function openProducer(how) {
  const { connection, channel } = await openQueue(how);
  // The broker gives a message no name: its number is told to who is waiting
  // for the confirm, and a confirm that came twice would settle nothing.
  const submit = (index) => new Promise((resolve, reject) => {
    channel.sendToQueue(queueName, Buffer.from(bodyOf(index, how.payload)),
                        { persistent: true }, (error) => {
                          if (error)
                            reject(new Error('RabbitMQ refused a message'));
                          else
                            resolve(index);
                        });
  });
  return {
    submit,

    submitMany(first, count) {
      const all = [];
      for (let i = 0; i < count; ++i)
        all.push(submit(first + i));
      return Promise.all(all);
    },

    close() { return connection.close(); },
  };
}

export async function openConsumer(how) {
  const { connection, channel } = await openQueue(how);
  const { ledger } = how;
  await channel.prefetch(prefetch);
  const take = (message) => {
    const index = indexOfBody(message.content.toString('latin1'));
    ledger.executed(index);
    channel.ack(message);
    ledger.done(index);
  };
  return {
    async start() { await channel.consume(queueName, take); },

    /// An ack has no answer. What comes behind it on its channel has one.
    async finish(jobs) {
      await ledger.reached(jobs);
      await channel.checkQueue(queueName);
      ledger.endedNow();
    },

    /// What was not acknowledged goes back to the queue with its channel.
    async remaining() {
      await channel.close();
      const other = await connection.createChannel();
      const { messageCount } = await other.checkQueue(queueName);
      return messageCount;
    },

    close() { return connection.close(); },
  };
}
