// @ts-check
/**
 * The top row: play, step, speed, begin again; and where the run stands.
 */
import { element, icon, write } from './dom.js';
import { listenToKeys, releaseFocusAfterEntry } from './keys.js';
import { fixed, grouped, known } from './numbers.js';
import { t } from './words.js';

const ICONS = {
  play: 'M4 2.5v11l9-5.5z',
  pause: 'M4 2.5h3v11H4zM9 2.5h3v11H9z',
  restart: 'M8 2.2a5.8 5.8 0 1 1-5.6 4.3l1.5.4A4.3 4.3 0 1 0 8 3.7V6L4.4 3 8 0z',
  seed: 'M3.5 2h9A1.5 1.5 0 0 1 14 3.500v9A1.500 1.500 0 0 1 12.500 14h-9A1.500 1.500 0 0 1 2 12.500v-9A1.500 1.500 '
    + '0 0 1 3.500 2zM3.500 3.400v9.200h9.100V3.400zM5.700 4.600a1.100 1.100 0 1 1 0 2.200 1.100 1.100 0 0 1 '
    + '0-2.200zM8 6.900a1.100 1.100 0 1 1 0 2.200 1.100 1.100 0 0 1 0-2.200zM10.300 9.200a1.100 1.100 0 1 1 0 2.200 '
    + '1.100 1.100 0 0 1 0-2.200z',
};
const SPEEDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 100, 300, 1000];
const FASTEST = 'max';

/** @typedef {import('./types.d.ts').StepBy['players']} Players */

