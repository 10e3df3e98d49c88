// @ts-check
/**
 * A canvas as large in device pixels as it is on the screen, and drawn upon in CSS px; in projector mode in px that are
 * larger, so that lines and letters are.
 */

const SMALLEST_PX = 60; // of a stage

/** Device pixels for each CSS px. What is drawn to be taken away says itself how many it wants: see apart.js.
 * @param {Element} node */
export const pixelRatio = node =>
  Number(node.closest('[data-scale]')?.getAttribute('data-scale')) || window.devicePixelRatio || 1;

/** CSS px for each px of what is drawn: more than one in projector mode.
 * @param {Element} node */
export const magnification = node =>
  Number(node.closest('[data-magnified]')?.getAttribute('data-magnified')) || 1;

/** How large the place is in px of what is drawn there.
 * @param {Element} node */
export function roomIn(node) {
  const times = magnification(node);
  return { width: node.clientWidth / times, height: node.clientHeight / times };
}

/** Sizes a canvas to its place; false when there is no room to draw.
 * @param {CanvasRenderingContext2D} c
 * @param {number} [smallest] side, in px: below there is nothing to be seen */
export function fitCanvas(c, smallest = SMALLEST_PX) {
  const { canvas } = c;
  const { width, height } = roomIn(canvas);
  if (width < smallest || height < smallest) return false;
  const ratio = pixelRatio(canvas) * magnification(canvas);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  return true;
}
