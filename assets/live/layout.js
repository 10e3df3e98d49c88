// @ts-check
import { magnification } from './canvas.js';

/** How the view stands on the page: as large as it may be, its parts beside each other where there is room. */

const NARROW_PX = 640; // below: curves under the stage, and the page scrolls
// below: curves beside the stage, the top row in two lines; or as if narrow, where the page is tall
const SNUG_PX = 900;
const TALL = 0.85; // of width to the window's height
const PROJECTED_PX = 560; // below, in projector mode too
const WIDE_PX = 1400; // from here: two columns of curves

/** The view fills what the page leaves below its upper edge, wherever the page has been scrolled to.
 * @param {HTMLElement} view */
export function fill(view) {
  let top = view.getBoundingClientRect().top;
  for (let at = view.parentElement; at; at = at.parentElement) top += at.scrollTop;
  view.style.setProperty('--gd-top', `${Math.max(0, Math.round(top))}px`);
  const times = magnification(view);
  view.dataset.layout = 'projector' in view.dataset ? projectedLayout(view.clientWidth / times)
    : layoutFor(view.clientWidth, window.innerHeight);
}

/** @param {number} width of the view, in px as large as its letters */
const projectedLayout = width => (width < PROJECTED_PX ? 'narrow' : 'medium');

/** @param {number} width of the view @param {number} height of the window */
function layoutFor(width, height) {
  if (width < NARROW_PX || (width < SNUG_PX && width < TALL * height)) return 'narrow';
  if (width < SNUG_PX) return 'snug';
  return width < WIDE_PX ? 'medium' : 'wide';
}

/** Keeps the root as large as there is room for, and says when it, or one of these nodes, has another size.
 * @param {HTMLElement} root @param {readonly HTMLElement[]} nodes @param {AbortSignal} signal
 * @param {() => void} onChange */
export function keepFilled(root, nodes, signal, onChange) {
  const resized = new ResizeObserver(() => {
    fill(root);
    onChange();
  });
  for (const node of [root, ...nodes]) resized.observe(node);
  signal.addEventListener('abort', () => resized.disconnect());
  window.addEventListener('resize', () => fill(root), { signal });
}
