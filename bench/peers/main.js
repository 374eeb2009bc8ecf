import { UsageError, parseOptions, usage } from './options.js';
import { say } from './say.js';

async function main() {
  try {
    const options = parseOptions(process.argv.slice(2));
    if (options.help) {
      process.stdout.write(usage);
      return 0;
    }
    // Not before: it needs packages, and help needs none.
    const { run } = await import('./run.js');
    return await run(options);
  } catch (error) {
    say(error.message);
    if (!(error instanceof UsageError))
      return 1;
    process.stderr.write(usage);
    return 2;
  }
}

// The listener of 'exit' stops what was started.
for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15], ['SIGHUP', 1]])
  process.on(signal, () => {
    say('interrupted; stopping what was started');
    process.exit(128 + number);
  });
process.on('uncaughtException', (error) => {
  say(error.stack);
  process.exit(1);
});

process.exit(await main());
