// Runs a command as its own process group and ends that group when the owner is gone. The owner holds our standard input
// open; the system closes it when the owner ends, even when it is killed and can clean nothing up itself.
//   node guard.mjs LOG FOLDER COMMAND ARGUMENT...     FOLDER is removed at the end.
import { spawn } from 'node:child_process';
import { createWriteStream, rmSync } from 'node:fs';

const [log, folder, command, ...args] = process.argv.slice(2);
const grace = 3000;

const output = createWriteStream(log);
const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
for (const stream of [child.stdout, child.stderr]) {
  stream.pipe(output, { end: false });
  stream.pipe(process.stdout, { end: false });
}
// The owner may have stopped reading; the command is none the worse for it.
process.stdout.on('error', () => undefined);

let ending = false;
function end() {
  if (ending) return;
  ending = true;
  signal('SIGTERM');
  setTimeout(finish, grace);
  const poll = setInterval(() => {
    if (!signal(0)) {
      clearInterval(poll);
      finish();
    }
  }, 50);
}

function finish() {
  signal('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  process.exit(0);
}

/** Whether the group still has somebody in it. */
function signal(name) {
  try {
    process.kill(-child.pid, name);
    return true;
  } catch {
    return false;
  }
}

child.on('error', (error) => {
  output.write(`${error.message}\n`);
  finish();
});
child.on('exit', end);
process.stdin.on('end', end).on('close', end).on('error', end).resume();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, end);
