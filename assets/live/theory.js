// @ts-check
/**
 * One line of theory with the numbers of the moment in it.
 */
import { countedBy, hasModes, isBound, jsdOf, measures, wassersteinInWords, wassersteinOf } from './counted.js';
import { element, maths, write } from './dom.js';
import { compact, fixed, grouped, known, percent, round } from './numbers.js';
import { aboutCentre, atEquilibrium, bestResponse, isClassic, isProbability, NO_GAME, readingOf } from './reading.js';

/** @typedef {import('./types.d.ts').Facts} Facts */

const LOG_4 = Math.log(4);

export class Theory {
  #real = number(5.4);
  #fake = number(5.6);
  #value = number(5.4, 'b');
  #terms = element('span');
  #frechet = new Readout('Fréchet', 5, '');
  #modes = new Readout('modes', 1, '');
  #quality = new Readout('high quality', 3, '');
  #precision = new Readout('precision', 4, '');
  #recall = new Readout('recall', 4, '');
  #jsd = new Readout('JSD', 5.4, '', 'nats');
  #wasserstein = new Readout('W_1', 5, '');
  #star = new Readout('max |D − D*|', 3.5, '');
  #half = new Readout('max |D − ½|', 3.5, '');
  #floor = element('span', { class: 'gd-floor' });
  #starFloor = element('span', { class: 'gd-floor' });
  #seen = new Readout('JSD as D sees', 5.4, '', 'nats');
  #level = element('span', { class: 'gd-floor' });
  #tips;
  #formula;
  #means = element('span', { class: 'gd-formula', hidden: '' });
  #meanReal = number(5.4);
  #meanFake = number(5.6);
  #difference = number(5.4, 'b');
  #names = [element('i'), element('i')];

