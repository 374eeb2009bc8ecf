/// What somebody who waits wants to know.
export function say(text) {
  process.stderr.write(`peers: ${text}\n`);
}
