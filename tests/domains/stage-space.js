// @ts-check
/**
 * The stage of points in space, for `test_a_new_kind`: real and generated dots in a cube, seen along its diagonal.
 */
import { fitCanvas } from '../../assets/live/canvas.js';
import { element } from '../../assets/live/dom.js';

/** @typedef {import('../../assets/live/stages.js').Stage} Stage */

const [ACROSS, UP] = [Math.SQRT1_2, 1 / Math.sqrt(6)];

/** @implements {Stage} */
export class SpaceStage {
  title = 'In space';
  /** @type {Stage['guide']} */
  guide = [];
  /** @type {Stage['gestures']} */
  gestures = [];
  #canvas = /** @type {HTMLCanvasElement} */ (element('canvas', { role: 'img', 'aria-label': 'Dots in a cube' }));
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d'));
  node = element('div', { class: 'gd-stage' }, this.#canvas);
  #reach = 1;
  /** @type {import('../../assets/live/bytes.js').Picture | null} */
  #frame = null;

  /** @param {import('../../assets/live/stages.js').StageOptions} options */
  constructor({ theme }) {
    this.theme = theme;
  }

  /** @param {import('../../assets/live/comparison-members.js').Shown} facts of which those of space are once entered */
  setFacts(facts) {
    if ('window' in facts) this.#reach = Math.max(...facts.window.map(Math.abs));
  }

  /** @param {import('../../assets/live/palette.js').Theme} theme */
  setTheme(theme) {
    this.theme = theme;
  }

  /** @param {readonly import('../../assets/live/bytes.js').Picture[]} pictures one */
  draw([frame]) {
    this.#frame = frame;
    return this.redraw();
  }

  redraw() {
    const c = this.#context;
    if (!this.#frame || !fitCanvas(c)) return false;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = Math.min(width, height) / (4 * this.#reach);
    c.clearRect(0, 0, width, height);
    for (const name of /** @type {const} */ (['real', 'generated'])) {
      const dots = this.#frame.arrays[name] ?? [];
      c.fillStyle = this.theme[name];
      for (let k = 0; k < dots.length; k += 3) {
        const [x, y, z] = [dots[k], dots[k + 1], dots[k + 2]];
        const [across, up] = [ACROSS * (x - y), UP * (2 * z - x - y)];
        c.fillRect(width / 2 + scale * across - 2, height / 2 - scale * up - 2, 4, 4);
      }
    }
    return true;
  }

  clear() {
    this.#frame = null;
  }
}
