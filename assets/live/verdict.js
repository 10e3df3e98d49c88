// @ts-check
/**
 * The verdict: a word on how the game goes, and the reason behind it on hover and focus.
 */
import { element, write } from './dom.js';
import { grouped } from './numbers.js';
import { said, t, together } from './words.js';

/** @type {Record<import('./types.d.ts').VerdictKind, 'quiet' | 'good' | 'arrived' | 'warning' | 'bad'>} */
const TONES = {
  waiting: 'quiet',
  training: 'quiet',
  converging: 'good',
  converged: 'arrived',
  modes_found: 'good',
  oscillating: 'warning',
  discriminator_won: 'warning',
  blind: 'warning',
  collapsed: 'bad',
  diverged: 'bad',
};

export class Verdict {
  node = element('span', { class: 'gd-verdict', role: 'status', 'aria-live': 'polite', tabindex: 0,
    'data-testid': 'verdict' });
  #tips;

  /** @param {import('./tip.js').Tips} tips */
  constructor(tips) {
    this.#tips = tips;
    this.show(null);
  }

  /** @param {import('./types.d.ts').Verdict | null} verdict */
  show(verdict) {
    const title = said(verdict?.title);
    this.node.hidden = !title;
    this.node.dataset.tone = verdict ? TONES[verdict.kind] : 'quiet';
    this.node.dataset.kind = verdict?.kind ?? '';
    write(this.node, title);
    if (!verdict) return;
    const at = verdict.step > 0 ? t('Step {step}.', { step: grouped(verdict.step) }) : '';
    this.#tips.set(this.node, together(at, said(verdict.reason) || title));
  }
}
