import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { AnswerReader, BeanstalkClient } from '../drivers/beanstalk_client.js';

test('answers are whole however their bytes are cut', () => {
  const body = 'a\r\nRESERVED 7 3';
  const text = `INSERTED 1\r\nRESERVED 12 ${body.length}\r\n${body}\r\nTIMED_OUT\r\n`;
  for (let size = 1; size <= text.length; ++size) {
    const reader = new AnswerReader();
    const found = [];
    for (let at = 0; at < text.length; at += size)
      found.push(...reader.push(Buffer.from(text.slice(at, at + size))));
    assert.deepEqual(found, [
      { words: ['INSERTED', '1'], body: undefined },
      { words: ['RESERVED', '12', String(body.length)], body },
      { words: ['TIMED_OUT'], body: undefined },
    ]);
  }
});

/// Runs `use(client)` with a server that answers all that it gets with `text`.
async function withServer(text, use) {
  let got = '';
  const server = createServer((socket) => {
    socket.on('data', (bytes) => {
      got += bytes;
      socket.write(text);
    });
    socket.on('error', () => {});
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const client = await BeanstalkClient.connect(server.address().port);
  try {
    await use(client, server);
  } finally {
    client.close();
    server.close();
  }
  return got;
}

test('puts go out together and get their ids in order', async () => {
  const got = await withServer('INSERTED 8\r\nINSERTED 9\r\n', async (client) => {
    assert.deepEqual(await client.putAll(['ab', 'c'], 60), ['8', '9']);
  });
  assert.equal(got, 'put 0 0 60 2\r\nab\r\nput 0 0 60 1\r\nc\r\n');
});

test('deletes and reserves are answered each on its own', async () => {
  const text = 'DELETED\r\nRESERVED 5 2\r\nhi\r\nTIMED_OUT\r\n';
  await withServer(text, async (client) => {
    const { deleted, reserved } = client.deleteAndReserve(['4'], 2);
    assert.equal(deleted.length, 1);
    await deleted[0];
    const [first, second] = await Promise.all(reserved);
    assert.equal(first.body, 'hi');
    assert.equal(second.words[0], 'TIMED_OUT');
  });
});

test('another answer than expected is an error', async () => {
  await withServer('OUT_OF_MEMORY\r\n', async (client) => {
    await assert.rejects(client.putAll(['x'], 60), /OUT_OF_MEMORY/);
  });
});

test('who waits is told when the server hangs up', async () => {
  await withServer('', async (client) => {
    const waiting = client.reserve();
    client.socket.destroy();
    await assert.rejects(waiting, /hung up/);
  });
});

test('numbers of a tube are read by name', async () => {
  const body = '---\nname: bench\ncurrent-jobs-ready: 3\ntotal-jobs: 12\n';
  await withServer(`OK ${body.length}\r\n${body}\r\n`, async (client) => {
    assert.deepEqual(await client.statsOf('bench'),
                     { 'current-jobs-ready': 3, 'total-jobs': 12 });
  });
});
