import type { FromWebview, ToWebview } from './protocol.ts';

declare function acquireVsCodeApi(): { postMessage(message: FromWebview): void };

/** Connects a webview's page with its host: calls `show` for every snapshot, then tells the host that it is ready. */
export function connect(show: (message: ToWebview) => void): (message: FromWebview) => void {
  const host = acquireVsCodeApi();
  window.addEventListener('message', (event: MessageEvent<ToWebview>) => show(event.data));
  host.postMessage({ kind: 'ready' });
  return (message) => host.postMessage(message);
}

/** Replaces the page's content; text from models and specs goes in as text, never as markup. */
export function replaceContent(...children: (Node | string)[]): void {
  document.body.replaceChildren(...children);
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.className = className;
  node.append(...children);
  return node;
}
