import type { Box } from '../camera.ts';
import type { ChoiceKind } from '../selection.ts';

/** What a hand does on the stage, in pixels of the stage. */
export interface Gestures {
  pan(dx: number, dy: number): void;
  zoom(x: number, y: number, factor: number): void;
  click(x: number, y: number, kind: ChoiceKind): void;
  /** A frame is drawn with Shift held; null: it was let go of, or given up. */
  frame(box: Box | null): void;
  /** The frame was drawn to its end. */
  framed(box: Box): void;
  doubleClick(x: number, y: number): void;
}

/** A pointer that moved less than this has clicked. */
const slop = 4;
const lineHeight = 18;

/** Drag and two fingers, a frame with Shift, wheel, trackpad; a trackpad's pinch arrives as a wheel with the control key. */
export function listenToHands(stage: HTMLElement, gestures: Gestures): void {
  const fingers = new Map<number, { x: number; y: number }>();
  let moved = false;
  let framing = false;
  let start = { x: 0, y: 0 };

  const at = (event: MouseEvent) => {
    const bounds = stage.getBoundingClientRect();
    return { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
  };
  const middle = () => {
    const all = [...fingers.values()];
    const x = all.reduce((sum, finger) => sum + finger.x, 0) / all.length;
    const y = all.reduce((sum, finger) => sum + finger.y, 0) / all.length;
    const spread = all.length < 2 ? 0 : Math.hypot(all[0]!.x - all[1]!.x, all[0]!.y - all[1]!.y);
    return { x, y, spread };
  };

  const endFrame = () => {
    framing = false;
    stage.classList.remove('framing');
    gestures.frame(null);
  };

  stage.addEventListener('pointerdown', (event) => {
    if (event.button > 1) return;
    const point = at(event);
    fingers.set(event.pointerId, point);
    if (fingers.size === 1) {
      start = point;
      moved = false;
      framing = event.shiftKey && event.button === 0;
    } else {
      moved = true;
      endFrame();
    }
  });
  stage.addEventListener('pointermove', (event) => {
    if (!fingers.has(event.pointerId)) return;
    const point = at(event);
    if (!moved && Math.hypot(point.x - start.x, point.y - start.y) < slop) return;
    if (!moved) {
      moved = true;
      // Captured only now: a click must still reach the card under it, which takes the focus.
      stage.setPointerCapture(event.pointerId);
      stage.classList.add(framing ? 'framing' : 'dragging');
    }
    if (framing) {
      gestures.frame(boxBetween(start, point));
      return;
    }
    const before = middle();
    fingers.set(event.pointerId, point);
    const after = middle();
    gestures.pan(before.x - after.x, before.y - after.y);
    if (before.spread > 0 && after.spread > 0) gestures.zoom(after.x, after.y, after.spread / before.spread);
  });
  const lift = (event: PointerEvent) => {
    if (!fingers.delete(event.pointerId) || fingers.size > 0) return;
    stage.classList.remove('dragging');
    const ended = event.type === 'pointerup';
    if (framing && moved && ended) gestures.framed(boxBetween(start, at(event)));
    endFrame();
    if (moved || !ended || event.button !== 0) return;
    const kind = event.shiftKey ? 'reach' : event.ctrlKey || event.metaKey ? 'toggle' : 'alone';
    gestures.click(start.x, start.y, kind);
  };
  stage.addEventListener('pointerup', lift);
  stage.addEventListener('pointercancel', lift);
  stage.addEventListener('dblclick', (event) => {
    const { x, y } = at(event);
    gestures.doubleClick(x, y);
  });
  stage.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : lineHeight;
      const { x, y } = at(event);
      // A mouse wheel's notch is a hundred pixels, a pinch a few: both feel alike when the notch is cut.
      const turn = Math.max(-60, Math.min(60, event.deltaY * unit));
      if (event.ctrlKey || event.metaKey) gestures.zoom(x, y, Math.exp(-turn / 150));
      else if (event.shiftKey && event.deltaX === 0) gestures.pan(event.deltaY * unit, 0);
      else gestures.pan(event.deltaX * unit, event.deltaY * unit);
    },
    { passive: false },
  );
}

function boxBetween(a: { x: number; y: number }, b: { x: number; y: number }): Box {
  return { left: Math.min(a.x, b.x), right: Math.max(a.x, b.x), top: Math.min(a.y, b.y), bottom: Math.max(a.y, b.y) };
}
