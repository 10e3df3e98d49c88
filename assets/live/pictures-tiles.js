// @ts-check
/**
 * Pictures as they travel (bytes, channel first), painted side
 * by side on a canvas that nobody sees, to be drawn from there.
 */

/** @typedef {[channels: number, height: number, width: number]} Shape */

export class Tiles {
  #canvas = document.createElement('canvas');
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d', { willReadFrequently: false }));
  /** @type {ImageData | null} */
  #image = null;
  #side = 0;
  #across = 1;
  #scale = 1;
  count = 0;

  /** @param {Uint8Array} bytes (count, c, h, w) @param {Shape} shape
   * @param {number} scale device pixels per pixel that they will be drawn at */
  paint(bytes, [channels, height, width], scale) {
    this.count = Math.floor(bytes.length / (channels * height * width));
    if (!this.count) return;
    // Pixels stay square also at a scale between whole numbers: enlarged
    // to the next one here, and made a little smaller when drawn.
    this.#scale = Math.max(1, Math.ceil(scale - 1e-6));
    this.#side = width * this.#scale;
    this.#across = Math.ceil(Math.sqrt(this.count));
    const [w, h] = [this.#across * this.#side, Math.ceil(this.count / this.#across) * height * this.#scale];
    if (this.#image?.width !== w || this.#image.height !== h) {
      this.#image = new ImageData(w, h);
      Object.assign(this.#canvas, { width: w, height: h });
    }
    const pixels = new Uint32Array(this.#image.data.buffer);
    const area = height * width;
    const [green, blue] = channels === 3 ? [area, 2 * area] : [0, 0];
    for (let i = 0; i < this.count; i++) {
      const from = i * channels * area;
      const corner = Math.floor(i / this.#across) * height * this.#scale * w + (i % this.#across) * this.#side;
      for (let y = 0; y < height; y++) {
        const line = corner + y * this.#scale * w;
        for (let x = 0, at = from + y * width, to = line; x < width; x++, at++) {
          // little-endian, as all machines with a browser are
          const colour = (255 << 24) | (bytes[at + blue] << 16) | (bytes[at + green] << 8) | bytes[at];
          for (let k = 0; k < this.#scale; k++) pixels[to++] = colour;
        }
        for (let k = 1; k < this.#scale; k++) pixels.copyWithin(line + k * w, line, line + this.#side);
      }
    }
    this.#context.putImageData(this.#image, 0, 0);
  }

  /** @param {CanvasRenderingContext2D} c @param {number} i which picture @param {number} x @param {number} y
   * @param {number} size in CSS px */
  draw(c, i, x, y, size) {
    if (i >= this.count) return;
    const exact = Math.abs(size * c.getTransform().a - this.#side) < 0.01;
    c.imageSmoothingEnabled = !exact;
    c.drawImage(this.#canvas, (i % this.#across) * this.#side, Math.floor(i / this.#across) * this.#side, this.#side,
      this.#side, x, y, size, size);
  }
}
