// @ts-check
/**
 * What each examination shows of its result: a picture where it
 * helps, and numbers, each with what it means and its noise floor.
 */
import { fitCanvas, roomIn } from './canvas.js';
import { inWords as counted } from './counted.js';
import { element, maths, write } from './dom.js';
import { ApproachCurve } from './examine-curve.js';
import { compact, fixed, grouped, known, percent, round } from './numbers.js';
import { drawPlane } from './phase-spectrum.js';
import { said, t } from './words.js';

/** @typedef {import('./counted.js').Counted} Counted */

/** One number: its name, its value as text, what a perfect generator reads, and what it means.
 * @typedef {{name: string, value: string, floor?: string, hint: string}} Row */

/** A list of numbers whose explanations come up under the pointer. */
export class Numbers {
  node = element('dl', { class: 'gd-numbers' });
  #tips;

  /** @param {import('./tip.js').Tips} tips */
  constructor(tips) {
    this.#tips = tips;
  }

  /** @param {Row[]} rows */
  show(rows) {
    this.#tips.retire(this.node);
    this.node.replaceChildren(...rows.flatMap(({ name, value, floor = '', hint }) => {
      const term = element('dt', {}, ...maths(name));
      this.#tips.set(term, hint);
      return [term, element('dd', {}, value), element('dd', { class: 'gd-floor' }, floor)];
    }));
  }
}

// -------------------------------------------------------------------------------------------------------------
// spectrum

/** @type {import('./examine.js').Section} */
export const spectrum = {
  what: 'spectrum',
  get title() { return t('Eigenvalues of the game'); },
  get answers() { return t('Is this point drawn in, driven away, or circled?'); },
  get hint() { return t('How the field that both players follow bends at this point: the leading eigenvalues of its '
    + 'Jacobian H. Near a rest point a positive real part means that small steps are drawn in, a negative '
    + 'one that they are driven away, and an imaginary part that the players circle each other.'); },
  create({ tips }) {
    const canvas = /** @type {HTMLCanvasElement} */ (element('canvas', { class: 'gd-examine-plane', role: 'img' }));
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    const numbers = new Numbers(tips);
    const words = element('p');
    return {
      node: element('div', {}, canvas, numbers.node, words),
      show(result, theme) {
        if (result.what !== 'spectrum') return;
        const { eigenvalues, boundary, scaled, growth, step_sizes: [ofG, ofD] } = result;
        canvas.setAttribute('aria-label',
          t('{found} eigenvalues in the complex plane, the largest {slice}',
              { found: result.found, slice: eigenvalues.slice(0, 3).map(inWords).join(', ') }));
        if (fitCanvas(c)) {
          const { width, height } = roomIn(canvas);
          c.clearRect(0, 0, width, height);
          const names = scaled ? ['Re hλ', 'Im hλ'] : ['Re λ', 'Im λ'];
          drawPlane(c, { width, height, theme, dots: eigenvalues, region: boundary, names, around: boundary ? undefined
            : CLOSE });
        }
        write(words, said(result.words));
        const largest = eigenvalues[0];
        numbers.show([
          { name: t('shown'), value: result.complete ? t('all {count}', { count: grouped(result.size) })
            : t('{some} of {all}', { some: result.found, all: grouped(result.size) }),
            hint: result.complete ? t('Every eigenvalue of H; at most 64 are drawn.')
              : t('Those of largest magnitude, and those furthest to the left as far as they were '
                + 'found. A matrix this large is not taken apart whole.') },
          { name: t('largest λ'), value: largest ? inWords(largest) : '–',
            hint: t('The eigenvalue of largest magnitude: the stiffest direction, which limits the '
              + 'step size.') },
          { name: t('negative real parts'), value: grouped(result.negative),
            hint: t('How many of those found have a real part below 0: directions in which small '
              + 'steps are driven away. Many are no harm far from a rest point. It has no floor: at an '
              + 'equilibrium many eigenvalues are 0, and which side of it they read is chance.') },
          { name: '|v|', value: compact(result.speed), floor: atRest(result.sampling_noise),
            hint: t('Length of the field itself{what}. {of_noise} The further beyond, the less '
              + 'eigenvalues say about where the game goes.',
                { what: scaled ? t(', times the step sizes') : '', of_noise: ofNoise(result) }) },
          { name: t('steps h_G, h_D'), value: `${compact(ofG)}, ${compact(ofD)}`,
            hint: t('Both players’ learning rates at that step.') },
          ...(known(growth) ? [{ name: t('largest multiplier'), value: fixed(growth, 4),
            hint: t('By how much one round of this rule multiplies a small distance from a rest point '
              + 'along the worst of the directions found: below 1 it shrinks. Where nobody notices a '
              + 'direction, it is 1.') }] : []),
        ]);
      },
    };
  },
};

