// @ts-check
/**
 * The game as a graph, over the stage: z -> G -> samples -> D -> what it says -> both losses -> gradients -> players.
 * It shows a told step: the round to come, or the one just played by hand. The worker tells it, on request, and nothing
 * is asked for while the graph is not on show.
 */
import { element, maths } from './dom.js';
import { addressOf } from './files.js';
import { GraphBar } from './graph-bar.js';
import { GraphPicture } from './graph-picture.js';
import { lengthOf, PER_LOOK } from './graph-steps.js';
import { firstSentence, sentence } from './graph-words.js';
import { listenToKeys } from './keys.js';
import { NO_GAME, readingOf } from './reading.js';
import { createToggle } from './toggle.js';
import { t } from './words.js';

/** @typedef {import('./types.d.ts').StepTold} StepTold */
/** @typedef {StepTold['players']} Players */
/** Why a step is to be told: to stand there, to be walked through by hand, or since it is being made by hand.
 * @typedef {'stand' | 'walk' | 'follow'} Want */

const LAYER = 'layer.graph';
const hint = () => t('The game as a graph, and every step of it on its way: draw, generate, judge, loss, gradient and '
  + 'move. n: the next of them');
const noRoom = () => t('{hint}. There is no room for it now: close the examinations or the sidebar, or make the window '
  + 'larger', { hint: hint() });
const SLOW = 2; // rounds a second, or less: each is seen on its way
const SUB_STEP_MS = 420; // of a step that was made by hand
const LONGEST_WAY_MS = 6000; // of one with many looks
const WHILE_FAST_MS = 500; // between two steps that are told while nobody could follow them
const SHARE = 0.1; // of the time may go into telling them
const LEAST_MS = 40; // of a sub-step: less is not seen
const LOST_MS = 10_000; // an answer that has not come by then is not waited for

export class Graph {
  #send;
  #signal;
  #preferences;
  #picture;
  #bar;
  #toggle;
  #said = '';
  #words = element('p', { class: 'gd-graph-words' });
  /** @type {import('./run.js').Run | null} */
  #run = null;
  #step = 0;
  /** @type {Players} */
  #players = 'both';
  /** @type {StepTold | null} */
  #told = null;
  #toldKey = '';
  /** how many sub-steps have been gone; null: the whole step is on show @type {number | null} */
  #at = null;
  #isTaken = false; // the told step has been played
  #timer = 0; // walks by itself
  /** @type {{want: Want, at: number, key: string, ask: number} | null} */
  #pending = null;
  #asks = Math.floor(Math.random() * 2 ** 30); // other tabs ask, too
  #lastAsked = -Infinity;
  #rest = WHILE_FAST_MS;
  #walksOncePaused = false;
  #stillness = matchMedia('(prefers-reduced-motion: reduce)');

  /** @param {{send: import('./socket.js').Send, tips: import('./tip.js').Tips, preferences:
   * import('./preferences.js').Preferences, theme: import('./palette.js').Theme, signal: AbortSignal}} options */
  constructor({ send, tips, preferences, theme, signal }) {
    this.#send = send;
    this.#signal = signal;
    this.#preferences = preferences;
    this.#picture = new GraphPicture({ tips, theme });
    this.#bar = new GraphBar({ tips, signal, onNext: () => this.#next(), onBack: () => this.#back(),
      onChoose: players => this.#choose(players), onLook: i => this.#goTo(i * PER_LOOK) });
    this.node = element('section', { class: 'gd-graph', 'aria-label': t('The game as a graph'), 'data-testid': 'graph',
      hidden: '' }, this.#bar.node, this.#picture.node, this.#words);
    this.#toggle = createToggle({ label: t('graph'), signal, tips,
      sample: { ink: 'text', mark: 'graph' }, pressed: this.#isOn,
      hint: hint(),
      onToggle: on => {
        preferences.set(LAYER, on);
        this.match();
      } });
    this.#toggle.node.dataset.layer = 'graph';
    this.#toggle.node.hidden = true;
    listenToKeys({ n: () => this.#next(), b: () => this.#back() }, signal);
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  /** The switch, to stand among a stage's layers. */
  get toggle() {
    return this.#toggle.node;
  }

  get #isOn() {
    return this.#preferences.get(LAYER, false);
  }

  get #isShown() {
    return !this.node.hidden;
  }

