// @ts-check
/**
 * One line of theory with the numbers of the moment in it.
 */
import { element, maths, write } from './dom.js';
import { compact, fixed, known } from './numbers.js';

const LOG_4 = Math.log(4);

export class Theory {
  #real = number(5.4);
  #fake = number(5.6);
  #value = number(5.4, 'b');
  #terms = element('span');
  #jsd = number(5.4, 'b');
  #floor = element('span', { class: 'gd-floor' });
  #wasserstein = number(5, 'b');
  #star = number(3.5, 'b');
  #half = number(3.5, 'b');
  #tips;
  #formula;
  #distance;

  /** @param {import('./tip.js').Tips} tips */
  constructor(tips) {
    this.#tips = tips;
    this.#formula = element(
      'span', { class: 'gd-formula' },
      element('i', {}, 'V'), ' = E log ', element('i', {}, 'D'), '(', element('i', {}, 'x'), ') + E log(1 − ', element('i', {}, 'D'), '(', element('i', {}, 'G'), '(', element('i', {}, 'z'), ')))',
      this.#terms, ' → −log 4 = ', fixed(-LOG_4),
    );
    this.#terms.append(' = ', this.#real, ' ', this.#fake, ' = ', this.#value);
    this.#distance = element('span', { class: 'gd-reading' }, 'JSD ', this.#jsd, ' nats ', this.#floor);
    const wasserstein = element('span', { class: 'gd-reading' }, ...maths('W_1 '), this.#wasserstein);
    const star = element('span', { class: 'gd-reading' }, 'max |D − D*| ', this.#star);
    const half = element('span', { class: 'gd-reading' }, 'max |D − ½| ', this.#half);
    this.node = element('footer', { class: 'gd-theory' }, this.#formula, element('span', { class: 'gd-readings' }, this.#distance, wasserstein, star, half));
    tips.set(wasserstein, 'The Wasserstein distance between real and generated data, in units of x: how far probability has to travel.');
    tips.set(star, 'The largest distance of D from its best response D* = p_r / (p_r + p_g), over the central 98 % of p_r.');
    tips.set(half, 'The largest distance of D from ½, over the central 98 % of p_r. Small also when D is blind: read it together with JSD.');
    this.show({}, {});
  }

  /** @param {Record<string, number | null>} n numbers of the frame @param {any} facts */
  show(n, facts) {
    write(this.#real, fixed(n.log_d_real));
    this.#terms.hidden = !known(n.value); // before the first step there is nothing to put in
    // The second term with its sign as the operator: "− 0.676", not "+ −0.676".
    write(this.#fake, known(n.log_d_fake) ? `${n.log_d_fake < 0 ? '−' : '+'} ${fixed(Math.abs(n.log_d_fake))}` : '+ –');
    write(this.#value, fixed(n.value));
    write(this.#jsd, known(n.jsd) ? n.jsd.toFixed(4) : '–');
    write(this.#wasserstein, compact(n.wasserstein));
    write(this.#star, fixed(n.gap_star, 2));
    write(this.#half, fixed(n.gap_half, 2));
    const floor = facts.floors?.jsd;
    write(this.#floor, floor ? `(floor ${floor.mean.toFixed(4)})` : '');
    const bound = known(n.value) ? (n.value + LOG_4) / 2 : null;
    this.#tips.set(this.#formula, 'With the best D, V = −log 4 + 2 JSD; it reaches −log 4 only when p_g = p_r. '
      + `While D is imperfect, (V + log 4)/2 = ${fixed(bound)} only bounds JSD from below, and a batch's estimate may be negative.`);
    this.#tips.set(this.#distance, 'The Jensen–Shannon divergence between p_r and p_g in nats, at most log 2 = 0.693.'
      + (floor ? ` As many samples of p_r itself read ${floor.mean.toFixed(4)} on average and at most ${floor.high.toFixed(4)} in 95 % of cases: below that nothing can be told apart.` : ''));
  }
}

/** @param {number} width in characters @param {string} tag */
function number(width, tag = 'span') {
  const node = element(tag, { class: 'gd-number' });
  node.style.minWidth = `${width}ch`;
  return node;
}
