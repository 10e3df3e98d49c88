// @ts-check
/**
 * What each examination shows of its result: a picture where it
 * helps, and numbers, each with what it means and its noise floor.
 */
import { fitCanvas } from './canvas.js';
import { inWords as counted } from './counted.js';
import { element, maths, write } from './dom.js';
import { ApproachCurve } from './examine-curve.js';
import { compact, fixed, grouped, known, percent, round } from './numbers.js';
import { drawPlane } from './phase-spectrum.js';

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
  title: 'Eigenvalues of the game',
  answers: 'Is this point drawn in, driven away, or circled?',
  hint: 'How the field that both players follow bends at this point: the leading eigenvalues of its Jacobian H. '
    + 'Near a rest point a positive '
    + 'real part means that small steps are drawn in, a negative one that they are driven away, and an imaginary '
    + 'part that the players circle each other.',
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
          `${result.found} eigenvalues in the complex plane, the largest `
            + `${eigenvalues.slice(0, 3).map(inWords).join(', ')}`);
        if (fitCanvas(c)) {
          const [width, height] = [canvas.clientWidth, canvas.clientHeight];
          c.clearRect(0, 0, width, height);
          const names = scaled ? ['Re hλ', 'Im hλ'] : ['Re λ', 'Im λ'];
          drawPlane(c, { width, height, theme, dots: eigenvalues, region: boundary, names, around: boundary ? undefined
            : CLOSE });
        }
        write(words, result.words);
        const largest = eigenvalues[0];
        numbers.show([
          { name: 'shown', value: result.complete ? `all ${grouped(result.size)}`
            : `${result.found} of ${grouped(result.size)}`,
            hint: result.complete ? 'Every eigenvalue of H; at most 64 are drawn.'
              : 'Those of largest magnitude, and those furthest to the left as far as they were found. A matrix '
                + 'this large is not taken apart whole.' },
          { name: 'largest λ', value: largest ? inWords(largest) : '–',
            hint: 'The eigenvalue of largest magnitude: the stiffest direction, which limits the step size.' },
          { name: 'negative real parts', value: grouped(result.negative),
            hint: 'How many of those found have a real part below 0: directions in which small steps are driven '
              + 'away. Many are no harm far from a rest point. It has no floor: at an equilibrium many eigenvalues '
              + 'are 0, and which side of it they read is chance.' },
          { name: '|v|', value: compact(result.speed), floor: atRest(result.sampling_noise),
            hint: `Length of the field itself${scaled ? ', times the step sizes' : ''}. ${ofNoise(result)} The `
              + `further beyond, the less eigenvalues say about where the game goes.` },
          { name: 'steps h_G, h_D', value: `${compact(ofG)}, ${compact(ofD)}`,
            hint: 'Both players’ learning rates at that step.' },
          ...(known(growth) ? [{ name: 'largest multiplier', value: fixed(growth, 4),
            hint: 'By how much one round of this rule multiplies a small distance from a rest point along the worst '
              + 'of the directions found: below 1 it shrinks. Where nobody notices a direction, it is 1.' }] : []),
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
  title: 'Freeze G, train D to its best',
  answers: 'Is D strong enough against this G? How far could it come?',
  hint: 'A copy of D is trained against this G, which stands still, without any penalty. Theory says how far it can '
    + 'come: V = 2 JSD − log 4 '
    + '(Goodfellow et al. 2014). How far it comes says whether D is strong enough. The game keeps its own D.',
  create({ tips, signal, send, plotly }) {
    const curve = new ApproachCurve({ plotly, signal }, 'gd-examine-curve');
    const numbers = new Numbers(tips);
    const train = element('button', { type: 'button', class: 'gd-button' },
      `Train D alone in the game, ${grouped(ALONE)} rounds`);
    const said = element('span', { class: 'gd-floor' });
    tips.set(train, `What was trained here was a copy. This moves the game’s own D: ${grouped(ALONE)} rounds by its `
      + `own optimiser in which G stands still, and then the game is paused. Play goes on from there with both.`);
    train.addEventListener('click', () => send({ type: 'step', players: 'D', n: ALONE }), { signal });
    const offer = element('p', { class: 'gd-examine-offer', hidden: '' }, train, said);
    return {
      node: element('div', {}, curve.node, numbers.node, offer),
      allow({ role, status, done }) {
        offer.toggleAttribute('hidden', !done || role !== 'steer');
        train.toggleAttribute('disabled', status !== 'paused');
        write(said, status === 'running' ? 'pause the game first' : '');
      },
      show(result, theme) {
        if (result.what !== 'best_response') return;
        curve.show(result, theme);
        const now = result.values.at(-1) ?? null;
        const [atLeast, atMost] = result.jsd_is_bound ? [', at least', ', at most'] : ['', ''];
        numbers.show([
          { name: 'D steps', value: grouped(result.steps.at(-1) ?? 0),
            hint: `Adam steps of D alone at ${compact(result.learning_rate)}. It ends when V has not risen for a `
              + `while, or after ${grouped(result.limit)}.` },
          { name: 'V at first', value: fixed(result.values[0], 4),
            hint: 'V = E log D(x) + E log(1 − D(G(z))) of the game’s own D, on 8192 samples of each law that are '
              + 'not trained on.' },
          { name: 'V now', value: fixed(now, 4), floor: `${fixed(-Math.log(4), 4)} at equilibrium`,
            hint: 'The same of the trained copy. Against a perfect generator no D has more than −log 4 = −1.3863, and '
              + 'one trained on fresh samples reads within 0.001 of it.' },
          ...(known(result.jsd) ? [
            { name: `2 JSD − log 4${atLeast}`, value: fixed(result.bound, 4),
              hint: 'What the best of all D would reach against this G, by the measured JSD.' },
            { name: `share reached${atMost}`, value: percent(result.share, 1),
              hint: '(V + log 4) / 2 JSD: 0 where D says 1/2 everywhere, 100 % at the best response. Noise in V and '
                + 'JSD may carry it below or beyond.' },
            { name: `JSD${atLeast}`, value: fixed(result.jsd, 4), floor: floorOf(result.jsd_floor, 4),
              hint: 'Measured divergence of p_g from p_r in nats. In grey what a perfect generator reads on as many '
                + 'samples: its mean, and in brackets what it stays below nineteen times in twenty.' },
          ] : [
            { name: 'JSD at least', value: fixed(known(now) ? Math.max(0, (now - result.idle) / 2) : null, 4),
              hint: '(V + log 4) / 2, in nats: no D reaches more than V = 2 JSD − log 4, so this D proves that the '
                + 'JSD is at least so large. It is at most log 2 = 0.6931, where p_r and p_g share nothing. A '
                + 'stronger D might prove more.' },
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
    hint: 'Exact Wasserstein distance: how far a real sample lies from its generated partner on average, in the '
      + 'best pairing. Units of x; less is better.' },
  { key: 'w2', name: 'W_2', digits: 3,
    hint: 'The same with squared distances: outliers and missed modes weigh more. Less is better.' },
  { key: 'mmd', name: 'MMD²', digits: 4,
    hint: 'Squared maximum mean discrepancy with a cubic kernel: it compares moments up to the third. Unbiased, so '
      + 'it may be negative; less is better.' },
  { key: 'precision', name: 'precision', digits: 3,
    hint: 'Share of generated samples that lie among real ones, within some real sample’s 5 nearest neighbours: '
      + 'quality. More is better.' },
  { key: 'recall', name: 'recall', digits: 3,
    hint: 'Share of real samples that lie among generated ones: variety. More is better.' },
  { key: 'density', name: 'density', digits: 3,
    hint: 'In how many real neighbourhoods a generated sample lies, divided by 5: as precision, but outliers count '
      + 'less. It may exceed 1; more is better.' },
  { key: 'coverage', name: 'coverage', digits: 3,
    hint: 'Share of real samples with a generated one among their 5 nearest neighbours: variety. More is better.' },
  { key: 'high_quality', name: 'high quality', digits: 3, hint: ({ quality }) =>
    `Share of generated samples ${quality}. More is better.` },
  { key: 'reverse_kl', name: 'reverse KL', digits: 4, hint: ({ noun }) =>
    `How unlike their weights the ${noun} are filled, in nats: 0 when by their weights, log K `
      + `when all samples are in one of K equal ones. Less is better.` },
];

/** @type {import('./examine.js').Section} */
export const samples = {
  what: 'samples',
  title: 'Samples compared',
  answers: 'How far are generated samples from real ones, by nine measures?',
  hint: 'Generated samples against as many real ones, 1000 where that can be had. Beside each number stands what '
    + 'two samples of p_r itself read: no generator can be told from '
    + 'a perfect one below that.',
  create({ tips }) {
    const numbers = new Numbers(tips);
    const caption = element('p', { class: 'gd-floor' });
    const modes = element('div', { class: 'gd-modes' });
    return {
      node: element('div', {}, caption, numbers.node, modes),
      show(result) {
        if (result.what !== 'samples') return;
        const { values, floors, modes: table } = result;
        write(caption, `${grouped(result.points)} of each; in grey a perfect generator: mean (5 % read worse `
          + `than)${floors ? '' : ': being read …'}`);
        numbers.show([
          ...STATISTICS.filter(({ key }) => key in values).map(({ key, name, digits, hint }) => (
            { name, value: fixed(values[key], digits), floor: floors ? floorOf(floors[key], digits) : '',
              hint: typeof hint === 'function' ? hint(counted(table?.counted)) : hint })),
          { name: 'mean slope of D', value: compact(result.slope),
            hint: 'E |∇ₓ a(x)| over the real samples, a D’s output before the sigmoid: how steep D is where the '
              + 'data lies. At equilibrium 0, and no floor stands beside it: a flat D has no slope anywhere.' },
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
  const title = element('h4', {}, `${heading}: share, and a perfect G’s as a tick`);
  const near = 'lie within 3 standard deviations of each mode';
  const which = by !== 'modes' ? `count for each of the ${noun}: those ${quality}` : near;
  tips.set(title, `The share of all generated samples that ${which}. `
    + 'The tick stands at what a perfect generator would have, by the law of the data: less than the weight of a mode, '
    + 'since some of its samples lie elsewhere. ± is the standard deviation of that at this number of samples.'
    + (attributes.length
      ? ` A cell is named by its middle: ${attributes.map(a => `${a.name} (${a.unit})`).join(', ')}.` : ''));
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
  rows.push(element('div', { class: 'gd-mode gd-elsewhere' }, element('span', {}, 'elsewhere'), bar,
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
  title: 'Duality gap',
  answers: 'How much could each player still win if the other stood still?',
  hint: 'What each player could still win if the other stood still (Grnarova et al. 2019). In theory 0 at an '
    + 'equilibrium where D = ½, and positive elsewhere. What is read there is less: see the number in grey.',
  create({ tips }) {
    const numbers = new Numbers(tips);
    return {
      node: numbers.node,
      show(result) {
        if (result.what !== 'duality') return;
        const steps = grouped(result.steps);
        numbers.show([
          { name: 'gap', value: fixed(result.gap, 4),
            floor: known(result.at_equilibrium)
              ? `${fixed(result.at_equilibrium, 4)} ± ${fixed(result.spread, 4)}` : '',
            hint: `The two wins together, in nats, after ${steps} inner steps of each player: more steps find more, `
              + `so only gaps with the same number compare. In grey a perfect generator against a D at rest, mean and `
              + `standard deviation: what D learns of its ${grouped(result.samples)} samples by heart costs it on the `
              + `${grouped(result.test)} fresh ones on which this is read, so that is below 0. `
              + `Where labels are smoothed D wins back there what they forbid it.` },
          { name: 'V now', value: fixed(result.value, 4),
            hint: 'V = E log D(x) + E log(1 − D(G(z))) of this state; −log 4 = −1.3863 where D = ½.' },
          { name: 'V after D’s steps', value: fixed(result.worst_for_g, 4),
            hint: 'What D reaches against this G: the most that G has to fear.' },
          { name: 'V after G’s steps', value: fixed(result.worst_for_d, 4),
            hint: 'What G reaches against this D: the least that D has to fear.' },
          { name: 'inner steps', value: steps,
            hint: `Adam steps at ${compact(result.learning_rate)} on ${grouped(result.samples)} fixed samples.` },
        ]);
      },
    };
  },
};

/** What a perfect generator reads: its mean, and in brackets what one reading in twenty is worse than.
 * @param {import('./types.d.ts').NullReference | null | undefined} floor @param {number} digits */
const floorOf = (floor, digits) => (floor ? `${fixed(floor.mean, digits)} (${fixed(floor.worst_5pct, digits)})` : '');

/** What |v| reads at rest. @param {number | null} noise */
export const atRest = noise => (known(noise) ? `${compact(noise)} at rest` : '');

/** @param {{sampling_noise: number | null, samples: number}} result */
export const ofNoise = ({ sampling_noise: noise, samples }) => (known(noise)
  ? `At a rest point it is not 0: chance alone makes it about ${compact(noise)} long, on ${grouped(samples)} samples `
    + 'of each law.' : '0 at a rest point.');
