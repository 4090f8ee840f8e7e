// A process that watches its memory and then computes and allocates without ever letting its event loop turn.
import { watchMemory } from '../../../engine/env/node/start-memory-watch.ts';

const mebibyte = 2 ** 20;
const limit = Math.ceil(process.memoryUsage.rss() / mebibyte) + 96;
watchMemory(limit);
const held: Buffer[] = [];
// Bounded, so that a watch that fails does not take the machine with it.
while (held.length < 96) {
  held.push(Buffer.alloc(8 * mebibyte, held.length + 1));
  const until = performance.now() + 50;
  while (performance.now() < until);
}
console.log(`ended by itself, holding ${held.length}`);
