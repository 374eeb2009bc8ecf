import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeSync }
  from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

import { nowNs } from './clock.js';
import { median } from './statistics.js';

const syncs = 200;

/// What a program prints; an error says which one is missing.
function printed(command, ...args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8',
                                         stdio: ['ignore', 'pipe', 'ignore'] })
      .trim();
  } catch (error) {
    throw new Error(`'${command}' does not work (${error.code ?? error.status});`
                    + ' ./dev bench --peers installs what is needed');
  }
}

/// How long the disk takes for 512 bytes behind others and an fsync. All that
/// is promised to be on disk is paid in this coin.
export function fsyncMs(dir) {
  const path = `${dir}/fsync`;
  const file = openSync(path, 'w');
  const block = Buffer.alloc(512, 'x');
  const out = [];
  for (let i = 0; i < syncs; ++i) {
    const begin = nowNs();
    writeSync(file, block);
    fsyncSync(file);
    out.push((nowNs() - begin) / 1e6);
  }
  closeSync(file);
  rmSync(path);
  return median(out);
}

function packageVersion(name) {
  const path = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')).version;
}

function osName() {
  const found = /^PRETTY_NAME="(.*)"$/m.exec(
    readFileSync('/etc/os-release', 'utf8'));
  return found === null ? 'unknown' : found[1];
}

const versionOf = {
  beanstalkd: () => ({ beanstalkd: printed('beanstalkd', '-v').split(' ')[1] }),
  bullmq: () => ({
    Redis: /v=(\S+)/.exec(printed('redis-server', '--version'))[1],
    BullMQ: packageVersion('bullmq'),
    ioredis: packageVersion('ioredis'),
  }),
  rabbitmq: () => ({
    RabbitMQ: printed('dpkg-query', '-W', '-f=${Version}', 'rabbitmq-server'),
    Erlang: printed('dpkg-query', '-W', '-f=${Version}', 'erlang-base'),
    amqplib: packageVersion('amqplib'),
  }),
  quaero: (bin) => ({
    Quaero: printed(`${bin}/quaerod`, '--version').split(' ').pop(),
  }),
};

/// What the figures depend on. `dir` is where the servers have their data.
export function conditions({ dir, bin, systems }) {
  const versions = { 'Node.js': process.version.slice(1) };
  for (const x of systems)
    Object.assign(versions, versionOf[x](bin));
  const all = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: osName(),
    kernel: release(),
    fileSystem: printed('df', '--output=fstype', dir).split('\n')[1],
    loadBefore: loadavg()[0],
    versions,
  };
}
