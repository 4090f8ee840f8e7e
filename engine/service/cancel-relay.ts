import { requests } from './protocol.ts';

/** What the relay reads of a JSON-RPC message. */
interface Message {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly params?: { readonly id?: number | string; readonly run?: string };
}

const cancelNotification = '$/cancelRequest';

/**
 * Listens to what an owner says to an engine that computes in another thread: every request for a run is passed on with a
 * cell that both threads see, and a cancel is stored into the cell of its run as well as passed on. The engine's own event loop hears the
 * message only when an operator is over; the cell it sees between two tiles.
 */
export function cancelRelay(): (message: unknown) => unknown {
  const cells = new Map<string, Int32Array>();
  const runOf = new Map<number | string, string>();
  return (given) => {
    const message = given as Message;
    const { method, params } = message;
    const run = params?.run;
    if (method === cancelNotification || method === requests.cancel.method) {
      const cell = cells.get(run ?? runOf.get(params?.id ?? '') ?? '');
      if (cell) Atomics.store(cell, 0, 1);
      return given;
    }
    if (run === undefined || message.id === undefined || message.id === null) return given;
    const cancelCell = new Int32Array(new SharedArrayBuffer(4));
    cells.set(run, cancelCell);
    runOf.set(message.id, run);
    return { ...message, params: { ...params, cancelCell } };
  };
}