const CLOSE = 1.1; // without a boundary nothing is to be seen beyond the dots

/** @param {[number, number]} number */
const inWords = ([re, im]) => (Math.abs(im) < 1e-9 * Math.abs(re) ? compact(re)
  : `${compact(re)} ${im < 0 ? '−' : '+'} ${compact(Math.abs(im))} i`);

// --------------------------------------------------------------------------------------------------------
// best response

const ALONE = 500; // rounds of D in the game itself

/** @type {import('./examine.js').Section} */
export const bestResponse = {
  what: 'best_response',
  get title() { return t('Freeze G, train D to its best'); },
  get answers() { return t('Is D strong enough against this G? How far could it come?'); },
  get hint() { return t('A copy of D is trained against this G, which stands still, without any penalty. Theory '
    + 'says how far it can come: V = 2 JSD − log 4 (Goodfellow et al. 2014). How far it comes says '
    + 'whether D is strong enough. The game keeps its own D.'); },
  create({ tips, signal, send, plotly }) {
    const curve = new ApproachCurve({ plotly, signal }, 'gd-examine-curve');
    const numbers = new Numbers(tips);
    const train = element('button', { type: 'button', class: 'gd-button' },
      t('Train D alone in the game, {rounds} rounds', { rounds: grouped(ALONE) }));
    const said = element('span', { class: 'gd-floor' });
    tips.set(train, t('What was trained here was a copy. This moves the game’s own D: {rounds} '
      + 'rounds by its own optimiser in which G stands still, and then the game is paused. Play goes on '
      + 'from there with both.', { rounds: grouped(ALONE) }));
    train.addEventListener('click', () => send({ type: 'step', players: 'D', n: ALONE }), { signal });
    const offer = element('p', { class: 'gd-examine-offer', hidden: '' }, train, said);
    return {
      node: element('div', {}, curve.node, numbers.node, offer),
      allow({ role, status, done }) {
        offer.toggleAttribute('hidden', !done || role !== 'steer');
        train.toggleAttribute('disabled', status !== 'paused');
        write(said, status === 'running' ? t('pause the game first') : '');
      },
      show(result, theme) {
        if (result.what !== 'best_response') return;
        curve.show(result, theme);
        const now = result.values.at(-1) ?? null;
        const [atLeast, atMost] = result.jsd_is_bound ? [t(', at least'), t(', at most')] : ['', ''];
        numbers.show([
          { name: t('D steps'), value: grouped(result.steps.at(-1) ?? 0),
            hint: t('Adam steps of D alone at {learning_rate}. It ends when V has not risen for a '
              + 'while, or after {limit}.',
                { learning_rate: compact(result.learning_rate), limit: grouped(result.limit) }) },
          { name: t('V at first'), value: fixed(result.values[0], 4),
            hint: t('V = E log D(x) + E log(1 − D(G(z))) of the game’s own D, on 8192 samples of each '
              + 'law that are not trained on.') },
          { name: t('V now'), value: fixed(now, 4), floor: t('{fixed} at equilibrium',
              { fixed: fixed(-Math.log(4), 4) }),
            hint: t('The same of the trained copy. Against a perfect generator no D has more than '
              + '−log 4 = −1.3863, and one trained on fresh samples reads within 0.001 of it.') },
          ...(known(result.jsd) ? [
            { name: t('2 JSD − log 4{at_least}', { at_least: atLeast }), value: fixed(result.bound, 4),
              hint: t('What the best of all D would reach against this G, by the measured JSD.') },
            { name: t('share reached{at_most}', { at_most: atMost }), value: percent(result.share, 1),
              hint: t('(V + log 4) / 2 JSD: 0 where D says 1/2 everywhere, 100 % at the best '
                + 'response. Noise in V and JSD may carry it below or beyond.') },
            { name: t('JSD{at_least}', { at_least: atLeast }), value: fixed(result.jsd, 4),
              floor: floorOf(result.jsd_floor, 4),
              hint: t('Measured divergence of p_g from p_r in nats. In grey what a perfect generator '
                + 'reads on as many samples: its mean, and in brackets what it stays below nineteen times '
                + 'in twenty.') },
          ] : [
            { name: t('JSD at least'), value: fixed(known(now) ? Math.max(0, (now - result.idle) / 2) : null, 4),
              hint: t('(V + log 4) / 2, in nats: no D reaches more than V = 2 JSD − log 4, so this D '
                + 'proves that the JSD is at least so large. It is at most log 2 = 0.6931, where p_r and '
                + 'p_g share nothing. A stronger D might prove more.') },
          ]),
        ]);
      },
    };
  },
};

// --------------------------------------------------------------------------------------------------------------
// samples

