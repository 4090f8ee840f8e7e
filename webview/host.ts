import type { FromWebview, ToWebview } from './protocol.ts';

interface VsCodeApi {
  postMessage(message: FromWebview): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

export interface WebviewHost {
  readonly send: (message: FromWebview) => void;
  /** What this webview remembered with `remember`, also after it was hidden or the window reloaded. */
  readonly remembered: unknown;
  remember(state: unknown): void;
}

/**
 * Connects a webview's page with its host: calls `show` for every snapshot, then tells the host that it is ready. What
 * goes wrong in the page is told to the host, whose log a person can read.
 */
export function connect(show: (message: ToWebview) => void): WebviewHost {
  const api = acquireVsCodeApi();
  const send = (message: FromWebview) => api.postMessage(message);
  window.addEventListener('error', (event) => send({ kind: 'fault', message: event.error?.stack ?? event.message }));
  window.addEventListener('unhandledrejection', (event) => send({ kind: 'fault', message: String(event.reason) }));
  window.addEventListener('message', (event: MessageEvent<ToWebview>) => show(event.data));
  // Listeners are there before the answer can arrive; the caller has its handle before the first snapshot.
  queueMicrotask(() => send({ kind: 'ready' }));
  return { send, remembered: api.getState(), remember: (state) => api.setState(state) };
}
