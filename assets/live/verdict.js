// @ts-check
/**
 * The verdict: a word on how the game goes, and the reason behind it on hover and focus.
 */
import { element, write } from './dom.js';
import { grouped } from './numbers.js';

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
    const title = verdict?.title ?? '';
    this.node.hidden = !title;
    this.node.dataset.tone = verdict ? TONES[verdict.kind] : 'quiet';
    this.node.dataset.kind = verdict?.kind ?? '';
    write(this.node, title);
    if (verdict) this.#tips.set(this.node,
      `${verdict.step > 0 ? `Step ${grouped(verdict.step)}. ` : ''}${verdict.reason || title}`);
  }
}