  /** @param {import('./tip.js').Tips} tips */
  constructor(tips) {
    this.#tips = tips;
    this.#formula = element(
      'span', { class: 'gd-formula' },
      element('i', {}, 'V'), ' = E log ', element('i', {}, 'D'), '(', element('i', {}, 'x'), ') + E log(1 − ',
        element('i', {}, 'D'), '(', element('i', {}, 'G'), '(', element('i', {}, 'z'), ')))',
      this.#terms, ' → −log 4 = ', fixed(-LOG_4),
    );
    this.#terms.append(' = ', this.#real, ' ', this.#fake, ' = ', this.#value);
    this.#jsd.node.append(' ', this.#floor);
    this.#star.node.append(' ', this.#starFloor);
    this.#frechet.node.append(' ', this.#level);
    const [real, fake] = this.#names;
    this.#means.append(
      'E ', real, '(', element('i', {}, 'x'), ') − E ', fake, '(', element('i', {}, 'G'), '(', element('i', {}, 'z'),
        ')) = ',
      this.#meanReal, ' ', this.#meanFake, ' = ', this.#difference, ' → 0',
    );
    const readings = [this.#frechet, this.#modes, this.#quality, this.#precision, this.#recall, this.#jsd, this.#seen,
      this.#wasserstein, this.#star, this.#half];
    for (const { node, hint } of readings) if (hint) tips.set(node, hint);
    this.node = element('footer', { class: 'gd-theory' }, this.#formula, this.#means,
      element('span', { class: 'gd-readings' }, ...readings.map(r => r.node)));
    this.show({}, NO_GAME);
  }

  /** @param {Record<string, number | null>} n numbers of the frame @param {Facts} facts */
  show(n, facts) {
    const reading = readingOf(facts);
    this.#formula.hidden = !isClassic(reading);
    this.#means.hidden = !this.#formula.hidden;
    if (isClassic(reading)) this.#showValue(n, facts);
    else this.#showMeans(n, reading);
    this.#showDivergences(n, facts);
    this.#showFeatures(n, facts);
    this.#showCoverage(n, facts);
    this.#showGaps(n, reading, facts);
  }

  /** V, which D maximises. @param {Record<string, number | null>} n @param {Facts} facts */
  #showValue(n, facts) {
    write(this.#real, fixed(n.log_d_real));
    this.#terms.hidden = !known(n.value); // before the first step there is nothing to put in
    // The second term with its sign as the operator: "− 0.676", not "+ −0.676".
    write(this.#fake, known(n.log_d_fake) ? `${n.log_d_fake < 0 ? '−' : '+'} ${fixed(Math.abs(n.log_d_fake))}` : '+ –');
    write(this.#value, fixed(n.value));
    const bound = known(n.value) ? (n.value + LOG_4) / 2 : null;
    const clean = !isSeenOtherwise(n);
    this.#tips.set(this.#formula, 'With the best D, V = −log 4 + 2 JSD; it reaches −log 4 only when p_g = p_r. '
      + (clean ? '' : `The JSD is that of the laws as D sees them, in ${sightOf(n)}: `
        + `${known(n.jsd_seen) ? `no D reaches more than ${fixed(2 * n.jsd_seen - LOG_4)}` : 'it is not measured here, '
        + 'and no line is drawn'}. `)
      + (clean ? `While D is imperfect, (V + log 4)/2 = ${fixed(bound)} only bounds JSD from below, and a batch's `
        + 'estimate may be negative.' : '')
      + (measures(facts, 'jsd') ? ''
        : ' The JSD of pictures is not measured: Examine, and D trained to its best bounds it closer.'));
  }

  /** What holds for every discriminator: where the laws are the same, so are its means.
   * @param {Record<string, number | null>} n @param {import('./reading.js').DiscriminatorReading} reading */
  #showMeans({ mean_d_real: real, mean_d_fake: fake }, reading) {
    const { symbol, centre } = reading;
    const says = isProbability(reading) ? fixed : compact;
    for (const name of this.#names) write(name, symbol);
    write(this.#meanReal, says(real));
    write(this.#meanFake, known(fake) ? `${fake < 0 ? '+' : '−'} ${says(Math.abs(fake))}` : '− –');
    write(this.#difference, known(real) && known(fake) ? says(real - fake) : '–');
    this.#tips.set(this.#means,
      `How much higher ${symbol} is on real than on generated data, on average. 0 when p_g = p_r, whatever the `
        + `discriminator; but a blind one reads 0 as well.`
      + (centre === null ? '' : ` At equilibrium ${atEquilibrium(reading)}.`));
  }

  /** @param {Record<string, number | null>} n @param {import('./reading.js').DiscriminatorReading} reading
   * @param {Facts} facts */
  #showGaps(n, reading, facts) {
    const says = (/** @type {number | null} */ value) => (isProbability(reading) ? fixed(value, 2) : compact(value));
    const { symbol, optimal_label: best, centre_label: middle, centre } = reading;
    const ofPictures = !measures(facts, 'jsd');
    const beside = ofPictures ? 'the Fréchet distance' : isProbability(reading) ? 'JSD' : 'W_1 and JSD';
    const where = ofPictures ? `98 % of real pictures${isSeenOtherwise(n) ? `, in ${sightOf(n)}` : ''}`
      : 'the central 98 % of p_r';
    this.#star.node.hidden = !reading.optimal || ofPictures;
    this.#star.rename(`max |${symbol} − ${best}|`);
    this.#tips.set(this.#star.node,
      `The largest distance of ${symbol} from ${bestResponse(reading)}, over ${where}, for `
      + 'both laws as the discriminator sees them. '
      + (known(n.gap_star_floor) ? `A perfect generator against ${symbol} = ${middle} reads at most `
        + `${says(n.gap_star_floor)} in 95 % of cases, since ${best} is read off finitely many samples. ` : '')
      + `Where hardly any sample lies, ${best} is a quotient of few: no verdict rests on it.`);
    this.#half.rename(`max |${aboutCentre(reading)}|`);
    this.#tips.set(this.#half.node,
      `The largest distance of ${symbol} from ${centre === null ? 'its median' : middle}, over ${where}. `
      + `Small also when the discriminator is blind: read it together with ${beside}. `
      + 'No samples are in it: at an equilibrium it is exactly 0. A discriminator that goes on learning from batches '
      + 'against a perfect generator stays within about 0.01 of that, as two modes and the ring show.');
    const floor = n.gap_star_floor;
    write(this.#starFloor, known(floor) ? `(a perfect G ${says(floor)})` : '');
    write(this.#star.value, says(n.gap_star));
    write(this.#half.value, says(n.gap_half));
  }

  /** @param {Record<string, number | null>} n @param {Facts} facts */
  #showDivergences(n, facts) {
    for (const { node } of [this.#jsd, this.#wasserstein]) node.hidden = !measures(facts, 'jsd');
    const floor = facts.floors.jsd;
    write(this.#jsd.value, known(n.jsd) ? n.jsd.toFixed(4) : '–');
    write(this.#floor, floor ? `(floor ${fixed(floor.mean, 4)})` : '');
    this.#jsd.rename(jsdOf(facts));
    this.#tips.set(this.#jsd.node, 'The Jensen–Shannon divergence between p_r and p_g in nats, at most log 2 = 0.693.'
      + (isBound(facts) ? ' But for noise this is a lower bound: uploaded rows have no density, so both laws are '
      + 'compared on cells, and what is finer than a cell is not seen.' : '')
      + (known(n.jsd_step) ? ` Read at step ${grouped(n.jsd_step)}${known(n.jsd_error)
        ? `, off by no more than about ${fixed(n.jsd_error, 3)}` : ''}.` : '')
      + (floor ? ` As many samples of p_r itself read ${fixed(floor.mean, 4)} on average and at most `
      + `${fixed(floor.worst_5pct, 4)} in 95 % of cases: below that nothing can be told apart.` : ''));
    this.#seen.node.hidden = !measures(facts, 'jsd_seen') || !isSeenOtherwise(n);
    this.#seen.rename(`JSD in ${sightOf(n)}`);
    write(this.#seen.value, fixed(n.jsd_seen, 4));
    this.#tips.set(this.#seen.node, `The JSD of the laws as D sees them, in ${sightOf(n)}: the most that D can tell. `
      + 'JSD without this is that of the laws themselves.'
      + (known(n.jsd_seen_floor) ? ` A perfect generator reads at most ${compact(n.jsd_seen_floor)} in 95 % of cases.`
        : ''));
    this.#wasserstein.rename(wassersteinOf(facts));
    const of = facts.floors.wasserstein;
    this.#tips.set(this.#wasserstein.node, `Between p_r and p_g: ${wassersteinInWords(facts)}.`
      + (of ? ` A perfect generator reads ${compact(of.mean)} on average and at most ${compact(of.worst_5pct)} in 95 % `
        + 'of cases.' : ''));
    write(this.#wasserstein.value, compact(n.wasserstein));
  }

  /** How pictures compare by their features.
   * @param {Record<string, number | null>} n @param {Facts} facts */
  #showFeatures(n, facts) {
    const measured = measures(facts, 'frechet');
    for (const { node } of [this.#frechet, this.#precision, this.#recall]) node.hidden = !measured;
    if (!measured) return;
    const { frechet, precision, recall } = facts.floors;
    write(this.#frechet.value, compact(n.frechet));
    write(this.#level, frechet ? `(real ${compact(frechet.mean)})` : '');
    this.#tips.set(this.#frechet.node,
      'The Fréchet distance between real and generated pictures: that of two Gaussians with the mean and covariance '
        + 'of their features. '
      + 'In units of the real ones’ variance: 1 for a generator whose features are always the real ones’ mean.'
      + (frechet ? ` Real pictures against real ones read ${compact(frechet.mean)} on average and at most `
      + `${compact(frechet.worst_5pct)} in 95 % of cases.` : '') + averaged(facts, compact(n.frechet_average)));
    const level = (/** @type {import('./types.d.ts').NullReference | undefined} */ of) =>
      (of ? ` Real pictures against real ones read ${fixed(of.mean, 2)} on average and at least `
        + `${fixed(of.worst_5pct, 2)} in 95 % of cases.` : '');
    write(this.#precision.value, fixed(n.precision, 2));
    this.#tips.set(this.#precision.node,
      `The share of generated pictures that lie among real ones, by their features: `
        + `quality.${level(precision)}${averaged(facts, fixed(n.precision_average, 2))}`);
    write(this.#recall.value, fixed(n.recall, 2));
    this.#tips.set(this.#recall.node,
      `The share of real pictures that lie among generated ones, by their features: `
        + `variety.${level(recall)}${averaged(facts, fixed(n.recall_average, 2))}`);
  }

  /** In the plane what has been covered says more than the distances
   * of D, which then need a wide page; so it is with pictures.
   * @param {Record<string, number | null>} n @param {Facts} facts */
  #showCoverage(n, facts) {
    const ofPictures = facts.stage === 'pictures';
    const covers = (facts.stage === 'plane' && facts.modes.length > 0) || (ofPictures && hasModes(facts));
    for (const { node } of [this.#modes, this.#quality]) node.hidden = !covers;
    this.#quality.node.classList.toggle('gd-if-wide', ofPictures);
    this.#wasserstein.node.classList.toggle('gd-if-wide', covers && isClassic(readingOf(facts)));
    for (const { node } of [this.#star, this.#half]) node.classList.toggle('gd-if-wide', facts.stage === 'plane'
      || ofPictures);
    if (!covers) return;
    const count = facts.modes.length;
    const { noun, captured, quality } = countedBy(facts);
    const floor = facts.floors;
    this.#modes.rename(noun);
    write(this.#modes.value, `${known(n.modes) ? Math.round(n.modes) : '–'} of ${count}`);
    write(this.#quality.value, percent(n.high_quality));
    this.#tips.set(this.#modes.node,
      `How many of the ${count} ${noun} G has captured: those ${captured}.`
        + (known(floor.modes?.mean) ? ` A perfect generator captures ${round(floor.modes.mean)}.` : '')
        + averaged(facts, `${known(n.modes_average) ? Math.round(n.modes_average) : '–'} of ${count}`));
    this.#tips.set(this.#quality.node,
      `The share of generated samples ${quality}. p_r itself scores ${percent(facts.perfect_quality, 1)}`
        + `${ofPictures ? '' : '; more means that the modes have become too narrow'}.`
        + (floor.high_quality ? ` A perfect generator scores at least ${percent(floor.high_quality.worst_5pct, 1)} in `
          + `95 % of cases, on ${grouped(facts.samples)} samples.` : '')
        + averaged(facts, percent(n.high_quality_average)));
  }
}

/** Whether D sees other laws than p_r and p_g themselves. @param {Record<string, number | null>} n */
const isSeenOtherwise = n => (n.noise ?? 0) > 0 || (n.pack ?? 1) > 1;

/** What D sees them in. @param {Record<string, number | null>} n */
const sightOf = n => [(n.pack ?? 1) > 1 ? `packs of ${n.pack}` : '', n.noise ? `noise σ = ${compact(n.noise)}` : '']
  .filter(Boolean).join(' and ');

/** @param {Facts} facts @param {string} text */
const averaged = (facts, text) => (facts.averaging ? ` The averaged generator: ${text}.` : '');

/** A name and its number. */
class Readout {
  #name = element('span');
  #named = '';
  value;
  node;

  /** @param {string} name @param {number} width of the number, in characters @param {string} hint
   * @param {string} [unit] */
  constructor(name, width, hint, unit = '') {
    this.hint = hint;
    this.value = number(width, 'b');
    this.node = element('span', { class: 'gd-reading' }, this.#name, ' ', this.value, unit && ` ${unit}`);
    this.rename(name);
  }

  /** @param {string} name */
  rename(name) {
    if (name === this.#named) return;
    this.#named = name;
    this.#name.replaceChildren(...maths(name));
  }
}

/** @param {number} width in characters @param {string} tag */
function number(width, tag = 'span') {
  const node = element(tag, { class: 'gd-number' });
  node.style.minWidth = `${width}ch`;
  return node;
}
