// @ts-check
/**
 * Which part of the plane is seen: both axes in the same scale,
 * a home to come back to, and a person who zooms and pans.
 */

/** @typedef {{left: number, top: number, width: number, height: number}} Box in CSS px */

const CLOSEST = 60; // times as large as at home
const FARTHEST = 0.5;

export class Viewport {
  /** where the plane is drawn on the canvas @type {Box} */
  box = { left: 0, top: 0, width: 1, height: 1 };
  #home = { x: 0, y: 0, extent: 2 };
  #x = 0;
  #y = 0;
  #zoom = 1;

  /** In the middle of this room, as large as it may be. @param {{width: number, height: number}} room in px
   * @param {{left: number, right: number, top: number, bottom: number}} margin
   * @param {() => number} [atLeft] the room that is needed there where the plane is so large */
  place({ width, height }, { left, right, top, bottom }, atLeft = () => 0) {
    const [roomX, roomY] = [width - left - right, height - top - bottom];
    const side = Math.min(roomX, roomY);
    this.box = { left: left + Math.round((roomX - side) / 2), top: top + Math.round((roomY - side) / 2), width: side,
      height: side };
    const least = atLeft();
    if (this.box.left < least) this.place({ width, height }, { left: least, right, top, bottom });
  }

  /** @param {number[]} window `[x_low, x_high, y_low, y_high]`: all of it is seen at home */
  setHome([xLow, xHigh, yLow, yHigh]) {
    const home = { x: (xLow + xHigh) / 2, y: (yLow + yHigh) / 2, extent: Math.max(xHigh - xLow, yHigh - yLow) };
    const same = home.x === this.#home.x && home.y === this.#home.y && home.extent === this.#home.extent;
    this.#home = home;
    if (!same) this.reset();
  }

  /** Shows what another one of the same home shows. @param {Viewport} other */
  follow(other) {
    if (other.#home.x !== this.#home.x || other.#home.y !== this.#home.y
      || other.#home.extent !== this.#home.extent) return;
    [this.#x, this.#y, this.#zoom] = [other.#x, other.#y, other.#zoom];
  }

  reset() {
    this.#x = this.#home.x;
    this.#y = this.#home.y;
    this.#zoom = 1;
  }

  get isHome() {
    return this.#zoom === 1 && this.#x === this.#home.x && this.#y === this.#home.y;
  }

  /** px per unit of x */
  get scale() {
    return (this.#zoom * Math.min(this.box.width, this.box.height)) / this.#home.extent;
  }

  /** the extent of the window, in units of x */
  get extent() {
    return this.#home.extent;
  }

  /** where x = 0 and y = 0 lie on the canvas: px = originX + scale x, py = originY - scale y */
  get originX() {
    return this.box.left + this.box.width / 2 - this.scale * this.#x;
  }

  get originY() {
    return this.box.top + this.box.height / 2 + this.scale * this.#y;
  }

  /** @param {number} px @param {number} py
   * @returns {[number, number]} the point of the plane under a point of the canvas */
  under(px, py) {
    return [(px - this.originX) / this.scale, (this.originY - py) / this.scale];
  }

  /** @param {number} factor @param {number} px @param {number} py what stays where it is */
  zoomBy(factor, px, py) {
    const [x, y] = this.under(px, py);
    this.#zoom = Math.min(CLOSEST, Math.max(FARTHEST, this.#zoom * factor));
    const [movedX, movedY] = this.under(px, py);
    this.#moveTo(this.#x + x - movedX, this.#y + y - movedY);
  }

  /** @param {number} dx @param {number} dy in px, as the pointer went */
  panBy(dx, dy) {
    this.#moveTo(this.#x - dx / this.scale, this.#y + dy / this.scale);
  }

  /** The middle stays inside the window, so that nobody gets lost.
   * @param {number} x @param {number} y */
  #moveTo(x, y) {
    const { x: homeX, y: homeY, extent } = this.#home;
    this.#x = Math.min(Math.max(x, homeX - extent / 2), homeX + extent / 2);
    this.#y = Math.min(Math.max(y, homeY - extent / 2), homeY + extent / 2);
  }
}
