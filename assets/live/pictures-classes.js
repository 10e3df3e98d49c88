// @ts-check
/**
 * Which share of the generated pictures is of each class (a digit, a class, a cell of
 * a law that is known), against the class's true share: a lost class is an empty slot.
 */
import { fitCanvas, roomIn } from './canvas.js';
import { element, write } from './dom.js';
import { fixed, known, percent } from './numbers.js';
import { translucent } from './palette.js';
import { Pointer } from './pictures-pointer.js';
import { t } from './words.js';

/** @typedef {import('./palette.js').Theme} Theme */

/** @typedef {object} Counted
 * @property {Float32Array} shares (K), of all generated pictures
 * @property {readonly number[]} weights (K), the true shares
 * @property {readonly (string | number)[]} names (K)
 * @property {import('./types.d.ts').Counted} countedBy
 * @property {Record<string, number | null>} numbers measured with the shares: `modes`, `reverse_kl`
 * @property {number} samples how many generated pictures that is
 * @property {import('./types.d.ts').NullReference | undefined} floor of the reverse KL
 * @property {number | null} step they were measured at, where that is another than the frame's */

const NAMES_PX = 17; // under the bars
const BARE_PX = 4;
const ABOVE_PX = 4;
const SPARE = 1.5; // a scale this much too large is taken back
const BAR = 0.72; // of the way from one slot to the next
const THIN_PX = 8; // slots as narrow as this stand a pixel apart
const BETWEEN_PX = 4; // names

export class ClassShares {
  #tips;
  #canvas = /** @type {HTMLCanvasElement} */ (element('canvas', { role: 'img' }));
  #context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d'));
  #caption = element('figcaption');
  #what = element('b', { style: 'color: var(--gd-words)' });
  #found = element('span');
  node = element('figure', { class: 'gd-pictures-figure gd-pictures-classes', hidden: '' },
    this.#caption, this.#canvas);
  #top = 0;
  #pointer;

  /** @param {import('./pictures-pointer.js').PointerOptions} options */
  constructor(options) {
    this.#tips = options.tips;
    this.#pointer = new Pointer(this.#canvas, options);
    this.#caption.append(this.#what, this.#found);
  }

  clear() {
    this.#top = 0;
  }

  /** @param {Counted} counted @param {Theme} theme */
  draw(counted, theme) {
    this.#write(counted);
    const c = this.#context;
    if (!fitCanvas(c)) return;
    const { width, height } = roomIn(this.#canvas);
    c.clearRect(0, 0, width, height);
    const { shares, weights } = counted;
    const pitch = width / shares.length;
    const floor = height - (this.#drawNames(counted, pitch, height, theme) ? NAMES_PX : BARE_PX);
    const most = Math.max(...shares, ...weights);
    if (most > this.#top || SPARE * most < this.#top) this.#top = most;
    const scale = (floor - ABOVE_PX) / this.#top;
    const wide = pitch < THIN_PX ? Math.max(1, pitch - 1) : BAR * pitch;
    shares.forEach((share, k) => {
      const x = k * pitch + (pitch - wide) / 2;
      const [bar, slot] = [share, weights[k]].map(part => part * scale);
      c.fillStyle = translucent(theme.real, theme.dark ? 0.2 : 0.13);
      c.fillRect(x, floor - slot, wide, slot);
      c.fillStyle = theme.generated;
      c.fillRect(x, floor - bar, wide, bar);
      c.fillStyle = theme.real;
      c.fillRect(x - 1, Math.round(floor - slot) - 1, wide + 2, 2);
    });
    c.fillStyle = theme.line;
    c.fillRect(0, floor, width, 1);
    this.#readPoint(counted, pitch);
  }

  /** Writes the classes' names where they are no mere numbers and there is room; whether they stand there.
   * @param {Counted} counted @param {number} pitch @param {number} height @param {Theme} theme */
  #drawNames({ names, countedBy, shares }, pitch, height, theme) {
    const c = this.#context;
    const font = (/** @type {boolean} */ isLost) => `${isLost ? 'bold ' : ''}11px ${theme.font}`;
    c.font = font(true);
    const isTooWide = names.some(name => c.measureText(String(name)).width > pitch - BETWEEN_PX);
    if (countedBy === 'cells' || isTooWide) return false;
    c.textAlign = 'center';
    c.textBaseline = 'top';
    names.forEach((name, k) => {
      const isLost = shares[k] === 0;
      c.font = font(isLost);
      c.fillStyle = isLost ? theme.text : theme.muted;
      c.fillText(String(name), (k + 0.5) * pitch, height - NAMES_PX + 4);
    });
    return true;
  }

  /** @param {Counted} counted */
  #write({ shares, names, countedBy, numbers, samples, floor, step }) {
    const areCells = countedBy === 'cells';
    write(this.#what, areCells ? t('Cells') : t('Read as'));
    const count = t('{some} of {all}', { some: known(numbers.modes) ? numbers.modes : '–', all: names.length });
    const divergence = `${t('reverse KL').replace(' ', '\u00a0')}\u00a0${fixed(numbers.reverse_kl, 3)}`;
    write(this.#found, `: ${count}${areCells ? '' : ` ${countedBy}`}, ${divergence}`);
    const of = areCells ? t('lies in each cell: pictures alike in place, size, kind or angle')
      : t('is read as each of the {counted_by}', { counted_by: countedBy });
    const none = t('{what} of them {what2}.',
        { what: percent(1 - shares.reduce((sum, share) => sum + share, 0), 1),
          what2: areCells ? t('lie in no cell') : t('are read as none of the {counted_by}',
            { counted_by: countedBy }) });
    const real = floor ? ' ' + t('{samples} real pictures read {mean} on average and at most {worst_5pct} '
      + 'in 95 % of cases.', { samples, mean: fixed(floor.mean, 3), worst_5pct: fixed(floor.worst_5pct, 3) }) : '';
    const when = step === null ? '' : ' ' + t('Measured at step {step}.', { step });
    this.#tips.set(this.#caption,
      t('Orange: the share of all generated pictures that {of}. Blue: its true share. {none} Reverse '
        + 'KL, in nats, compares the rest with the true shares: 0 where they agree.{real}{when}',
          { of, none, real, when }));
    const lost = names.filter((_, k) => shares[k] === 0);
    const words = t('Shares of the {length} {counted_by} among generated pictures. {what}',
        { length: names.length,
          counted_by: countedBy,
          what: !lost.length ? t('None is lost.') : areCells ? t('None in {length} of them.', { length: lost.length })
            : t('None of {lost}.', { lost: lost.join(', ') }) });
    if (this.#canvas.getAttribute('aria-label') !== words) this.#canvas.setAttribute('aria-label', words);
  }

  /** @param {Counted} counted @param {number} pitch */
  #readPoint({ shares, weights, names, countedBy, samples }, pitch) {
    if (!this.#pointer.at) return;
    const k = Math.min(names.length - 1, Math.max(0, Math.floor(this.#pointer.at.x / pitch)));
    const what = countedBy === 'cells' ? t('cell {number} of {all}', { number: Number(names[k]) + 1,
      all: names.length }) : t('read as {what}',
        { what: names[k] });
    const noise = Math.sqrt(weights[k] * (1 - weights[k]) / samples);
    this.#pointer.say(t('{what}\ngenerated {shares} true share {weights} ± {what2}',
        { what, shares: percent(shares[k], 1), weights: percent(weights[k], 1), what2: fixed(100 * noise, 1) }));
  }
}
