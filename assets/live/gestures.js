// @ts-check
/**
 * Wheel, pinch, drag, double click and keys, for anything that zooms and pans.
 */

const KEY_ZOOM = 1.25;
const KEY_PAN_PX = 48;
const WHEEL = 0.0015; // of a doubling's logarithm, per px
const PINCH_WHEEL = 0.01; // a pinch on a trackpad comes as a wheel with Ctrl
const LINE_PX = 16;

import { magnification, roomIn } from './canvas.js';

/** @typedef {object} Movable
 * @property {(factor: number, px: number, py: number) => void} zoomBy about a point of the element
 * @property {(dx: number, dy: number) => void} panBy
 * @property {() => void} reset */

/** @param {HTMLElement} node @param {Movable} target @param {{signal: AbortSignal, onChange: () => void}} options */
export function listenToGestures(node, target, { signal, onChange }) {
  const at = (/** @type {MouseEvent} */ event) => {
    const { left, top } = node.getBoundingClientRect();
    const times = magnification(node);
    return { x: (event.clientX - left) / times, y: (event.clientY - top) / times };
  };

  node.addEventListener('wheel', event => {
    event.preventDefault(); // the page, or the browser's own zoom, would move
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX);
    const factor = Math.exp(-pixels * (event.ctrlKey ? PINCH_WHEEL : WHEEL));
    const { x, y } = at(event);
    target.zoomBy(Math.min(2, Math.max(0.5, factor)), x, y);
    onChange();
  }, { signal, passive: false });

  /** @type {Map<number, {x: number, y: number}>} */
  const fingers = new Map();
  node.addEventListener('pointerdown', event => {
    if (event.button !== 0) return;
    fingers.set(event.pointerId, at(event));
    node.setPointerCapture(event.pointerId);
    node.toggleAttribute('data-held', true);
  }, { signal });
  node.addEventListener('pointermove', event => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, finger]) => finger);
    // Of two fingers one moves at a time: the picture follows the point between them, and their distance.
    const share = other ? 0.5 : 1;
    target.panBy(share * (now.x - before.x), share * (now.y - before.y));
    if (other) {
      const distance = (/** @type {{x: number, y: number}} */ p) =>
        Math.max(8, Math.hypot(p.x - other.x, p.y - other.y));
      target.zoomBy(distance(now) / distance(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    }
    fingers.set(event.pointerId, now);
    onChange();
  }, { signal });
  const release = (/** @type {PointerEvent} */ event) => {
    if (!fingers.delete(event.pointerId)) return;
    node.toggleAttribute('data-held', fingers.size > 0);
    onChange();
  };
  for (const type of /** @type {const} */ (['pointerup', 'pointercancel',
    'lostpointercapture'])) node.addEventListener(type, release, { signal });

  node.addEventListener('dblclick', () => {
    target.reset();
    onChange();
  }, { signal });

  const zoom = (/** @type {number} */ factor) => () => {
    const { width, height } = roomIn(node);
    target.zoomBy(factor, width / 2, height / 2);
  };
  const pan = (/** @type {number} */ x, /** @type {number} */ y) => () => target.panBy(x * KEY_PAN_PX, y * KEY_PAN_PX);
  /** @type {Record<string, () => void>} */
  const keys = {
    '+': zoom(KEY_ZOOM), '=': zoom(KEY_ZOOM), '-': zoom(1 / KEY_ZOOM), 0: () => target.reset(),
    ArrowLeft: pan(1, 0), ArrowRight: pan(-1, 0), ArrowUp: pan(0, 1), ArrowDown: pan(0, -1),
  };
  node.addEventListener('keydown', event => {
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
    onChange();
  }, { signal });
}
