import { connect } from 'node:net';

/// As much of HTTP/1.1 as a client needs that is not to be the limit: kept
/// connections, one request at a time on each, answers with a length.

const endOfHead = Buffer.from('\r\n\r\n');

/// @returns `status`, `body` and `bytes` of the first answer, or undefined if
///   it is not all there.
export function readAnswer(bytes) {
  const head = bytes.indexOf(endOfHead);
  if (head < 0)
    return undefined;
  const text = bytes.toString('latin1', 0, head);
  const length = /\r\ncontent-length: *(\d+)/i.exec(text);
  if (length === null)
    throw new Error('an answer without a length');
  const begin = head + endOfHead.length;
  const end = begin + Number(length[1]);
  if (bytes.length < end)
    return undefined;
  return { status: Number(text.slice(9, 12)), bytes: end,
           body: bytes.toString('utf8', begin, end) };
}

class Connection {
  constructor(port) {
    this.parts = [];
    this.waiting = undefined;
    this.broken = undefined;
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.socket.on('data', (x) => this.receive(x));
    this.socket.on('error', (x) => this.fail(x));
    this.socket.on('close', () => this.fail(new Error('quaerod has hung up')));
  }

  ask(request) {
    return new Promise((resolve, reject) => {
      if (this.broken !== undefined) {
        reject(this.broken);
        return;
      }
      this.waiting = { resolve, reject };
      this.socket.write(request);
    });
  }

  receive(bytes) {
    this.parts.push(bytes);
    const all = this.parts.length === 1 ? bytes : Buffer.concat(this.parts);
    const answer = readAnswer(all);
    this.parts = answer === undefined ? [all] : [];
    if (answer === undefined)
      return;
    const { resolve, reject } = this.waiting;
    this.waiting = undefined;
    if (answer.bytes === all.length)
      resolve(answer);
    else
      reject(new Error('an answer that nobody asked for'));
  }

  fail(error) {
    this.broken ??= error;
    this.waiting?.reject(error);
    this.waiting = undefined;
  }
}

export class HttpClient {
  constructor(port, connections) {
    this.free = [];
    this.all = [];
    this.queue = [];
    this.host = `127.0.0.1:${port}`;
    for (let i = 0; i < connections; ++i)
      this.all.push(new Connection(port));
    this.free = [...this.all];
  }

  /// Sends the request on the next connection that is free.
  /// @returns the answer's JSON.
  /// @throws Error for every status that is not 2xx.
  async ask(method, path, body = '') {
    const request = `${method} ${path} HTTP/1.1\r\nHost: ${this.host}\r\n`
                    + 'Content-Type: application/json\r\n'
                    + `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    const connection = this.free.pop() ?? await new Promise((resolve) => {
      this.queue.push(resolve);
    });
    const answer = await connection.ask(request);
    const next = this.queue.shift();
    if (next !== undefined)
      next(connection);
    else
      this.free.push(connection);
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  }

  close() {
    for (const x of this.all)
      x.socket.destroy();
  }
}
