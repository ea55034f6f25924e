// Starts the program under test and sees to it that it ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Longer than any start or stop takes on a busy machine; only a hang reaches it. */
const PATIENCE = 60_000;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => process.exit(1));
}

/**
 * Runs `tandem` with these arguments until it has printed its line of JSON.
 * `ready` is that line; `stop` asks it to end and tells how it did.
 */
export async function start(args, env = {}) {
  const program = process.env.TANDEM;
  if (!program) throw new Error('TANDEM does not name the program to test; use ./e2e/run');
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const ended = once(child, 'exit').then(([code, signal]) => {
    running.delete(child);
    return { code, signal };
  });
  ended.catch(() => running.delete(child));
  let complaints = '';
  child.stderr.on('data', (text) => (complaints = (complaints + text).slice(-4000)));

  const ready = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) resolve(JSON.parse(line));
    });
    ended.then(
      ({ code }) => reject(new Error(`tandem ${args[0]} ended with ${code}: ${complaints}`)),
      reject,
    );
  });
  const stop = async (signal = 'SIGINT', within = PATIENCE) => {
    child.kill(signal);
    return bounded(ended, within, () => `tandem ${args[0]} did not end: ${complaints}`);
  };
  return { ready: await bounded(ready, PATIENCE, () => `tandem ${args[0]} was not ready`), stop };
}

/** Both simulators, empty, on free ports. */
export const startSimulators = () =>
  start(['sim', '--dataset', 'empty', ...['--hubspot', '--salesforce', '--pubsub'].flatMap((side) => [side, '127.0.0.1:0'])]);

function bounded(promise, ms, message) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(message())), ms);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
