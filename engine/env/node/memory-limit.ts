/** Mebibytes that an engine process may use, as its owner sets them in its environment. */
export const memoryLimitVariable = 'QSPEC_MEMORY_LIMIT';

/** The last words of a process that used more than it may; its owner knows them again. */
export function memoryLimitWords(limit: number): string {
  return `memory limit of ${limit} MiB reached`;
}

/** Node's own words for a full heap; a thread that fills its heap ends without any. */
export const outOfHeapWords = 'JavaScript heap out of memory';

/** Whether a process that ended with these words ran out of memory: our own limit, or that of the JavaScript heap. */
export function saysOutOfMemory(lastWords: string): boolean {
  return /^memory limit of \d+ MiB reached$/m.test(lastWords) || lastWords.includes(outOfHeapWords);
}
