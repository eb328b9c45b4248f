// What part of the graph is seen: moved by dragging and the wheel, larger and smaller by pinching and ctrl + wheel.

import { signal, type Signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Box } from '../contract';

export interface Camera {
  x: number;
  y: number;
  scale: number;
}

const SMALLEST = 0.05;
const LARGEST = 4;
const MARGIN = 12;
/** Below this nothing can be read: the view begins at what matters instead of showing all. */
const READABLE = 0.65;

export interface CameraControl {
  camera: Signal<Camera>;
  zoom: (factor: number) => void;
  fit: () => void;
  /** Brings a box into view, where it is not. */
  show: (box: Box) => void;
}

export function useCamera(
  place: RefObject<HTMLElement>,
  whole: { width: number; height: number },
  first: Box | undefined,
): CameraControl {
  const [camera] = useState(() => signal<Camera>({ x: 0, y: 0, scale: 1 }));
  const moved = useRef(false);
  const room = () => ({ width: place.current?.clientWidth ?? 0, height: place.current?.clientHeight ?? 0 });

  const zoomAt = (factor: number, x: number, y: number) => {
    moved.current = true;
    const old = camera.value;
    const scale = Math.min(LARGEST, Math.max(SMALLEST, old.scale * factor));
    const by = scale / old.scale;
    camera.value = { scale, x: x - (x - old.x) * by, y: y - (y - old.y) * by };
  };
  const fitting = (): number => {
    const { width, height } = room();
    return Math.max(SMALLEST, Math.min(1, (width - 2 * MARGIN) / whole.width, (height - 2 * MARGIN) / whole.height));
  };
  /** The middle of a box in the middle of the view; what is smaller than the view stands in its middle, and beyond the edges is nothing. */
  const centre = (box: Box, scale: number): Camera => {
    const { width, height } = room();
    const along = (middle: number, length: number, view: number) => {
      const free = view - length * scale;
      return free >= 0 ? free / 2 : Math.min(MARGIN, Math.max(free - MARGIN, view / 2 - middle * scale));
    };
    return {
      scale,
      x: along(box.x + box.width / 2, whole.width, width),
      y: along(box.y + box.height / 2, whole.height, height),
    };
  };
  const all: Box = { x: 0, y: 0, ...whole };
  const control: CameraControl = {
    camera,
    zoom: (factor) => zoomAt(factor, room().width / 2, room().height / 2),
    fit: () => {
      moved.current = true;
      camera.value = centre(all, fitting());
    },
    show: (box) => {
      const { x, y, scale } = camera.value;
      const { width, height } = room();
      const [left, top] = [box.x * scale + x, box.y * scale + y];
      const isSeen = left >= 0 && top >= 0 && left + box.width * scale <= width && top + box.height * scale <= height;
      if (!isSeen) camera.value = centre(box, Math.max(scale, READABLE));
    },
  };

  // What matters may be known later than the graph: until somebody moves the view, it goes there.
  useEffect(() => {
    moved.current = false;
  }, [whole]);
  useEffect(() => {
    if (moved.current) return;
    const scale = fitting();
    camera.value =
      scale >= READABLE ? centre(all, scale) : centre(first ?? { x: whole.width / 2, y: 0, width: 0, height: 0 }, 0.8);
  }, [whole, first]);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const at = (event: { clientX: number; clientY: number }) => {
      const { left, top } = element.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    const move = (x: number, y: number) => {
      moved.current = true;
      camera.value = { ...camera.value, x: camera.value.x + x, y: camera.value.y + y };
    };
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const { x, y } = at(event);
      if (event.ctrlKey || event.metaKey) zoomAt(Math.exp(-event.deltaY / 200), x, y);
      else move(-event.deltaX, -event.deltaY);
    };
    const stopPointers = followPointers(element, at, {
      move,
      pinch: zoomAt,
    });
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      element.removeEventListener('wheel', onWheel);
      stopPointers();
    };
  }, []);
  return control;
}

interface Point {
  x: number;
  y: number;
}

interface Gestures {
  move: (x: number, y: number) => void;
  pinch: (factor: number, x: number, y: number) => void;
}

/** One pointer drags, two pinch. A press that hardly moves stays a click. */
function followPointers(
  element: HTMLElement,
  at: (event: PointerEvent) => Point,
  { move, pinch }: Gestures,
): () => void {
  const pointers = new Map<number, Point>();
  let travelled = 0;
  const onDown = (event: PointerEvent) => {
    pointers.set(event.pointerId, at(event));
    if (pointers.size === 1) travelled = 0;
  };
  const onMove = (event: PointerEvent) => {
    const old = pointers.get(event.pointerId);
    if (!old) return;
    const point = at(event);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    travelled += Math.hypot(point.x - old.x, point.y - old.y);
    if (travelled < 4) return;
    if (!element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, point);
    if (!other) return move(point.x - old.x, point.y - old.y);
    const before = Math.hypot(old.x - other.x, old.y - other.y);
    const now = Math.hypot(point.x - other.x, point.y - other.y);
    if (before > 0) pinch(now / before, (point.x + other.x) / 2, (point.y + other.y) / 2);
  };
  const onUp = (event: PointerEvent) => pointers.delete(event.pointerId);
  const events: [keyof HTMLElementEventMap, (event: never) => void][] = [
    ['pointerdown', onDown],
    ['pointermove', onMove],
    ['pointerup', onUp],
    ['pointercancel', onUp],
  ];
  for (const [name, listener] of events) element.addEventListener(name, listener as EventListener);
  return () => events.forEach(([name, listener]) => element.removeEventListener(name, listener as EventListener));
}
