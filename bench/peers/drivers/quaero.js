import { get } from 'node:http';

import { parseTimeNs, pause, timeOfDayOffsetNs } from '../clock.js';
import { indexOfPayload, payloadOf } from '../job_body.js';
import { HttpClient } from './http_client.js';

const queueName = 'bench';
/// Single requests that are under way have a connection each.
const connections = 64;
const pageMax = 500;
/// Between two questions whether all is over.
const lookMs = 5;

export async function openProducer({ port, payload, durability, hold, type,
                                     config }) {
  const client = new HttpClient(port, connections);
  if (hold)
    await client.ask('PUT', `/api/queues/${queueName}`, '{"paused":true}');
  const head = `{"type":"${type}","queue":"${queueName}",`
               + `"durability":"${durability}","config":{${config}"payload":"`;
  const jobOf = (index) => `${head}${payloadOf(index, payload)}"}}`;
  const submit = async (body, wanted) => {
    const { ids } = await client.ask('POST', '/api/jobs', body);
    if (ids.length !== wanted)
      throw new Error(`${wanted} jobs were sent, ${ids.length} ids came`);
    return ids;
  };
  return {
    async submit(index) { return (await submit(jobOf(index), 1))[0]; },

    submitMany(first, count) {
      const all = [];
      for (let i = 0; i < count; ++i)
        all.push(jobOf(first + i));
      return submit(`[${all.join(',')}]`, count);
    },

    close() { client.close(); },
  };
}

/// The moments at which jobs were started, by id, as the stream of the daemon
/// has them: to the nanosecond, while records show milliseconds.
function readStarts(port, jobs) {
  const starts = new Map();
  return new Promise((resolve, reject) => {
    const path = '/api/events?types=job_status_change&after=0';
    const request = get({ host: '127.0.0.1', port, path }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part) => {
        const lines = (text + part).split('\n');
        text = lines.pop();
        for (const x of lines.filter((line) => line.startsWith('data: {"job_id"'))) {
          const event = JSON.parse(x.slice('data: '.length));
          // Jobs that run in blocks are told of once, when they are over.
          const at = event.status === 'running' ? event.timestamp
                                                : event.started_at;
          if (at !== undefined)
            starts.set(event.job_id, parseTimeNs(at));
        }
        if (starts.size >= jobs) {
          request.destroy();
          resolve(starts);
        }
      });
      answer.on('error', reject);
    });
    request.on('error', reject);
  });
}

/// Reads the records of all jobs into the ledger: what the daemon has stored
/// of each, one attempt and the end or something else.
async function readRecords(client, ledger, starts) {
  const offsetNs = timeOfDayOffsetNs();
  let cursor = '';
  do {
    const more = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await client.ask(
      'GET', `/api/jobs?limit=${pageMax}&order_dir=asc${more}`);
    for (const x of page.jobs) {
      const index = indexOfPayload(x.config?.payload ?? '');
      const startedNs = starts?.get(x.id) ?? parseTimeNs(x.started_at);
      for (let i = 0; i < x.attempt; ++i)
        ledger.executed(index, startedNs - offsetNs);
      if (x.status === 'completed')
        ledger.done(index);
    }
    cursor = page.next_cursor;
  } while (cursor !== '');
}

/// The daemon executes its jobs itself, so this only waits for it.
export async function openConsumer({ port, hold, ledger }) {
  const client = new HttpClient(port, 1);
  const stats = () => client.ask('GET', '/api/jobs/stats');
  const open = (x) => x.pending_jobs + x.running_jobs;
  return {
    async start() {
      if (hold)
        await client.ask('POST', `/api/queues/${queueName}/resume`);
    },

    async finish(jobs, progress) {
      let now = await stats();
      while (now.total_jobs < jobs || open(now) > 0) {
        progress(now.total_jobs - open(now));
        await pause(lookMs);
        now = await stats();
      }
      ledger.endedNow();
    },

    async collect({ jobs, withTimes }) {
      const starts = withTimes ? await readStarts(port, jobs) : undefined;
      await readRecords(client, ledger, starts);
    },

    async remaining() { return open(await stats()); },

    close() { client.close(); },
  };
}
