// @ts-check
/**
 * One member of a comparison: its name, its verdict, its own few numbers, and a small stage of its kind.
 */
import { LINE_STYLES } from './comparison-members.js';
import { jsdOf } from './counted.js';
import { element, maths, write } from './dom.js';
import { compact, grouped, known } from './numbers.js';
import { drawSample } from './toggle.js';
import { Verdict } from './verdict.js';
import { headed, said, t } from './words.js';

/** @typedef {import('./stages.js').StageOptions} StageOptions */

export class Cell {
  /** asked to be painted, or has a frame that is not painted yet */
  isStale = false;
  paintedAt = -Infinity;
  #options;
  #end = new AbortController();
  #name = element('span', { class: 'gd-cell-label' });
  #title;
  #numbers = element('span', { class: 'gd-cell-numbers' });
  #verdict;
  #body = element('div', { class: 'gd-cell-body' });
  #words = { label: '', verdict: '' };
  #jsd = t('JSD');
  #theme;
  /** @type {{kind: import('./types.d.ts').Facts['stage'], end:
   * AbortController, view: import('./stages.js').Stage} | null} */
  #staged = null;
  /** @type {import('./bytes.js').Picture | null} */
  #frame = null;

  /** @param {number} index @param {StageOptions} options those of the whole stage */
  constructor(index, options) {
    this.#options = options;
    this.#theme = options.theme;
    const { tips, tellPage, memberLegend } = options;
    const { signal } = this.#end;
    options.signal.addEventListener('abort', () => this.#end.abort(), { signal });
    const swatch = drawSample({ ...LINE_STYLES[index], width: 3 });
    this.#title = element('button', { type: 'button', class: 'gd-cell-title' }, swatch, this.#name);
    this.#title.style.setProperty('--ink', `var(--gd-${LINE_STYLES[index].ink})`);
    this.#title.addEventListener('click', () => tellPage?.('member', index), { signal });
    const highlight = (/** @type {number | null} */ member) => () => memberLegend?.highlight(member);
    for (const type of ['pointerenter', 'focus']) this.#title.addEventListener(type, highlight(index), { signal });
    for (const type of ['pointerleave', 'blur']) this.#title.addEventListener(type, highlight(null), { signal });
    this.#verdict = new Verdict(tips);
    // Eight that speak up whenever they change would drown each other.
    for (const name of ['role', 'aria-live']) this.#verdict.node.removeAttribute(name);
    this.#verdict.node.dataset.testid = 'member-verdict';
    this.node = element('section', { class: 'gd-cell', 'data-member': index },
      element('header', {}, this.#title, this.#verdict.node, this.#numbers), this.#body);
  }

  get stage() {
    return this.#staged?.view;
  }

  get label() {
    return this.#words.label;
  }

  /** @param {import('./comparison-members.js').Member} member */
  setMember({ label, facts }) {
    if (label !== this.#words.label) this.#name.replaceChildren(...maths(label));
    this.#options.tips.set(this.#title, t('{label}\nClick: change or open this game.', { label }));
    this.#say({ label });
    if (this.#staged?.kind !== facts.stage) this.#restage(facts.stage);
    this.#staged?.view.setFacts(facts);
    this.#jsd = jsdOf(facts);
  }

  /** @param {import('./types.d.ts').Verdict} verdict */
  showVerdict(verdict) {
    this.#verdict.show(verdict);
    this.#say({ verdict: said(verdict.title) });
  }

  /** @param {import('./types.d.ts').Facts['stage']} kind */
  #restage(kind) {
    this.#unstage();
    const end = new AbortController();
    this.#end.signal.addEventListener('abort', () => end.abort(), { signal: end.signal });
    const { request, tellPage, ...options } = this.#options; // what is begun anew by a click would be one game, not all
    const view = options.createStage(kind, {
      ...options, theme: this.#theme, compact: true, signal: end.signal,
      request: () => {
        this.isStale = true;
        request();
      },
    });
    this.#staged = { kind, end, view };
    this.#body.append(view.node);
    this.isStale = true;
  }

  #unstage() {
    if (!this.#staged) return;
    this.#staged.end.abort();
    this.#options.tips.retire(this.#staged.view.node);
    this.#options.scales?.forget(this.#staged.view);
    this.#staged.view.node.remove();
    this.#staged = null;
  }

  /** @param {import('./palette.js').Theme} theme */
  setTheme(theme) {
    this.#theme = theme;
    this.#staged?.view.setTheme(theme);
  }

  clear() {
    this.#frame = null;
    write(this.#numbers, '');
    this.#staged?.view.clear();
  }

  /** @param {import('./bytes.js').Picture} frame @param {number} step of all */
  take(frame, step) {
    if (Object.keys(frame.arrays).length) {
      this.#frame = frame;
      this.isStale = true;
    }
    const { numbers, step: own } = frame.label;
    const [name, value] = known(numbers?.frechet) ? [t('Fréchet'), numbers.frechet] : [this.#jsd, numbers?.jsd];
    const distance = known(value) ? [`${name} ${compact(value)}`] : [];
    const apart = known(own) && own !== step ? [t('step {step}',
      { step: grouped(own) })] : []; // it stands still while the others go on
    write(this.#numbers, [...apart, ...distance].join(' · '));
  }

  /** @returns {boolean} whether there was room */
  paint() {
    this.isStale = false;
    this.paintedAt = performance.now();
    const frame = this.#frame;
    this.#frame = null;
    const view = this.#staged?.view;
    return (frame ? view?.draw([frame], frame.label.step) : view?.redraw()) ?? false;
  }

  /** @param {Partial<{label: string, verdict: string}>} words */
  #say(words) {
    Object.assign(this.#words, words);
    const { label, verdict } = this.#words;
    this.node.setAttribute('aria-label', verdict ? headed(label, verdict) : label);
    this.#title.setAttribute('aria-label', t('{label}: change or open this game', { label }));
  }

  dispose() {
    this.#options.tips.retire(this.node);
    this.#unstage();
    this.#end.abort();
    this.node.remove();
  }
}
