// @ts-check
/**
 * One line of theory with the numbers of the moment in it.
 */
import { countedBy, hasModes, isBound, jsdOf, measures, wassersteinInWords, wassersteinOf } from './counted.js';
import { element, maths, write } from './dom.js';
import { compact, fixed, grouped, known, percent, round } from './numbers.js';
import { aboutCentre, atEquilibrium, bestResponse, isClassic, isProbability, NO_GAME, readingOf } from './reading.js';
import { before, t } from './words.js';

/** @typedef {import('./types.d.ts').Facts} Facts */

const LOG_4 = Math.log(4);

export class Theory {
  #real = number(5.4);
  #fake = number(5.6);
  #value = number(5.4, 'b');
  #terms = element('span');
  #frechet = new Readout(t('Fréchet'), 5, '');
  #modes = new Readout(t('modes'), 1, '');
  #quality = new Readout(t('high quality'), 3, '');
  #precision = new Readout(t('precision'), 4, '');
  #recall = new Readout(t('recall'), 4, '');
  #jsd = new Readout('JSD', 5.4, '', t('nats'));
  #wasserstein = new Readout('W_1', 5, '');
  #star = new Readout('max |D − D*|', 3.5, '');
  #half = new Readout('max |D − ½|', 3.5, '');
  #floor = element('span', { class: 'gd-floor' });
  #starFloor = element('span', { class: 'gd-floor' });
  #seen = new Readout(t('JSD as D sees'), 5.4, '', t('nats'));
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
    this.#tips.set(this.#formula, t('With the best D, V = −log 4 + 2 JSD; it reaches −log 4 only when '
      + 'p_g = p_r. {what}{what2}{what3}',
        { what: (clean ? '' : before(t('The JSD is that of the laws as D sees them, in {sight}: {known}.',
          { sight: sightOf(n),
            known: known(n.jsd_seen) ? t('no D reaches more than {what}',
              { what: fixed(2 * n.jsd_seen - LOG_4) }) : t('it is not measured '
          + 'here, and no line is drawn') }))),
          what2: (clean ? t('While D is imperfect, (V + log 4)/2 = {bound} only bounds JSD from below, and a '
        + 'batch\'s estimate may be negative.', { bound: fixed(bound) }) : ''),
          what3: (measures(facts, 'jsd') ? ''
        : ' ' + t('The JSD of pictures is not measured: Examine, and D trained to its best bounds it '
          + 'closer.')) }));
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
      t('How much higher {symbol} is on real than on generated data, on average. 0 when p_g = p_r, '
        + 'whatever the discriminator; but a blind one reads 0 as well.{what}',
          { symbol,
            what: (centre === null ? '' : ' ' + t('At equilibrium {at_equilibrium}.',
              { at_equilibrium: atEquilibrium(reading) })) }));
  }

  /** @param {Record<string, number | null>} n @param {import('./reading.js').DiscriminatorReading} reading
   * @param {Facts} facts */
  #showGaps(n, reading, facts) {
    const says = (/** @type {number | null} */ value) => (isProbability(reading) ? fixed(value, 2) : compact(value));
    const { symbol, optimal_label: best, centre_label: middle, centre } = reading;
    const ofPictures = !measures(facts, 'jsd');
    const beside = ofPictures ? t('the Fréchet distance') : isProbability(reading) ? 'JSD' : 'W_1 and JSD';
    const where = ofPictures ? t('98 % of real pictures{is_seen_otherwise}',
        { is_seen_otherwise: isSeenOtherwise(n) ? t(', in {sight}', { sight: sightOf(n) }) : '' })
      : t('the central 98 % of p_r');
    this.#star.node.hidden = !reading.optimal || ofPictures;
    this.#star.rename(`max |${symbol} − ${best}|`);
    this.#tips.set(this.#star.node,
      t('The largest distance of {symbol} from {best_response}, over {where}, for both laws as the '
        + 'discriminator sees them. {what}Where hardly any sample lies, {best} is a quotient of few: no '
        + 'verdict rests on it.',
          { symbol,
            best_response: bestResponse(reading),
            where,
            what: (known(n.gap_star_floor) ? before(t('A perfect generator against {symbol} = {middle} reads at most '
        + '{gap_star_floor} in 95 % of cases, since {best} is read off finitely many samples.',
          { symbol, middle, gap_star_floor: says(n.gap_star_floor), best })) : ''),
            best }));
    this.#half.rename(`max |${aboutCentre(reading)}|`);
    this.#tips.set(this.#half.node,
      t('The largest distance of {symbol} from {what}, over {where}. Small also when the '
        + 'discriminator is blind: read it together with {beside}. No samples are in it: at an '
        + 'equilibrium it is exactly 0. A discriminator that goes on learning from batches against a '
        + 'perfect generator stays within about 0.01 of that, as two modes and the ring show.',
          { symbol, what: centre === null ? t('its median') : middle, where, beside }));
    const floor = n.gap_star_floor;
    write(this.#starFloor, known(floor) ? t('(a perfect G {floor})', { floor: says(floor) }) : '');
    write(this.#star.value, says(n.gap_star));
    write(this.#half.value, says(n.gap_half));
  }

  /** @param {Record<string, number | null>} n @param {Facts} facts */
  #showDivergences(n, facts) {
    for (const { node } of [this.#jsd, this.#wasserstein]) node.hidden = !measures(facts, 'jsd');
    const floor = facts.floors.jsd;
    write(this.#jsd.value, known(n.jsd) ? n.jsd.toFixed(4) : '–');
    write(this.#floor, floor ? t('(floor {mean})', { mean: fixed(floor.mean, 4) }) : '');
    this.#jsd.rename(jsdOf(facts));
    this.#tips.set(this.#jsd.node, t('The Jensen–Shannon divergence between p_r and p_g in nats, at '
      + 'most log 2 = 0.693.{what}{what2}{what3}',
        { what: (isBound(facts) ? ' ' + t('But for noise this is a lower bound: uploaded rows have no density, so '
        + 'both laws are compared on cells, and what is finer than a cell is not seen.') : ''),
          what2: (known(n.jsd_step) ? ' ' + t('Read at step {jsd_step}{known}.',
          { jsd_step: grouped(n.jsd_step),
            known: known(n.jsd_error)
        ? t(', off by no more than about {jsd_error}', { jsd_error: fixed(n.jsd_error, 3) }) : '' }) : ''),
          what3: (floor ? ' ' + t('As many samples of p_r itself read {mean} on average and at most {worst_5pct} in '
        + '95 % of cases: below that nothing can be told apart.',
          { mean: fixed(floor.mean, 4), worst_5pct: fixed(floor.worst_5pct, 4) }) : '') }));
    this.#seen.node.hidden = !measures(facts, 'jsd_seen') || !isSeenOtherwise(n);
    this.#seen.rename(t('JSD in {sight}', { sight: sightOf(n) }));
    write(this.#seen.value, fixed(n.jsd_seen, 4));
    this.#tips.set(this.#seen.node, t('The JSD of the laws as D sees them, in {sight}: the most that '
      + 'D can tell. JSD without this is that of the laws themselves.{what}',
        { sight: sightOf(n),
          what: (known(n.jsd_seen_floor) ? ' ' + t('A perfect generator reads at most {jsd_seen_floor} in 95 % of '
        + 'cases.', { jsd_seen_floor: compact(n.jsd_seen_floor) })
        : '') }));
    this.#wasserstein.rename(wassersteinOf(facts));
    const of = facts.floors.wasserstein;
    this.#tips.set(this.#wasserstein.node, t('Between p_r and p_g: {wasserstein_in_words}.{what}',
        { wasserstein_in_words: wassersteinInWords(facts),
          what: (of ? ' ' + t('A perfect generator reads {mean} on average and at most {worst_5pct} in 95 % of '
        + 'cases.', { mean: compact(of.mean), worst_5pct: compact(of.worst_5pct) }) : '') }));
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
    write(this.#level, frechet ? t('(real {mean})', { mean: compact(frechet.mean) }) : '');
    this.#tips.set(this.#frechet.node,
      t('The Fréchet distance between real and generated pictures: that of two Gaussians with the '
        + 'mean and covariance of their features. In units of the real ones’ variance: 1 for a generator '
        + 'whose features are always the real ones’ mean.{what}{averaged}',
          { what: (frechet ? ' ' + t('Real pictures against real ones read {mean} on average and at most {worst_5pct} '
        + 'in 95 % of cases.', { mean: compact(frechet.mean), worst_5pct: compact(frechet.worst_5pct) }) : ''),
            averaged: averaged(facts, compact(n.frechet_average)) }));
    const level = (/** @type {import('./types.d.ts').NullReference | undefined} */ of) =>
      (of ? ' ' + t('Real pictures against real ones read {mean} on average and at least {worst_5pct} in 95 '
        + '% of cases.', { mean: fixed(of.mean, 2), worst_5pct: fixed(of.worst_5pct, 2) }) : '');
    write(this.#precision.value, fixed(n.precision, 2));
    this.#tips.set(this.#precision.node,
      t('The share of generated pictures that lie among real ones, by their features: '
        + 'quality.{level}{averaged}',
          { level: level(precision), averaged: averaged(facts, fixed(n.precision_average, 2)) }));
    write(this.#recall.value, fixed(n.recall, 2));
    this.#tips.set(this.#recall.node,
      t('The share of real pictures that lie among generated ones, by their features: '
        + 'variety.{level}{averaged}',
          { level: level(recall), averaged: averaged(facts, fixed(n.recall_average, 2)) }));
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
    write(this.#modes.value, t('{some} of {all}',
        { some: known(n.modes) ? Math.round(n.modes) : '–', all: count }));
    write(this.#quality.value, percent(n.high_quality));
    this.#tips.set(this.#modes.node,
      t('How many of the {count} {noun} G has captured: those {captured}.{what}{averaged}',
          { count,
            noun,
            captured,
            what: (known(floor.modes?.mean) ? ' ' + t('A perfect generator captures {mean}.',
            { mean: round(floor.modes.mean) }) : ''),
            averaged: averaged(facts, t('{some} of {all}',
              { some: known(n.modes_average) ? Math.round(n.modes_average) : '–', all: count })) }));
    this.#tips.set(this.#quality.node,
      t('The share of generated samples {quality}. p_r itself scores '
        + '{perfect_quality}{what}.{what2}{averaged}',
          { quality,
            perfect_quality: percent(facts.perfect_quality, 1),
            what: ofPictures ? '' : t('; more means that the modes have become too narrow'),
            what2: (floor.high_quality ? ' ' + t('A perfect generator scores at least {worst_5pct} in 95 % of cases, '
          + 'on {samples} samples.',
            { worst_5pct: percent(floor.high_quality.worst_5pct, 1), samples: grouped(facts.samples) }) : ''),
            averaged: averaged(facts, percent(n.high_quality_average)) }));
  }
}

/** Whether D sees other laws than p_r and p_g themselves. @param {Record<string, number | null>} n */
const isSeenOtherwise = n => (n.noise ?? 0) > 0 || (n.pack ?? 1) > 1;

/** What D sees them in. @param {Record<string, number | null>} n */
const sightOf = n => [(n.pack ?? 1) > 1 ? t('packs of {pack}', { pack: n.pack }) : '',
  n.noise ? t('noise σ = {noise}', { noise: compact(n.noise) }) : '']
  .filter(Boolean).join(t(' and '));

/** @param {Facts} facts @param {string} text */
const averaged = (facts, text) => (facts.averaging ? ' ' + t('The averaged generator: {text}.', { text }) : '');

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
