// @ts-check
/**
 * A chosen picture, close up: the nearest real one beside it and
 * how near that is, what D says, and what D would like changed.
 */
import { element, write } from './dom.js';
import { chosen, known } from './numbers.js';
import { inkGradient, Pane } from './pictures-pane.js';
import { t } from './words.js';

/** @typedef {import('./palette.js').Theme} Theme */

/** What is known of it; missing while it is awaited.
 * @typedef {object} Seen
 * @property {number} index
 * @property {string} says "D 0.482"
 * @property {string | null} colour of its frame
 * @property {string | null} named its class, as the classifier reads it
 * @property {Uint8Array} bytes
 * @property {Uint8Array} [nearest]
 * @property {import('./types.d.ts').Nearest | null} [near] null where
 * there is no nearest one: a law that draws new pictures every time
 * @property {Float32Array} [saliency] */

export class CloseUp {
  #title = element('h3');
  #says = element('span', { class: 'gd-closeup-says' });
  #generated = new Pane(t('generated'));
  #nearest = new Pane(t('nearest real'));
  #gradient = new Pane(t('D’s gradient'));
  #words = element('p', { class: 'gd-closeup-words' });
  #key = element('p', { class: 'gd-closeup-key' });
  #walk = element('button', { type: 'button', class: 'gd-button', 'aria-pressed': 'false' }, t('Walk to another'));
  #panes = element('div', { class: 'gd-panes' });
  node;
  /** @type {Pick<import('./types.d.ts').PictureFacts, 'shape' | 'nearest'>} */
  #facts = { shape: [1, 1, 1], nearest: false };

  /** @param {{signal: AbortSignal, tips: import('./tip.js').Tips, onClose: () => void, onWalk: () => void}} options */
  constructor({ signal, tips, onClose, onWalk }) {
    const close = element('button', { type: 'button', class: 'gd-close', 'aria-label': t('Look at no single picture') },
      '×');
    const line = (/** @type {string} */ ink, /** @type {string} */ text) =>
      element('span', { style: `--ink: var(--gd-${ink})` }, text);
    this.#key.append(t('Brighter here looks'), line('real', t('more real')), line('generated', t('more fake')));
    this.#panes.append(this.#generated.node, this.#nearest.node, this.#gradient.node, this.#key);
    this.node = element('section', { class: 'gd-closeup', 'aria-label': t('The chosen picture'), hidden: '' },
      element('header', {}, this.#title, this.#says, close), this.#panes, this.#words, this.#walk);
    close.addEventListener('click', onClose, { signal });
    this.#walk.addEventListener('click', onWalk, { signal });
    tips.set(this.#words,
      t('By pixels, to the nearest of all real pictures; beside it the median distance of a real '
        + 'picture to the nearest other one. A generator that has learnt the law comes about as near as '
        + 'that; one that has learnt pictures by heart comes much nearer.'));
    tips.set(this.#walk,
      t('Choose a second picture; the latents between both give the pictures between them. Shift and '
        + 'click on a picture does the same.'));
  }

  /** @param {import('./types.d.ts').PictureFacts} facts */
  setFacts(facts) {
    this.#facts = facts;
    this.#walk.toggleAttribute('hidden', !facts.walk);
  }

  /** What it needs, in CSS px. */
  get height() {
    const parts = [...this.node.children].filter(part => !part.hasAttribute('hidden'));
    return parts[parts.length - 1].getBoundingClientRect().bottom - this.node.getBoundingClientRect().top;
  }

  /** @param {boolean} isAwaited a click chooses the second picture */
  set awaitsSecond(isAwaited) {
    this.#walk.setAttribute('aria-pressed', String(isAwaited));
    write(this.#walk, isAwaited ? t('Now choose it') : t('Walk to another'));
  }

  /** @param {Seen} seen @param {Theme} theme */
  draw(seen, theme) {
    const { shape } = this.#facts;
    const { index, says, colour, named, bytes, nearest, near, saliency } = seen;
    write(this.#title, t('Picture {what}', { what: index + 1 }));
    this.#generated.caption = named === null ? t('generated') : t('read as {named}', { named });
    write(this.#says, says);
    this.#generated.label = t('Generated picture {what}, {says}{what2}',
        { what: index + 1, says, what2: named === null ? '' : t(', read as {named}',
        { named }) });
    this.#generated.draw(bytes, shape, colour, theme);
    const hasNearest = near !== null && this.#facts.nearest;
    this.#nearest.node.toggleAttribute('hidden', !hasNearest);
    this.#words.toggleAttribute('hidden', !hasNearest);
    if (hasNearest) {
      this.#nearest.label = near
        ? t('The nearest real picture, number {what}{what2}',
            { what: near.index + 1, what2: near.label === null ? '' : t(', labelled {label}', { label: near.label }) })
        : t('The nearest real picture, not known yet');
      this.#nearest.caption = near && near.label !== null ? t('nearest real: {label}',
        { label: near.label }) : t('nearest real');
      this.#nearest.draw(near ? nearest : null, shape, near && nearest ? theme.real : null, theme);
      write(this.#words, near ? nearness(near) : t('Looking for the nearest real picture …'));
    }
    this.#gradient.label =
      t('Where D’s gradient points, over the picture: blue where a brighter pixel would look more '
        + 'real to D, orange where more generated.');
    this.#gradient.draw(saliency?.length === shape[1] * shape[2] ? inkGradient(bytes, shape, saliency, theme) : null,
      [3, shape[1], shape[2]], null, theme);
  }
}

const MEMORISED = 0.5; // of the typical distance: nearer than this is suspicious
const USUAL = [0.85, 1.15];

/** A distance to the nearest real picture, against that between two real ones.
 * @param {Pick<import('./types.d.ts').Nearest, 'distance' | 'typical'>} near */
function nearness({ distance, typical }) {
  const what = t('Distance {distance}', { distance: chosen(distance) });
  if (!known(distance) || !known(typical) || !(typical > 0)) return `${what}.`;
  const ratio = distance / typical;
  if (ratio < 0.01) return t('{what}: a copy. It has been memorised.', { what });
  if (ratio < MEMORISED) return t('{what}: {times} times closer than real neighbours usually are: '
    + 'perhaps memorised.', { what, times: times(1 / ratio) });
  if (ratio < USUAL[0]) return t('{what}: closer than real neighbours usually are ({typical}), but no '
    + 'copy.', { what, typical: chosen(typical) });
  if (ratio <= USUAL[1]) return t('{what}: as near as real neighbours usually are ({typical}).',
      { what, typical: chosen(typical) });
  return t('{what}: {times} times as far as real neighbours usually are ({typical}).',
      { what, times: times(ratio), typical: chosen(typical) });
}

/** @param {number} factor */
const times = factor => (factor < 9.5 ? String(Number(factor.toFixed(1))) : String(Math.round(factor)));
