// @ts-check
/**
 * A canvas on which the real data is painted. What counts is which part of each cell
 * is covered: a stroke covers all within the brush's radius of its line, and covers
 * nothing twice, so neither the speed of the hand nor going over it again matters.
 */

/** @typedef {{canvas: string, width: string, brush: string, eraser: string, clear: string, said: string,
 *   blank: string}} Words
 * @typedef {{cells: string, side: number, words: Words}} Data `cells`: base64
 * of a byte per cell, 0 to 255, row by row from the lowest. */
/** @typedef {{data: Data, parentElement: HTMLElement, setTriggerValue:
 * (name: string, value: unknown) => void}} Component */

const LIFTED_MS = 400; // after the hand was lifted: the next stroke may follow at once

/** @type {WeakMap<HTMLElement, Painting>} */
const paintings = new WeakMap();

/** @param {Component} component */
export default function (component) {
  const { parentElement } = component;
  const known = paintings.get(parentElement) ?? new Painting(parentElement);
  paintings.set(parentElement, known);
  known.update(component);
  return () => {
    known.dispose();
    paintings.delete(parentElement);
  };
}

class Painting {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.canvas = find(root, 'canvas', HTMLCanvasElement);
    this.brush = find(root, 'input', HTMLInputElement);
    this.said = find(root, '.gd-said', HTMLElement);
    this.eraser = find(root, '.gd-erase', HTMLButtonElement);
    this.clear = find(root, '.gd-clear', HTMLButtonElement);
    this.label = find(root, 'label', HTMLLabelElement);
    this.words = /** @type {Words | null} */ (null);
    this.side = 0;
    this.cells = new Uint8Array();
    this.known = ''; // what the page has: the last one that it gave or was sent
    /** @type {{id: number, x: number, y: number} | null} */ this.hand = null;
    this.timer = 0;
    this.send = (/** @type {string} */ _text) => {};
    this.listening = new AbortController();
    const { signal } = this.listening;
    this.canvas.addEventListener('pointerdown', event => this.down(event), { signal });
    this.canvas.addEventListener('pointermove', event => this.move(event), { signal });
    for (const end of /** @type {const} */ (['pointerup', 'pointercancel'])) {
      this.canvas.addEventListener(end, event => this.up(event), { signal });
    }
    this.eraser.addEventListener('click', () => {
      this.eraser.setAttribute('aria-pressed', String(!this.erasing));
    }, { signal });
    this.clear.addEventListener('click', () => {
      clearTimeout(this.timer);
      this.timer = 0;
      this.cells.fill(0);
      this.show();
    }, { signal });
  }

  get erasing() {
    return this.eraser.getAttribute('aria-pressed') === 'true';
  }

  /** @param {Component} component */
  update({ data, setTriggerValue }) {
    this.send = (/** @type {string} */ text) => setTriggerValue('painted', text);
    const busy = this.hand !== null || this.timer !== 0; // what is being painted is newer than what the page knows
    if (data.side !== this.side || (data.cells !== this.known && !busy)) {
      this.side = this.canvas.width = this.canvas.height = data.side;
      this.cells = Uint8Array.from(atob(data.cells), letter => letter.charCodeAt(0));
      this.known = data.cells;
    }
    this.name(data.words);
    this.show(); // the theme may have changed
  }

  /** @param {Words} words in the language of the page */
  name(words) {
    this.words = words;
    this.canvas.setAttribute('aria-label', words.canvas);
    this.label.title = words.width;
    find(this.label, 'span', HTMLSpanElement).textContent = words.brush;
    this.brush.setAttribute('aria-label', words.width);
    this.eraser.textContent = words.eraser;
    this.clear.textContent = words.clear;
  }

  /** The place of an event in cells, y upwards. @param {PointerEvent} event */
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * this.side,
      y: (1 - (event.clientY - box.top) / box.height) * this.side };
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (this.hand !== null || event.button !== 0) return; // a second finger paints nothing
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    clearTimeout(this.timer);
    this.timer = 0;
    this.hand = { id: event.pointerId, ...this.place(event) };
    this.to(this.hand);
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (this.hand?.id !== event.pointerId) return;
    const passed = event.getCoalescedEvents?.() ?? []; // a fast hand passes several places between two events
    for (const one of passed.length ? passed : [event]) this.to(this.place(one));
  }

  /** @param {PointerEvent} event */
  up(event) {
    if (this.hand?.id !== event.pointerId) return;
    this.hand = null;
    this.timer = setTimeout(() => {
      this.timer = 0;
      const text = btoa(String.fromCharCode(...this.cells));
      if (text === this.known || !this.cells.some(Boolean)) return;
      this.known = text;
      this.send(text);
    }, LIFTED_MS);
  }

  /** @param {{x: number, y: number}} next */
  to(next) {
    if (!this.hand) return;
    cover(this.cells, this.side, this.hand, next, Number(this.brush.value), this.erasing);
    this.hand = { ...this.hand, x: next.x, y: next.y };
    this.show();
  }

  show() {
    const context = this.canvas.getContext('2d', { willReadFrequently: true }); // 64 x 64: not worth a trip to the GPU
    if (!context || !this.side) return;
    const [red, green, blue] = getComputedStyle(this.canvas).color.match(/[\d.]+/g)?.map(Number) ?? [0, 114, 178];
    const image = context.createImageData(this.side, this.side);
    this.cells.forEach((covered, i) => {
      const row = this.side - 1 - Math.floor(i / this.side);
      image.data.set([red, green, blue, covered], 4 * (row * this.side + (i % this.side)));
    });
    context.putImageData(image, 0, 0);
    this.said.textContent = (this.cells.some(Boolean) ? this.words?.said : this.words?.blank) ?? '';
  }

  dispose() {
    clearTimeout(this.timer);
    this.listening.abort();
  }
}

/** The one of these within `root`. @template {HTMLElement} T
 * @param {HTMLElement} root @param {string} selector @param {new () => T} type @returns {T} */
function find(root, selector, type) {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`gandash: ${selector} is missing from the canvas's page`);
  return found;
}

/**
 * Covers (or uncovers) every cell by how much of it lies within `radius` of the line from a to b; all in cells.
 * @param {Uint8Array} cells @param {number} side @param {{x: number, y: number}} a @param {{x: number, y: number}} b
 * @param {number} radius @param {boolean} erase
 */
function cover(cells, side, a, b, radius, erase) {
  const within = (/** @type {number} */ v) => Math.min(side - 1, Math.max(0, Math.floor(v)));
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const square = dx * dx + dy * dy;
  for (let row = within(Math.min(a.y, b.y) - radius - 1); row <= within(Math.max(a.y, b.y) + radius + 1); row++) {
    for (let column = within(Math.min(a.x, b.x) - radius - 1); column <= within(Math.max(a.x, b.x) + radius + 1);
      column++) {
      const [x, y] = [column + 0.5 - a.x, row + 0.5 - a.y];
      const t = square ? Math.min(1, Math.max(0, (x * dx + y * dy) / square)) : 0;
      const share = Math.min(1, Math.max(0, radius - Math.hypot(x - t * dx, y - t * dy) + 0.5));
      const i = row * side + column;
      cells[i] = erase ? Math.min(cells[i], Math.round(255 * (1 - share)))
        : Math.max(cells[i], Math.round(255 * share));
    }
  }
}
