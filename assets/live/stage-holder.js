// @ts-check
/**
 * Where the stage for the data on show stands: another kind of data takes the old one off.
 */
import { element } from './dom.js';
import { createStage } from './stages.js';

/** @typedef {import('./comparison-members.js').Shown} Shown */
/** @typedef {import('./stages.js').Stage} Stage */

export class StageHolder {
  #options;
  #theme;
  /** @type {{kind: Shown['stage'], end: AbortController, stage: Stage} | null} */
  #now = null;

  #beside;

  /** @param {Omit<import('./stages.js').StageOptions, 'createStage'>} options what every stage is given; `signal` ends
   * the last one @param {HTMLElement} card stands over each
   * @param {HTMLElement} beside stands among the layers of each */
  constructor(options, card, beside) {
    this.#options = options;
    this.#beside = beside;
    this.#theme = options.theme;
    this.node = element('div', { class: 'gd-stage-holder' }, card);
  }

  /** The stage that stands here, if there is one. */
  get current() {
    return this.#now?.stage;
  }

  /** The stage for these games, which stands here from now on.
   * @param {Shown} facts @param {readonly import('./types.d.ts').GameState[]} games @returns {Stage} */
  for(facts, games) {
    if (this.#now) {
      if (this.#now.kind === facts.stage) return this.#now.stage;
      this.#now.end.abort();
      this.#options.tips.retire(this.#now.stage.node);
      this.#now.stage.node.remove();
    }
    const end = new AbortController();
    this.#options.signal.addEventListener('abort', () => end.abort(), { signal: end.signal });
    const stage = createStage(facts.stage, { ...this.#options, theme: this.#theme, signal: end.signal });
    this.node.prepend(stage.node);
    stage.layers?.[0]?.append(this.#beside);
    this.#now = { kind: facts.stage, end, stage };
    stage.setFacts(facts);
    stage.showVerdicts?.(games);
    return stage;
  }

  /** @param {import('./palette.js').Theme} theme */
  setTheme(theme) {
    this.#theme = theme;
    this.current?.setTheme(theme);
  }
}