/** @type {{key: string, name: string, digits: number, hint: string | ((by: Counted) => string)}[]} */
const STATISTICS = [
  { key: 'w1', name: 'W_1', digits: 3,
    get hint() { return t('Exact Wasserstein distance: how far a real sample lies from its generated partner on '
      + 'average, in the best pairing. Units of x; less is better.'); } },
  { key: 'w2', name: 'W_2', digits: 3,
    get hint() { return t('The same with squared distances: outliers and missed modes weigh more. Less is '
      + 'better.'); } },
  { key: 'mmd', name: 'MMD²', digits: 4,
    get hint() { return t('Squared maximum mean discrepancy with a cubic kernel: it compares moments up to the '
      + 'third. Unbiased, so it may be negative; less is better.'); } },
  { key: 'precision', get name() { return t('precision'); }, digits: 3,
    get hint() { return t('Share of generated samples that lie among real ones, within some real sample’s 5 nearest '
      + 'neighbours: quality. More is better.'); } },
  { key: 'recall', get name() { return t('recall'); }, digits: 3,
    get hint() { return t('Share of real samples that lie among generated ones: variety. More is better.'); } },
  { key: 'density', get name() { return t('density'); }, digits: 3,
    get hint() { return t('In how many real neighbourhoods a generated sample lies, divided by 5: as precision, but '
      + 'outliers count less. It may exceed 1; more is better.'); } },
  { key: 'coverage', get name() { return t('coverage'); }, digits: 3,
    get hint() { return t('Share of real samples with a generated one among their 5 nearest neighbours: variety. '
      + 'More is better.'); } },
  { key: 'high_quality', get name() { return t('high quality'); }, digits: 3, hint: ({ quality }) =>
    t('Share of generated samples {quality}. More is better.', { quality }) },
  { key: 'reverse_kl', get name() { return t('reverse KL'); }, digits: 4, hint: ({ noun }) =>
    t('How unlike their weights the {noun} are filled, in nats: 0 when by their weights, log K when '
      + 'all samples are in one of K equal ones. Less is better.', { noun }) },
];

/** @type {import('./examine.js').Section} */
export const samples = {
  what: 'samples',
  get title() { return t('Samples compared'); },
  get answers() { return t('How far are generated samples from real ones, by nine measures?'); },
  get hint() { return t('Generated samples against as many real ones, 1000 where that can be had. Beside each '
    + 'number stands what two samples of p_r itself read: no generator can be told from a perfect one '
    + 'below that.'); },
  create({ tips }) {
    const numbers = new Numbers(tips);
    const caption = element('p', { class: 'gd-floor' });
    const modes = element('div', { class: 'gd-modes' });
    return {
      node: element('div', {}, caption, numbers.node, modes),
      show(result) {
        if (result.what !== 'samples') return;
        const { values, floors, modes: table } = result;
        write(caption, t('{points} of each; in grey a perfect generator: mean (5 % read worse '
          + 'than){what}', { points: grouped(result.points), what: floors ? '' : t(': being read …') }));
        numbers.show([
          ...STATISTICS.filter(({ key }) => key in values).map(({ key, name, digits, hint }) => (
            { name, value: fixed(values[key], digits), floor: floors ? floorOf(floors[key], digits) : '',
              hint: typeof hint === 'function' ? hint(counted(table?.counted)) : hint })),
          { name: t('mean slope of D'), value: compact(result.slope),
            hint: t('E |∇ₓ a(x)| over the real samples, a D’s output before the sigmoid: how steep D '
              + 'is where the data lies. At equilibrium 0, and no floor stands beside it: a flat D has no '
              + 'slope anywhere.') },
        ]);
        tips.retire(modes);
        modes.replaceChildren(...(table ? modeTable(table, tips) : []));
      },
    };
  },
};

/** A bar of each mode's share beside a tick at what a perfect generator would have.
 * @param {import('./types.d.ts').ModeTable} table @param {import('./tip.js').Tips} tips */
