import { connect } from 'node:net';

/// A pipelining client of beanstalkd's protocol: commands go out as they are
/// given, and answers come in the same order.

const lineEnd = '\r\n';

/// What an answer's first line promises to follow: RESERVED ID BYTES, OK BYTES.
function bytesBehind(words) {
  if (words[0] === 'RESERVED')
    return Number(words[2]);
  return words[0] === 'OK' ? Number(words[1]) : undefined;
}

/// Takes bytes as they come and gives whole answers: `words` of the line, and
/// `body` where there is one.
export class AnswerReader {
  constructor() {
    this.text = '';
    this.at = 0;
  }

  /// @returns the answers that are whole now.
  push(bytes) {
    // Latin 1 keeps one character for each byte, so lengths are right.
    this.text = this.text.slice(this.at) + bytes.toString('latin1');
    this.at = 0;
    const out = [];
    for (let x = this.next(); x !== undefined; x = this.next())
      out.push(x);
    return out;
  }

  next() {
    const end = this.text.indexOf(lineEnd, this.at);
    if (end < 0)
      return undefined;
    const words = this.text.slice(this.at, end).split(' ');
    const bytes = bytesBehind(words);
    const begin = end + lineEnd.length;
    if (bytes === undefined) {
      this.at = begin;
      return { words, body: undefined };
    }
    if (this.text.length < begin + bytes + lineEnd.length)
      return undefined;
    this.at = begin + bytes + lineEnd.length;
    return { words, body: this.text.slice(begin, begin + bytes) };
  }
}

export class BeanstalkClient {
  constructor(socket) {
    this.socket = socket;
    this.reader = new AnswerReader();
    this.waiting = [];
    this.first = 0; ///< Of those that wait; a queue without moving it.
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.receive(bytes));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('beanstalkd has hung up')));
  }

  static connect(port) {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        resolve(new BeanstalkClient(socket));
      });
    });
  }

  receive(bytes) {
    for (const answer of this.reader.push(bytes)) {
      const { wanted, resolve, reject } = this.waiting[this.first];
      this.waiting[this.first++] = undefined;
      if (wanted.includes(answer.words[0]))
        resolve(answer);
      else
        reject(new Error(`beanstalkd answered ${answer.words.join(' ')}`));
    }
    if (this.first === this.waiting.length || this.first > 10_000) {
      this.waiting.splice(0, this.first);
      this.first = 0;
    }
  }

  fail(error) {
    for (const x of this.waiting.slice(this.first))
      x.reject(error);
    this.waiting = [];
    this.first = 0;
  }

  answer(...wanted) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ wanted, resolve, reject });
    });
  }

  async use(tube) {
    this.socket.write(`use ${tube}\r\n`);
    await this.answer('USING');
  }

  async watchOnly(tube) {
    this.socket.write(`watch ${tube}\r\nignore default\r\n`);
    await Promise.all([this.answer('WATCHING'), this.answer('WATCHING')]);
  }

  /// Puts all bodies with one write to the socket.
  /// @returns their ids.
  async putAll(bodies, runLimitSeconds) {
    let text = '';
    for (const x of bodies)
      text += `put 0 0 ${runLimitSeconds} ${x.length}\r\n${x}\r\n`;
    this.socket.write(text, 'latin1');
    const answers = await Promise.all(bodies.map(() => this.answer('INSERTED')));
    return answers.map((x) => x.words[1]);
  }

  /// Deletes the jobs `ids`, and reserves up to `count` that are ready.
  /// @returns `deleted`, and a promise `reserved` of the jobs.
  deleteAndReserve(ids, count) {
    let text = '';
    for (const id of ids)
      text += `delete ${id}\r\n`;
    this.socket.write(text + 'reserve-with-timeout 0\r\n'.repeat(count), 'latin1');
    const deleted = ids.map(() => this.answer('DELETED'));
    const reserved = [];
    for (let i = 0; i < count; ++i)
      reserved.push(this.answer('RESERVED', 'TIMED_OUT'));
    return { deleted, reserved };
  }

  /// Waits for a job for as long as it takes; nothing else can be asked of
  /// this connection meanwhile.
  async reserve() {
    this.socket.write('reserve\r\n');
    return this.answer('RESERVED');
  }

  /// Numbers of a tube, by name.
  async statsOf(tube) {
    this.socket.write(`stats-tube ${tube}\r\n`);
    const { body } = await this.answer('OK');
    const out = {};
    for (const [, name, number] of body.matchAll(/^([a-z-]+): (\d+)$/gm))
      out[name] = Number(number);
    return out;
  }

  close() { this.socket.destroy(); }
}
