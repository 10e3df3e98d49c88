// @ts-check
/**
 * What a presenter's pointer points at, as a part of the view and a place in it: so it is found in a view of another
 * size.
 */
import { element } from './dom.js';

/** Parts by name. @type {Record<string, string>} */
const PARTS = { stage: '.gd-stage-holder', verdict: '.gd-verdict', theory: '.gd-theory' };
const CURVE = 'curve:';
const SENT_MS = 100;
const LINGERS_MS = 4000; // a pointer that stands still is no longer looked at

/** @typedef {import('./types.d.ts').Pointing} Pointing */

/** @param {Element} target @returns {{part: string, node: Element} | null} */
function partAt(target) {
  const curve = target.closest('.gd-curve');
  if (curve instanceof HTMLElement) return { part: CURVE + curve.dataset.panel, node: curve };
  for (const [part, selector] of Object.entries(PARTS)) {
    const node = target.closest(selector);
    if (node) return { part, node };
  }
  return null;
}

/** @param {Element} root @param {string} part */
const nodeOf = (root, part) => root.querySelector(part.startsWith(CURVE)
  ? `.gd-curve[data-panel="${CSS.escape(part.slice(CURVE.length))}"]` : PARTS[part] ?? ':not(*)');

/** Tells where the pointer is, as long as somebody wants to know: the newest place, ten times a second at most.
 * @param {HTMLElement} root @param {(at: Pointing) => void} tell @param {() => boolean} isWanted
 * @param {AbortSignal} signal */
export function tellPointer(root, tell, isWanted, signal) {
  /** @type {Pointing | null} */
  let next = null;
  let timer = 0;
  const send = () => {
    timer = 0;
    if (next) tell(next);
    if (next) timer = window.setTimeout(send, SENT_MS);
    next = null;
  };
  const note = (/** @type {Pointing} */ at) => {
    if (!isWanted()) return;
    next = at;
    if (!timer) send();
  };
  root.addEventListener('pointermove', ({ target, clientX, clientY }) => {
    const found = target instanceof Element ? partAt(target) : null;
    if (!found) return note({ type: 'pointing', part: '' });
    const box = found.node.getBoundingClientRect();
    note({ type: 'pointing', part: found.part, x: within((clientX - box.x) / box.width),
      y: within((clientY - box.y) / box.height) });
  }, { signal });
  root.addEventListener('pointerleave', () => note({ type: 'pointing', part: '' }), { signal });
  signal.addEventListener('abort', () => clearTimeout(timer));
}

/** @param {number} share */
const within = share => Math.round(1e4 * Math.min(1, Math.max(0, share || 0))) / 1e4;

/** The presenter's pointer in a view of who looks on. */
export class Pointer {
  node = element('div', { class: 'gd-pointer', 'aria-hidden': 'true', hidden: '' });
  #timer = 0;

  /** @param {AbortSignal} signal */
  constructor(signal) {
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  /** @param {Pointing} at */
  show({ part = '', x = 0, y = 0 }) {
    const root = this.node.parentElement;
    const target = root && part ? nodeOf(root, part) : null;
    const box = target?.getBoundingClientRect();
    this.node.hidden = !box?.width;
    clearTimeout(this.#timer);
    if (!root || !box?.width) return;
    const own = root.getBoundingClientRect();
    this.node.style.transform = `translate(${box.x - own.x + x * box.width}px, ${box.y - own.y + y * box.height}px)`;
    this.#timer = window.setTimeout(() => (this.node.hidden = true), LINGERS_MS);
  }
}