function modeTable({ rows: modes, counted: by, attributes, ...rest }, tips) {
  const { elsewhere, expected_elsewhere: expected, noise_elsewhere: noise } = rest;
  const { noun, quality } = counted(by);
  const most = Math.max(...modes.map(row => Math.max(row.share, row.expected)), elsewhere, 1e-9);
  const named = attributes.length ? ` (${attributes.map(a => a.name).join(', ')})` : '';
  const heading = `${noun[0].toUpperCase()}${noun.slice(1)}${named}`;
  const title = element('h4', {}, t('{heading}: share, and a perfect G’s as a tick', { heading }));
  const near = t('lie within 3 standard deviations of each mode');
  const which = by !== 'modes' ? t('count for each of the {noun}: those {quality}', { noun, quality }) : near;
  tips.set(title, t('The share of all generated samples that {which}. The tick stands at what a '
    + 'perfect generator would have, by the law of the data: less than the weight of a mode, since some '
    + 'of its samples lie elsewhere. ± is the standard deviation of that at this number of samples.{what}',
      { which,
        what: (attributes.length
      ? ' ' + t('A cell is named by its middle: {map}.',
          { map: attributes.map(a => `${a.name} (${a.unit})`).join(', ') }) : '') }));
  const names = modes.map(row => row.name
    ?? row.point.map(x => (by === 'modes' ? fixed(x, 1) : round(x))).join(', '));
  const longest = Math.max('elsewhere'.length, ...names.map(name => name.length));
  const rows = modes.map((row, i) => {
    const bar = element('span', { class: 'gd-mode-bar' }, element('i'), element('b'));
    bar.style.setProperty('--share', `${(100 * row.share) / most}%`);
    bar.style.setProperty('--weight', `${(100 * row.expected) / most}%`);
    return element('div', { class: 'gd-mode', 'data-lost': row.share === 0 }, element('span', {}, names[i]), bar,
      element('span', {}, percent(row.share, 1)),
        element('span', { class: 'gd-floor' }, `${percent(row.expected, 1)} ± ${fixed(100 * row.noise, 1)}`));
  });
  const bar = element('span', { class: 'gd-mode-bar' }, element('i'), element('b'));
  bar.style.setProperty('--share', `${(100 * elsewhere) / most}%`);
  bar.style.setProperty('--weight', `${(100 * expected) / most}%`);
  rows.push(element('div', { class: 'gd-mode gd-elsewhere' }, element('span', {}, t('elsewhere')), bar,
    element('span', {}, percent(elsewhere, 1)),
      element('span', { class: 'gd-floor' }, `${percent(expected, 1)} ± ${fixed(100 * noise, 1)}`)));
  for (const row of rows) row.style.setProperty('--gd-name', `${longest}ch`);
  return [title, ...rows];
}

// --------------------------------------------------------------------------------------------------------------
// duality

/** @type {import('./examine.js').Section} */
export const duality = {
  what: 'duality',
  get title() { return t('Duality gap'); },
  get answers() { return t('How much could each player still win if the other stood still?'); },
  get hint() { return t('What each player could still win if the other stood still (Grnarova et al. 2019). In '
    + 'theory 0 at an equilibrium where D = ½, and positive elsewhere. What is read there is less: see '
    + 'the number in grey.'); },
  create({ tips }) {
    const numbers = new Numbers(tips);
    return {
      node: numbers.node,
      show(result) {
        if (result.what !== 'duality') return;
        const steps = grouped(result.steps);
        numbers.show([
          { name: t('gap'), value: fixed(result.gap, 4),
            floor: known(result.at_equilibrium)
              ? `${fixed(result.at_equilibrium, 4)} ± ${fixed(result.spread, 4)}` : '',
            hint: t('The two wins together, in nats, after {steps} inner steps of each player: more '
              + 'steps find more, so only gaps with the same number compare. In grey a perfect generator '
              + 'against a D at rest, mean and standard deviation: what D learns of its {samples} samples '
              + 'by heart costs it on the {test} fresh ones on which this is read, so that is below 0. '
              + 'Where labels are smoothed D wins back there what they forbid it.',
                { steps, samples: grouped(result.samples), test: grouped(result.test) }) },
          { name: t('V now'), value: fixed(result.value, 4),
            hint: t('V = E log D(x) + E log(1 − D(G(z))) of this state; −log 4 = −1.3863 where D = ½.') },
          { name: t('V after D’s steps'), value: fixed(result.worst_for_g, 4),
            hint: t('What D reaches against this G: the most that G has to fear.') },
          { name: t('V after G’s steps'), value: fixed(result.worst_for_d, 4),
            hint: t('What G reaches against this D: the least that D has to fear.') },
          { name: t('inner steps'), value: steps,
            hint: t('Adam steps at {learning_rate} on {samples} fixed samples.',
                { learning_rate: compact(result.learning_rate), samples: grouped(result.samples) }) },
        ]);
      },
    };
  },
};

/** What a perfect generator reads: its mean, and in brackets what one reading in twenty is worse than.
 * @param {import('./types.d.ts').NullReference | null | undefined} floor @param {number} digits */
const floorOf = (floor, digits) => (floor ? `${fixed(floor.mean, digits)} (${fixed(floor.worst_5pct, digits)})` : '');

/** What |v| reads at rest. @param {number | null} noise */
export const atRest = noise => (known(noise) ? t('{noise} at rest', { noise: compact(noise) }) : '');

/** @param {{sampling_noise: number | null, samples: number}} result */
export const ofNoise = ({ sampling_noise: noise, samples }) => (known(noise)
  ? t('At a rest point it is not 0: chance alone makes it about {noise} long, on {samples} samples of '
    + 'each law.', { noise: compact(noise), samples: grouped(samples) }) : t('0 at a rest point.'));
