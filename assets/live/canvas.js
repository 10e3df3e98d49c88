// @ts-check
/**
 * A canvas as large in device pixels as it is on the screen, and drawn upon in CSS px.
 */

const SMALLEST_PX = 60; // of a stage

/** Device pixels for each CSS px. What is drawn to be taken away says itself how many it wants: see apart.js.
 * @param {Element} node */
export const pixelRatio = node =>
  Number(node.closest('[data-scale]')?.getAttribute('data-scale')) || window.devicePixelRatio || 1;

/** Sizes a canvas to its place; false when there is no room to draw.
 * @param {CanvasRenderingContext2D} c
 * @param {number} [smallest] side, in px: below there is nothing to be seen */
export function fitCanvas(c, smallest = SMALLEST_PX) {
  const { canvas } = c;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (width < smallest || height < smallest) return false;
  const ratio = pixelRatio(canvas);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  return true;
}