export class Transport {
  #send;
  #tips;
  #status = /** @type {import('./run.js').Status} */ ('connecting');
  #steering = element('div', { class: 'gd-steering', role: 'toolbar', 'aria-label': t('Training') });
  #play = element('button', { type: 'button', class: 'gd-button gd-primary' });
  #speed = /** @type {HTMLSelectElement} */ (element('select',
    { class: 'gd-button', 'aria-label': t('Speed in steps per second') }));
  #watching = element('span', { class: 'gd-watching', hidden: '' }, t('watching'));
  #step = element('b', { class: 'gd-step' }, '0');
  #past = element('b', { class: 'gd-past' });
  #unit = element('span', {}, t('step') + ' ');
  #count = element('span', { class: 'gd-count' }, this.#past, this.#unit, this.#step);
  #pace = element('span', { class: 'gd-pace' });
  #painted = element('span', { class: 'gd-pace' });
  #examine = element('button',
    { type: 'button', class: 'gd-button', 'aria-expanded': 'false', 'aria-controls': 'gd-examine' }, t('Examine'));
  #running = false;

  /** @param {{send: import('./socket.js').Send, help: () => void, examine: () => void,
   * share: HTMLElement[], tips: import('./tip.js').Tips, verdict: HTMLElement, signal: AbortSignal}} options */
  constructor({ send, help, examine, share, tips, verdict, signal }) {
    this.#send = send;
    this.#tips = tips;
    const step = (/** @type {Players} */ players) => () => send({ type: 'step', players, n: 1 });
    const buttons = [
      button(t('D step'), 'd',
        t('One step of the discriminator alone: it looks again at real and generated samples; the '
          + 'generator stays as it is'), step('D')),
      button(t('G step'), 'g',
        t('One step of the generator alone: its samples move to where D finds them more real; D stays '
          + 'as it is'),
        step('G')),
      button(t('Both'), 's', t('One round: both players move'), step('both')),
    ];
    const again = [
      iconButton('restart', t('Restart with the same seed'), () => send({ type: 'restart', new_seed: false })),
      iconButton('seed', t('Restart with a new seed'), () => send({ type: 'restart', new_seed: true })),
    ];
    this.#play.addEventListener('click', () => this.#toggle(), { signal });
    this.#fillSpeeds(null);
    let byPointer = false;
    this.#speed.addEventListener('pointerdown', () => (byPointer = true), { signal });
    this.#speed.addEventListener('keydown', event => {
      // it was opened and closed again: nothing to choose now
      if (byPointer && event.key === ' ' && !isOpen(this.#speed)) {
        event.preventDefault();
        this.#speed.blur();
        this.#toggle();
      }
      byPointer = false;
    }, { signal });
    this.#speed.addEventListener('change', () => {
      send({ type: 'speed', steps_per_second: this.#speed.value === FASTEST ? null : Number(this.#speed.value) });
      if (byPointer) this.#speed.blur(); // the next Space means play or pause, not this list again
    }, { signal });
    this.#steering.append(this.#play, ...buttons.map(b => b.node), this.#speed, ...again.map(b => b.node),
      this.#examine);
    this.#examine.addEventListener('click', examine, { signal });
    tips.set(this.#examine,
      t('A close look at the state of this step: eigenvalues, D’s best response, distances of '
        + 'samples, the duality gap'));
    for (const { node, hint, press } of [...buttons, ...again]) {
      node.addEventListener('click', press, { signal });
      tips.set(node, hint);
    }
    tips.set(this.#speed, t('How many rounds a second: few for slow motion, max for all that this '
      + 'machine can do'));
    const ask = element('button', { type: 'button', class: 'gd-button gd-icon',
      'aria-label': t('Help: keys and layers'),
      'aria-keyshortcuts': '?' }, '?');
    ask.addEventListener('click', help, { signal });
    tips.set(ask, t('Keys, and what is to be seen'));
    this.node = element(
      'header', { class: 'gd-bar' }, this.#steering, this.#watching, ...share, ask,
      element('div', { class: 'gd-state' }, this.#count, this.#pace, this.#painted, verdict),
    );
    releaseFocusAfterEntry(signal);
    listenToKeys(
      { ' ': () => this.#toggle(), d: () => this.#pressKey('D'), g: () => this.#pressKey('G'), s: () =>
        this.#pressKey('both'), '?': help },
      signal,
    );
    this.#showPlay();
  }

  /** @param {import('./run.js').Run} run */
  show({ status, role, speed, games }) {
    this.#examine.hidden = games.length > 1; // one game is examined, not several
    this.#status = status;
    this.#running = status === 'running';
    this.#tips.set(this.#count, playedBy(games));
    const steering = role === 'steer';
    this.#steering.hidden = !steering;
    this.#watching.hidden = steering;
    write(this.#watching, status === 'recorded' ? t('recorded') : t('watching'));
    for (const control of this.#steering.querySelectorAll('button, select'))
      control.toggleAttribute('disabled', status === 'connecting' || status === 'failed' || status === 'ended');
    for (const control of this.#steering.querySelectorAll('[data-steps]')) control.toggleAttribute('disabled',
      !this.#canPlay());
    this.#play.toggleAttribute('disabled', !this.#canPlay());
    this.#fillSpeeds(speed);
    this.#showPlay();
  }

  /** @param {number | null} step of the past that is on show */
  showPast(step) {
    const isRecord = this.#status === 'recorded';
    if (isRecord && step !== null) write(this.#step, grouped(step));
    write(this.#past, step === null || isRecord ? '' : t('step {step}', { step: grouped(step) }) + ' ');
    write(this.#unit, step === null || isRecord ? t('step') + ' ' : t('· live at') + ' ');
    this.#examine.toggleAttribute('disabled', step !== null); // it looks at the state of now
  }

  /** @param {boolean} open whether the examinations are on show */
  showExamining(open) {
    this.#examine.setAttribute('aria-expanded', String(open));
  }

  /** @param {{step: number, stepsPerSecond: number | null, framesPerSecond: number | null}} reading */
  read({ step, stepsPerSecond, framesPerSecond }) {
    write(this.#step, grouped(step));
    write(this.#pace, this.#running && known(stepsPerSecond)
      ? t('{what} steps/s', { what: stepsPerSecond < 10 ? fixed(stepsPerSecond, 1) : grouped(stepsPerSecond) }) : '');
    write(this.#painted, this.#running && known(framesPerSecond) ? t('{frames_per_second} fps',
        { frames_per_second: fixed(framesPerSecond, 0) }) : '');
  }

  #canPlay() {
    return this.#status === 'running' || this.#status === 'paused';
  }

  #toggle() {
    if (!this.#steering.hidden && this.#canPlay()) this.#send({ type: this.#running ? 'pause' : 'play' });
  }

  /** @param {Players} players */
  #pressKey(players) {
    if (!this.#steering.hidden && this.#canPlay()) this.#send({ type: 'step', players, n: 1 });
  }

  #showPlay() {
    const label = this.#running ? t('Pause') : t('Play');
    if (this.#play.dataset.shows === label) return;
    this.#play.dataset.shows = label;
    this.#play.setAttribute('aria-keyshortcuts', 'Space');
    this.#play.setAttribute('aria-label', label);
    this.#play.replaceChildren(icon(this.#running ? ICONS.pause : ICONS.play), element('span', {}, label),
      element('kbd', { 'data-key': t('space') }));
  }

  /** @param {number | null} speed */
  #fillSpeeds(speed) {
    const values = speed === null || SPEEDS.includes(speed) ? SPEEDS : [...SPEEDS, speed].sort((a, b) => a - b);
    if (!values.every((v, i) => this.#speed.options[i]?.value === String(v))
      || this.#speed.options.length !== values.length + 1)
      this.#speed.replaceChildren(...values.map(v => element('option', { value: v }, t('{what} /s', { what: v }))),
        element('option', { value: FASTEST }, t('max')));
    this.#speed.value = speed === null ? FASTEST : String(speed);
  }
}

const ENGINES = { torch: 'torch', get compiled() { return t('compiled rounds'); } };

/** Who plays, and where. @param {import('./run.js').Run['games']} games */
function playedBy(games) {
  const by = [...new Set(games.map(({ facts }) => t('by {what} on {device}',
      { what: ENGINES[facts.engine], device: facts.device })))];
  return by.length ? t('Played {join}', { join: by.join(t(' and ')) }) : '';
}

/** @param {HTMLSelectElement} select whose list a key would go through */
const isOpen = select => CSS.supports('selector(:open)') && select.matches(':open');

/** @param {string} label @param {string} key @param {string} hint @param {() => void} press */
function button(label, key, hint, press) {
  const node = element('button', { type: 'button', class: 'gd-button', 'data-steps': '', 'aria-keyshortcuts': key,
    'aria-label': label }, element('span', {}, label), element('kbd', { 'data-key': key }));
  return { node, hint, press };
}

/** @param {'restart' | 'seed'} name @param {string} hint @param {() => void} press */
function iconButton(name, hint, press) {
  const node = element('button', { type: 'button', class: 'gd-button gd-icon', 'aria-label': hint }, icon(ICONS[name]));
  return { node, hint, press };
}