  /** Shows or hides it as was chosen, where there is one game and somebody tells it. */
  match() {
    const { games, role } = this.#run ?? {};
    const isTold = games?.length === 1 && (role === 'steer' || this.#told !== null);
    this.#toggle.node.hidden = !isTold;
    this.#toggle.node.setAttribute('aria-pressed', String(this.#isOn));
    const on = isTold && this.#isOn;
    if (on === this.#isShown) return;
    this.node.hidden = !on;
    if (on && !this.node.querySelector('link')) {
      const link = element('link', { rel: 'stylesheet', href: addressOf('graph.css') });
      link.addEventListener('load', () => this.fit(), { signal: this.#signal });
      this.node.prepend(link);
    }
    this.#stand();
    this.fit();
    this.#refresh();
  }

  /** Takes the room that there is. */
  fit() {
    if (!this.#isShown) return;
    this.#picture.fit(/** @type {HTMLElement} */ (this.node.parentElement));
    this.node.toggleAttribute('data-no-room', !this.#picture.hasRoom);
    this.#toggle.rename(t('graph'), this.#picture.hasRoom ? hint() : noRoom());
    this.#show();
  }

  /** @param {import('./palette.js').Theme} theme */
  setTheme(theme) {
    this.#picture.theme = theme;
    this.#show();
  }

  /** @param {import('./run.js').Run} run */
  follow(run) {
    const before = this.#run;
    this.#run = run;
    if (before?.generation !== run.generation) {
      this.#told = this.#pending = null;
      this.#step = run.step;
      this.#picture.forget();
      this.#stand();
    }
    if (run.status === 'running' && before?.status !== 'running') this.#stand();
    this.match();
    if (run.status === 'paused' && this.#walksOncePaused) {
      this.#walksOncePaused = false;
      this.#ask('walk');
    }
    this.#refresh();
    this.#show();
  }

  /** What is played has come to this step. @param {number} step */
  reach(step) {
    if (step === this.#step) return;
    this.#step = step;
    if (!this.#isShown) return;
    // A step that was told is over, somebody else has made it. One that is gone through by itself is seen to its end:
    // where answers are slow, every round would be over before it is seen
    if (this.#at !== null && !this.#isTaken && this.#isOver && !this.#timer) this.#stand();
    this.#refresh();
  }

  /** A step by hand is about to be made: it is told first, and what plays stands still meanwhile, so that no other step
   * comes between. @param {import('./types.d.ts').Saying} command */
  before(command) {
    if (command.type !== 'step' || !this.#isShown || !this.#canAsk) return;
    if (this.#run?.status === 'running') this.#send({ type: 'pause' });
    if (this.#pending?.want !== 'follow' || !this.#isWaited) this.#ask('follow', command.players);
  }

  /** @param {StepTold} told */
  take(told) {
    if (told.generation !== this.#run?.generation || (this.#pending && this.#pending.ask !== told.ask)) return;
    const { want, at, key } = this.#pending ?? { want: 'stand', at: performance.now(), key: '' };
    const took = performance.now() - at;
    this.#pending = null;
    this.#rest = Math.max(WHILE_FAST_MS, took / SHARE);
    const isFirst = this.#told === null;
    if (want === 'walk' && told.step < this.#step) return this.#ask('walk');
    if (want === 'stand' && (this.#timer || (this.#at !== null && this.#isTaken))) return; // another is looked at
    this.#told = told;
    this.#toldKey = key;
    this.#isTaken = want === 'follow';
    if (isFirst) this.match();
    if (want === 'walk') this.#goTo(0);
    else if (want === 'follow') this.#walk(Math.min(SUB_STEP_MS, LONGEST_WAY_MS / lengthOf(told)));
    else if (this.#isSlow) this.#walk((900 / (this.#run.speed ?? 1) - took) / lengthOf(told));
    else if (this.#at !== null) this.#at = Math.min(this.#at, lengthOf(told) - 1); // other settings, the same place
    this.#show();
    this.#refresh();
  }

  // ------------------------------------------------------------------------------------------------------- the way

  /** Whether more has been played than the step that was told. */
  get #isOver() {
    return this.#told !== null && this.#step > this.#told.step;
  }

  /** The whole step is on show again. */
  #stand() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#at = null;
  }

  /** Goes the way by itself. Who wants no motion sees its end. @param {number} ms for each sub-step */
  #walk(ms) {
    this.#stand();
    const told = /** @type {StepTold} */ (this.#told);
    if (this.#stillness.matches) {
      if (this.#isTaken) this.#at = lengthOf(told) - 1;
      return;
    }
    const on = (/** @type {number} */ at) => {
      const isEnd = at === lengthOf(told);
      this.#timer = isEnd ? 0 : window.setTimeout(() => on(at + 1), Math.max(ms, LEAST_MS));
      if (!isEnd) this.#at = at;
      else if (!this.#isTaken && this.#isOver) {
        this.#stand();
        this.#refresh();
      }
      this.#show();
    };
    on(0);
  }

  /** @param {number} at a place on the way of the told step */
  #goTo(at) {
    if (!this.#told) return;
    this.#stand();
    this.#at = at;
    if (at === lengthOf(this.#told) - 1 && !this.#isTaken && this.#canAsk) {
      this.#isTaken = true;
      this.#send({ type: 'step', players: this.#told.players, n: 1 });
    }
    this.#show();
  }

  #next() {
    if (!this.#isShown || !this.#canAsk) return;
    if (this.#run?.status === 'running') {
      this.#walksOncePaused = true;
      this.#send({ type: 'pause' });
    } else if (this.#at !== null && this.#told && this.#at < lengthOf(this.#told) - 1) this.#goTo(this.#at + 1);
    else if (this.#at === null && this.#told && this.#toldKey === this.#key) this.#goTo(0);
    else this.#ask('walk');
  }

  #back() {
    if (!this.#isShown || this.#at === null) return;
    if (this.#at > 0) this.#goTo(this.#at - 1);
    else if (!this.#isTaken) {
      this.#stand();
      this.#show();
    }
  }

  /** @param {Players} players */
  #choose(players) {
    this.#players = players;
    this.#stand();
    this.#isTaken = false;
    this.#refresh();
    this.#show();
  }

  // --------------------------------------------------------------------------------------------------------- asking

  get #isSlow() {
    return this.#run?.status === 'running' && (this.#run.speed ?? Infinity) <= SLOW;
  }

  get #canAsk() {
    const { role, status, games } = this.#run ?? {};
    return role === 'steer' && games?.length === 1 && (status === 'running' || status === 'paused');
  }

  get #isWaited() {
    return this.#pending !== null && performance.now() - this.#pending.at < LOST_MS;
  }

  /** What the step to come depends on. */
  get #key() {
    const { generation, games, status } = /** @type {import('./run.js').Run} */ (this.#run);
    const players = status === 'running' ? 'both' : this.#players;
    return JSON.stringify([generation, this.#step, games.map(({ marks }) => marks.length), players]);
  }

  /** Has the step to come told where it is not, and no other is being looked at. */
  #refresh() {
    if (!this.#isShown || !this.#canAsk || this.#isWaited || this.#walksOncePaused) return;
    if (this.#timer || (this.#at !== null && this.#isTaken) || this.#toldKey === this.#key) return;
    const isFast = this.#run?.status === 'running' && !this.#isSlow;
    if (!isFast || performance.now() - this.#lastAsked > this.#rest) this.#ask('stand');
  }

  /** @param {Want} want @param {Players} [players] */
  #ask(want, players) {
    const isRunning = this.#run?.status === 'running';
    const ask = ++this.#asks;
    this.#pending = { want, at: performance.now(), key: this.#key, ask };
    this.#lastAsked = this.#pending.at;
    this.#send({ type: 'tell_step', players: players ?? (isRunning ? 'both' : this.#players), ask });
  }

  // -------------------------------------------------------------------------------------------------------- showing

  #show() {
    if (!this.#isShown) return;
    const told = this.#told;
    const facts = this.#run?.games[0]?.facts ?? NO_GAME;
    const reading = readingOf(facts);
    this.#picture.show(told, this.#at, facts, reading);
    this.#bar.show({ told, at: this.#at, players: this.#players, canAsk: Boolean(this.#canAsk),
      isTaken: this.#isTaken && this.#at !== null });
    // Words that follow each other faster than they can be read are not read out
    this.#words.setAttribute('aria-live', this.#timer ? 'off' : 'polite');
    const words = !told ? t('The step to come is being told …')
      : this.#at === null ? firstSentence(told, this.#run?.status === 'running')
        : sentence(told, this.#at, facts, reading);
    if (words !== this.#said) this.#words.replaceChildren(...maths((this.#said = words)));
  }
}
