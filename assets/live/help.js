// @ts-check
/**
 * What the keys do and what the layers mean, over the page, until it is closed.
 */
import { element, maths } from './dom.js';
import { KEYS } from './keys.js';
import { atEquilibrium, isClassic, readingOf } from './reading.js';
import { drawSample } from './toggle.js';
import { t } from './words.js';

/** @typedef {[keys: string[], does: string]} Entry */

/** What one does with a plot.
 * @returns {readonly Entry[]} */
export const drag = () => [
  [[t('drag')], t('over a part of a plot, and it fills the plot')],
  [[t('double click')], t('all of it again')],
];

/** @returns {readonly Entry[]} */
const keys = () => KEYS.map(({ written, does }) => [written(), does()]);

/** What happens in one round, for those who see a GAN for the first time.
 * @param {import('./reading.js').DiscriminatorReading} reading
 * @returns {[who: string, does: string, ink: import('./palette.js').Ink][]} */
const round = reading => [
  ['z → G → x', t('The generator G turns random z into samples x. Their law is p_g; the data’s is '
    + 'p_r.'), 'generated'],
  [t('D step'), t('The discriminator D sees samples of both and learns to tell them apart: {label} goes '
    + 'up where real ones are, down where generated ones are.', { label: reading.label }), 'discriminator'],
  [t('G step'), t('D holds still. G moves its samples to where D finds them more real: up the slope of '
    + '{label}.', { label: reading.label }),
    'generated'],
  [t('the end'), t('When p_g = p_r nothing is left to tell: {at_equilibrium}{is_classic}.',
      { at_equilibrium: atEquilibrium(reading),
        is_classic: isClassic(reading) ? t(', and V = −log 4') : '' }), 'text'],
];

const curves = () => t('Every name in a legend is a switch: it hides or shows its line or layer. Slow motion: choose 2 '
  + 'steps a second or fewer beside Play; the graph, a switch over the stage, shows each of them on its way. '
  + 'A thin vertical line in the curves is a setting that was changed there. Dotted grey lines are what theory says.');

export class Help {
  #round = element('dl');
  #keys = element('dl');
  #layers = element('dl');
  node = /** @type {HTMLDialogElement} */ (element('dialog', { class: 'gd-help', 'aria-label': t('Keys and layers') }));
  #stage;
  #facts;

  /** @param {{signal: AbortSignal, stage: () => import('./stages.js').Stage |
   * undefined, facts: () => import('./types.d.ts').Facts}} options those on show */
  constructor({ signal, stage, facts }) {
    this.#stage = stage;
    this.#facts = facts;
    const close = element('button', { type: 'button', class: 'gd-close', 'aria-label': t('Close') }, '×');
    this.node.append(
      close,
      element('section', {}, element('h2', {}, t('One round')), this.#round, element('p', {}, curves())),
      element('section', {}, element('h2', {}, t('Keys and pointer')), this.#keys),
      element('section', {}, element('h2', {}, t('What is to be seen')), this.#layers),
    );
    close.addEventListener('click', () => this.node.close(), { signal });
    // A click beside it, or the key that opened it, closes it as Escape does.
    this.node.addEventListener('click', event => event.target === this.node && this.node.close(), { signal });
    this.node.addEventListener('keydown', event => event.key === '?' && this.node.close(), { signal });
  }

  open() {
    if (this.node.open) return;
    const { gestures = [], guide = [] } = this.#stage() ?? {};
    this.#round.replaceChildren(...round(readingOf(this.#facts())).flatMap(explain));
    this.#keys.replaceChildren(...[...keys(), ...gestures].flatMap(([names, does]) =>
      [element('dt', {}, ...names.map(name => element('kbd', {}, name))), element('dd', {}, does)]));
    this.#layers.replaceChildren(...guide.flatMap(({ label, hint, sample }) => {
      const term = element('dt', {}, drawSample(sample), element('span', {}, ...maths(label)));
      term.style.setProperty('--ink', `var(--gd-${sample.ink})`);
      return [term, element('dd', {}, ...maths(hint))];
    }));
    this.node.showModal();
  }
}

/** @param {[who: string, does: string, ink: import('./palette.js').Ink]} line */
function explain([who, does, ink]) {
  const term = element('dt', {}, who);
  term.style.setProperty('--ink', `var(--gd-${ink})`);
  return [term, element('dd', {}, ...maths(does))];
}
