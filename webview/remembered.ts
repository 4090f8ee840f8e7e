/** Milliseconds that a state rests before the host is told: scrolling changes it at every frame. */
const rest = 150;

/** Where a page leaves what it remembers: its host. */
interface Memory {
  readonly remembered: unknown;
  remember(state: unknown): void;
}

/** What a page remembers while it is hidden or the window reloads. */
export class RememberedState<State extends object> {
  readonly #host: Memory;
  #state: State;
  #pending: ReturnType<typeof setTimeout> | undefined;

  /** @param read makes a state of what an older version of the page, or nobody, has left */
  constructor(host: Memory, read: (remembered: unknown) => State) {
    this.#host = host;
    this.#state = read(host.remembered);
  }

  get now(): State {
    return this.#state;
  }

  readonly update = (change: Partial<State>): void => {
    this.#state = { ...this.#state, ...change };
    clearTimeout(this.#pending);
    this.#pending = setTimeout(() => this.#host.remember(this.#state), rest);
  };
}

/** Fields of a remembered state, each taken as far as it makes sense. */
export function fieldsOf(remembered: unknown): Readonly<Record<string, unknown>> {
  return typeof remembered === 'object' && remembered !== null ? (remembered as Record<string, unknown>) : {};
}

export function textOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' ? value : otherwise;
}

/** Pixels from an edge; 0 for anything else. */
export function distance(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}
