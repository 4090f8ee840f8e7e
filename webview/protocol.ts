/**
 * All that a webview and its host say to each other. A payload is a complete snapshot, never a delta: a webview that
 * was hidden and comes back has missed nothing. Typed as discriminated unions on `kind`.
 */

/** A row of the layer table, as `qspec inspect` shows it. */
export interface LayerRow {
  readonly name: string;
  readonly op: string;
  readonly outputShape: string;
  readonly parameters: number;
  readonly macs: number;
}

export type ToWebview =
  | { readonly kind: 'graph'; readonly title: string; readonly layers: readonly LayerRow[] }
  | { readonly kind: 'report'; readonly title: string; readonly text: string }
  | { readonly kind: 'failed'; readonly what: string; readonly fix?: string };

export type FromWebview =
  /** The webview's script runs and waits for its first snapshot. */
  { readonly kind: 'ready' } | { readonly kind: 'reveal'; readonly layer: string };
