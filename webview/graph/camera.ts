/** What part of the graph is seen: the graph's point in the middle of the view, and pixels per graph unit. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const closest = 3;
const margin = 28;

/** The scale at which the whole graph is in view; never larger than life. */
export function fitScale(graph: Size, view: Size): number {
  const across = (view.width - 2 * margin) / Math.max(graph.width, 1);
  const down = (view.height - 2 * margin) / Math.max(graph.height, 1);
  return Math.max(1e-4, Math.min(1, across, down));
}

export function wholeGraph(graph: Size, view: Size): Camera {
  return { x: graph.width / 2, y: graph.height / 2, scale: fitScale(graph, view) };
}

/** Where a model opens: all of it where its cards stay readable, otherwise its beginning, which is at `start`. */
export function opening(graph: Size, view: Size, start: number): Camera {
  const whole = wholeGraph(graph, view);
  if (whole.scale >= 0.6) return whole;
  const scale = Math.max(0.6, Math.min(1, (view.width - 2 * margin) / Math.max(graph.width, 1)));
  const half = (view.width / 2 - margin) / scale;
  const x = graph.width <= 2 * half ? graph.width / 2 : Math.min(Math.max(start, half), graph.width - half);
  return { x, y: view.height / 2 / scale - margin / scale, scale };
}

/** Zooms by a factor and keeps the graph's point under the pixel (px, py) where it is. */
export function zoomAt(camera: Camera, view: Size, px: number, py: number, factor: number, least: number): Camera {
  const scale = Math.min(closest, Math.max(least, camera.scale * factor));
  const dx = px - view.width / 2;
  const dy = py - view.height / 2;
  return {
    x: camera.x + dx / camera.scale - dx / scale,
    y: camera.y + dy / camera.scale - dy / scale,
    scale,
  };
}

export function pan(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x + dx / camera.scale, y: camera.y + dy / camera.scale };
}

/** Keeps the middle of the view over the graph: nobody gets lost in empty space. */
export function keepOver(camera: Camera, graph: Size): Camera {
  return {
    ...camera,
    x: Math.min(Math.max(camera.x, 0), graph.width),
    y: Math.min(Math.max(camera.y, 0), graph.height),
  };
}

export function seen(camera: Camera, view: Size, extra = 0): Box {
  const halfWidth = (view.width / 2 + extra * view.width) / camera.scale;
  const halfHeight = (view.height / 2 + extra * view.height) / camera.scale;
  return {
    left: camera.x - halfWidth,
    right: camera.x + halfWidth,
    top: camera.y - halfHeight,
    bottom: camera.y + halfHeight,
  };
}

export function contains(outer: Box, inner: Box): boolean {
  return (
    outer.left <= inner.left && outer.top <= inner.top && outer.right >= inner.right && outer.bottom >= inner.bottom
  );
}
