// @ts-check
/**
 * What is over the graph: which step it is of, its looks one after the other, and Next and Back.
 */
import { element, write } from './dom.js';
import { lengthOf, PER_LOOK, subSteps } from './graph-steps.js';
import { nameOf } from './graph-words.js';
import { grouped } from './numbers.js';
import { t } from './words.js';

/** @typedef {import('./types.d.ts').StepTold} StepTold */
/** @typedef {StepTold['players']} Players */

/** @returns {[Players, string, string][]} */
const choices = () => [
  ['both', t('a round'), t('Next walks through a whole round, as it is played')],
  ['D', t('D step'), t('Next walks through one step of the discriminator alone')],
  ['G', t('G step'), t('Next walks through one step of the generator alone')],
];

export class GraphBar {
  #tips;
  #signal;
  #onLook;
  #head = element('b', { class: 'gd-graph-head' });
  #way = element('div', { class: 'gd-graph-way', role: 'group', 'aria-label': t('The way through this step') });
  #controls = element('span', { class: 'gd-graph-controls gd-if-steering' });
  /** @type {HTMLElement[]} */
  #looks = [];
  #named = '';
  #next;
  #back;
  /** @type {[Players, HTMLElement][]} */
  #choices;

  /** @param {{tips: import('./tip.js').Tips, signal: AbortSignal, onNext: () => void, onBack: () => void,
   * onChoose: (players: Players) => void, onLook: (i: number) => void}} options */
  constructor({ tips, signal, onNext, onBack, onChoose, onLook }) {
    this.#tips = tips;
    this.#signal = signal;
    this.#onLook = onLook;
    this.#choices = choices().map(([players, label, hint]) => {
      const button = element('button', { type: 'button' }, label);
      button.addEventListener('click', () => onChoose(players), { signal });
      tips.set(button, hint);
      return [players, button];
    });
    const press = (/** @type {string} */ label, /** @type {string} */ key, /** @type {string} */ hint,
      /** @type {() => void} */ act) => {
      const button = element('button', { type: 'button', class: 'gd-button', 'aria-keyshortcuts': key },
        element('span', {}, label), element('kbd', { 'data-key': key }));
      button.addEventListener('click', act, { signal });
      tips.set(button, hint);
      return button;
    };
    this.#back = press(t('Back'), 'b', t('The sub-step before; what was made stays made'), onBack);
    this.#next = press(t('Next'), 'n', t('The next of the five sub-steps. With the last of them the step '
      + 'is made, and then the one after it is told'), onNext);
    const choice = element('span', { class: 'gd-switch', role: 'group', 'aria-label': t('What Next walks through') },
      ...this.#choices.map(([, button]) => button));
    this.#controls.append(choice, this.#back, this.#next);
    this.node = element('header', {}, this.#head, this.#way, this.#controls);
  }

  /** @param {{told: StepTold | null, at: number | null, players: Players, canAsk: boolean, isTaken: boolean}} now */
  show({ told, at, players, canAsk, isTaken }) {
    for (const [one, button] of this.#choices) button.setAttribute('aria-pressed', String(one === players));
    for (const button of [this.#next, this.#back]) button.toggleAttribute('disabled', !canAsk);
    if (!canAsk || at === null || (at === 0 && isTaken)) this.#back.setAttribute('disabled', '');
    write(this.#head, told ? t('step {step} → {step2}',
        { step: grouped(told.step), step2: grouped(told.step + 1) }) : '');
    const names = told ? told.looks.map((_, i) => nameOf(told, i)) : [];
    if (names.join() !== this.#named) this.#name(told, names);
    const place = at === null ? -1 : Math.floor(at / PER_LOOK);
    this.#looks.forEach((button, i) => {
      const isHere = i === place;
      button.toggleAttribute('data-here', isHere);
      if (isHere) button.setAttribute('aria-current', 'step');
      else button.removeAttribute('aria-current');
      const gone = at === null ? 0 : Math.max(0, Math.min(PER_LOOK, at + 1 - i * PER_LOOK));
      [.../** @type {HTMLElement} */ (button.lastElementChild).children].forEach((dot, sub) =>
        dot.toggleAttribute('data-gone', sub < gone));
      button.setAttribute('aria-label', isHere && at !== null
        ? t('{what}: {what2} of {of}, {what3}',
            { what: names[i],
              what2: at % PER_LOOK + 1,
              of: PER_LOOK,
              what3: subSteps()[at % PER_LOOK] }) : names[i]);
    });
    if (told && at !== null && lengthOf(told) > 0) this.node.dataset.at = String(at);
    else delete this.node.dataset.at;
  }

  /** @param {StepTold | null} told @param {string[]} names */
  #name(told, names) {
    this.#named = names.join();
    this.#tips.retire(this.#way);
    const isCrowded = names.length > 3;
    this.#looks = names.map((name, i) => {
      const player = told?.looks[i].player ?? 'D';
      const dots = element('span', { class: 'gd-graph-dots', 'aria-hidden': 'true' }, ...subSteps().map(() =>
        element('i')));
      const button = element('button', { type: 'button', 'data-player': player }, element('span', {},
        isCrowded ? `${player}${told?.looks[i].is_ahead ? ' ' + t('ahead') : ''}` : name), dots);
      button.toggleAttribute('data-ahead', told?.looks[i].is_ahead ?? false);
      button.addEventListener('click', () => this.#onLook(i), { signal: this.#signal });
      return button;
    });
    this.#way.toggleAttribute('data-crowded', isCrowded);
    this.#way.toggleAttribute('data-full', names.length > 8);
    this.#way.replaceChildren(...this.#looks);
  }
}
