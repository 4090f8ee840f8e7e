import { KernelMemoryExhausted } from './api.ts';

const alignment = 64;
const pageBytes = 65536;

interface Hole {
  start: number;
  end: number;
}

/**
 * The allocator of kernel memory. TypeScript owns it (the modules' own runtime hardly frees); everything is 64-byte
 * aligned. First fit over holes in the order of addresses, neighbours joined: the same requests give the same
 * addresses. Memory grows by what is missing.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly limit: number;
  private readonly holes: Hole[];
  private readonly sizes = new Map<number, number>();
  private used = 0;
  private highest = 0;

  /** Manages `[base, limit)` of `memory`. */
  constructor(memory: WebAssembly.Memory, base: number, limit: number) {
    this.memory = memory;
    this.limit = limit;
    const start = Math.ceil(base / alignment) * alignment;
    this.holes = [{ start, end: memory.buffer.byteLength }];
  }

  get allocatedBytes(): number {
    return this.used;
  }

  get peakBytes(): number {
    return this.highest;
  }

  resetPeak(): void {
    this.highest = this.used;
  }

  alloc(bytes: number): number {
    if (!Number.isFinite(bytes) || bytes < 0) throw new RangeError(`${bytes} is no number of bytes.`);
    const size = Math.max(1, Math.ceil(bytes / alignment)) * alignment;
    let index = this.holes.findIndex((hole) => hole.end - hole.start >= size);
    if (index < 0) {
      this.grow(size);
      index = this.holes.length - 1;
    }
    const hole = this.holes[index]!;
    const address = hole.start;
    hole.start += size;
    if (hole.start === hole.end) this.holes.splice(index, 1);
    this.sizes.set(address, size);
    this.used += size;
    if (this.used > this.highest) this.highest = this.used;
    return address;
  }

  free(address: number): void {
    const size = this.sizes.get(address);
    if (size === undefined) throw new RangeError(`Nothing is allocated at ${address}.`);
    this.sizes.delete(address);
    this.used -= size;
    this.addHole(address, address + size);
  }

  sizeOf(address: number): number {
    return this.sizes.get(address) ?? 0;
  }

  private addHole(start: number, end: number): void {
    let low = 0;
    let high = this.holes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.holes[middle]!.start < start) low = middle + 1;
      else high = middle;
    }
    const before = this.holes[low - 1];
    const after = this.holes[low];
    const joinsBefore = before !== undefined && before.end === start;
    const joinsAfter = after !== undefined && after.start === end;
    if (joinsBefore && joinsAfter) {
      before.end = after.end;
      this.holes.splice(low, 1);
    } else if (joinsBefore) before.end = end;
    else if (joinsAfter) after.start = start;
    else this.holes.splice(low, 0, { start, end });
  }

  private grow(size: number): void {
    const end = this.memory.buffer.byteLength;
    const last = this.holes.at(-1);
    const available = last !== undefined && last.end === end ? end - last.start : 0;
    const pages = Math.ceil((size - available) / pageBytes);
    const exhausted = () => new KernelMemoryExhausted(size, this.used, this.limit);
    if (end + pages * pageBytes > this.limit) throw exhausted();
    try {
      this.memory.grow(pages);
    } catch {
      throw exhausted();
    }
    this.addHole(end, end + pages * pageBytes);
  }
}
