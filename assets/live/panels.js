// @ts-check
/**
 * The curves, declared: which columns of the history share a panel, how they look, and what theory says about them.
 */

import {
  countedBy, hasModes, isBound, jsdOf, nounOf, measures, wassersteinInWords, wassersteinOf,
} from './counted.js';
import { chosen, compact, fixed, known, percent } from './numbers.js';
import { isClassic, isProbability, readingOf } from './reading.js';

/** @typedef {import('./types.d.ts').Facts} Facts */
/** @typedef {import('./comparison-members.js').Shown} Shown */
/** @typedef {import('./axes.js').Reference & {ink?:
 * import('./palette.js').Ink, since?: number, note?: string}} PanelReference
 * `since` is the step from which it holds; a `note` stands at the line itself, where a tick's label would not do. */

/** `F`: the facts of one game, or of a comparison.
 * @template {Shown} F
 * @typedef {object} Series
 * @property {string} column of the history
 * @property {string | ((facts: F) => string)} label
 * @property {string | ((facts: F) => string)} [name] spoken and hovered where the label is a bare letter
 * @property {import('./palette.js').Ink} ink
 * @property {string} [dash]
 * @property {number} [least] smaller values do not stretch a logarithmic axis: to be below says it all
 * @property {number} [width]
 * @property {'hv'} [shape]
 * @property {(value: number, facts: F) => number} [derive] what is drawn, from what was measured
 * @property {(measured: number | null, facts: F) => string}
 * [reading] its value in words, where the panel's way will not do
 * @property {number} [room] kept for the reading, in characters
 * @property {string} [format] of the number under the pointer, as d3 writes it
 * @property {number} [member] whose line it is, in a comparison
 * @property {(facts: F) => boolean} [when] whether this game has it */

/** @template {Shown} F
 * @typedef {object} PanelSpec
 * @property {string} key
 * @property {string | ((facts: F) => string)} title
 * @property {(facts: F) => string} [aside] a word more beside the title, where there is room
 * @property {boolean} [log]
 * @property {(facts: F) => [number, number] | null} [fixed] the y range, where it is known beforehand
 * @property {number | ((facts: F) => number)} narrowest y extent (in
 * decades when `log`): noise on a plateau should look like a plateau
 * @property {(value: number | null, facts: F) => string} reading the current value in words
 * @property {boolean} [headed] words stand at its head, so those of the marks stand at its foot
 * @property {(facts: F) => number} [since] the step from which its lines are in the units of its axis
 * @property {(value: number) => string} [tick] how round numbers are written at the axis
 * @property {boolean} [direct] lines of a comparison: their
 * readings stand at their ends, and one legend serves all panels
 * @property {(facts: F, history: import('./history.js').History) =>
 * boolean} [when] whether it has something to say about this game
 * @property {Series<F>[]} series
 * @property {(facts: F) => PanelReference[]} references */

const LOG_4 = Math.log(4);

/** @param {import('./types.d.ts').ReferenceLine | undefined} reference @returns {PanelReference[]} */
const given = reference => (reference ? [reference] : []);

/** @param {import('./types.d.ts').NullReference | undefined} floor @param {import('./palette.js').Ink} ink
 * @param {string} note
 * @returns {PanelReference[]} */
const floor = (floor, ink, note) => (known(floor?.mean) ? [{ value: floor.mean, label: '', note, ink }] : []);

/** How long a JSD stays in the curves. @param {Facts} facts */
const heldFor = facts => (facts.jsd_every ? `, read every ${facts.jsd_every} steps or sooner` : '');

/** What this game makes of something that may depend on it.
 * @template T @template {Shown} F @param {T | ((facts: F) => T)} said @param {F} facts @returns {T} */
export const inGame = (said, facts) =>
  (typeof said === 'function' ? /** @type {(facts: F) => T} */ (said)(facts) : said);

/** @type {PanelSpec<Facts>[]} */
export const PANELS = [
  {
    key: 'losses',
    title: 'Losses',
    aside: ({ objective: { label, other } }) => (other ? `not played: ${other}` : label),
    narrowest: 0.5,
    reading: value => fixed(value),
    series: [
      { column: 'loss_d', label: 'D', name: 'discriminator loss', ink: 'discriminator' },
      { column: 'loss_g', label: 'G', name: 'generator loss', ink: 'generated', dash: 'dash' },
    ],
    references: facts => [...given(facts.references.loss_d), ...given(facts.references.loss_g)],
  },
  {
    key: 'mean_d',
    title: facts => `Mean ${readingOf(facts).symbol}`,
    fixed: facts => (isProbability(readingOf(facts)) ? [0, 1] : null),
    narrowest: facts => (readingOf(facts).centre === null ? 0.01 : 0.5),
    since: facts => readingOf(facts).since,
    reading: (value, facts) => (isProbability(readingOf(facts)) ? fixed(value) : compact(value)),
    series: [
      { column: 'mean_d_real', label: 'real', name: facts => `mean of ${readingOf(facts).label} on real data`,
        ink: 'real' },
      { column: 'mean_d_fake', label: 'generated', name: facts =>
        `mean of ${readingOf(facts).label} on generated data`, ink: 'generated', dash: 'dash' },
    ],
    references: facts => {
      const { centre, centre_label: label } = readingOf(facts);
      return centre === null ? [] : [{ value: centre, label }];
    },
  },
  {
    key: 'frechet',
    title: 'Fréchet distance',
    log: true,
    narrowest: 1,
    reading: value => compact(value),
    when: facts => measures(facts, 'frechet'),
    series: [
      {
        column: 'frechet', label: 'G', ink: 'generated',
        name: 'Fréchet distance between features of generated and real pictures, as Gaussians: 0 when they agree in '
          + 'mean and covariance; 1 is the whole variance of the real ones',
      },
      { column: 'frechet_average', label: 'averaged', name: 'the same of the averaged generator', ink: 'generated',
        dash: 'dot', when: facts => facts.averaging > 0 },
    ],
    references: facts => floor(facts.floors.frechet, 'real', 'real against real'),
  },
  {
    key: 'value',
    title: 'Value',
    narrowest: 0.25,
    reading: value => fixed(value),
    when: facts => isClassic(readingOf(facts)),
    series: [
      { column: 'value', label: 'V', ink: 'value', name: 'value of the game: the number is that of the state on fresh '
        + 'samples, the same as below; the curve is of each round’s own batch' },
      { column: 'jsd_seen', label: facts => `−log 4 + 2 JSD${isBound(facts) ? ' ≥' : ''}`,
        name: facts => `−log 4 + 2 JSD, of the laws as D sees them, in noise and in packs: `
          + `${isBound(facts) ? 'a lower bound of ' : ''}the value of the best D${heldFor(facts)}`,
        ink: 'text', dash: 'fine', width: 1.3, when: facts => measures(facts, 'jsd_seen'),
        derive: jsd => 2 * jsd - LOG_4 },
    ],
    references: () => [{ value: -LOG_4, label: '−log 4' }],
  },
  {
    key: 'coverage',
    title: facts => (nounOf(facts) ? 'Captured' : 'Coverage'),
    fixed: () => [0, 1.14], // above 1 room for words
    headed: true,
    narrowest: 1,
    reading: value => percent(value),
    tick: percent,
    when: hasModes,
    series: [
      {
        column: 'modes',
        label: facts => countedBy(facts).noun,
        name: facts => `${countedBy(facts).noun} captured: those ${countedBy(facts).captured}`,
        ink: 'text',
        shape: 'hv',
        room: 8,
        format: '.0%',
        derive: (modes, facts) => modes / (facts.modes.length),
        reading: (modes, facts) => (known(modes) ? `${Math.round(modes)} of ${facts.modes.length}` : '–'),
      },
      {
        column: 'high_quality',
        label: 'high quality',
        name: facts => `high quality: the share of generated samples ${countedBy(facts).quality}`,
        ink: 'generated',
        dash: 'dash',
        room: 5,
        format: '.1%',
      },
    ],
    references: facts => [
      { value: 1, label: `${facts.modes.length} of ${facts.modes.length}`,
        note: `high quality of p_r itself: ${percent(facts.perfect_quality, 1)}` },
      { value: facts.perfect_quality ?? 1, label: '', ink: 'generated' },
    ],
  },
  {
    key: 'precision',
    title: 'Precision, recall',
    fixed: () => [0, 1.14], // above 1 room for words
    headed: true,
    narrowest: 1,
    reading: value => fixed(value, 2),
    when: facts => measures(facts, 'precision'),
    series: [
      { column: 'precision', label: 'P', ink: 'generated', dash: 'dash', room: 4,
        name: 'precision: the share of generated pictures that lie among real ones, by their features (Kynkäänniemi '
          + 'et al. 2019): quality' },
      { column: 'recall', label: 'R', ink: 'real', room: 4,
        name: 'recall: the share of real pictures that lie among generated ones (Kynkäänniemi et al. 2019): variety' },
      { column: 'coverage', label: 'C', ink: 'text', dash: 'dot', room: 4,
        name: 'coverage, that of Naeem et al. (2020): the share of real pictures with a generated one among their '
          + 'nearest neighbours. It counts neither digits nor cells' },
    ],
    references: facts => [
      ...floor(facts.floors.precision, 'generated', 'real against real'),
      ...floor(facts.floors.recall, 'real', ''),
      ...floor(facts.floors.coverage, 'text', ''),
    ],
  },
  {
    key: 'divergence',
    title: 'Distance',
    log: true,
    narrowest: 1.5,
    reading: value => compact(value),
    when: facts => measures(facts, 'jsd'),
    series: [
      { column: 'jsd', label: facts => jsdOf(facts),
        name: facts =>
          `${isBound(facts) ? 'lower bound of the ' : ''}Jensen–Shannon divergence, in nats${heldFor(facts)}`,
        ink: 'text' },
      { column: 'wasserstein', label: facts => wassersteinOf(facts), name: wassersteinInWords,
        ink: 'real', dash: 'dashdot' },
      { column: 'reverse_kl', label: facts => `KL of ${countedBy(facts).noun}`,
        name: facts => `reverse KL divergence, in nats, of the ${countedBy(facts).noun}’ shares of p_g from their true `
          + 'weights: it sees nothing of p_g’s shape within them. '
          + (facts.floors.reverse_kl ? `A perfect generator reads ${compact(facts.floors.reverse_kl.mean)} on average`
            : ''),
        ink: 'generated',
        dash: 'dot', least: 1e-4, when: hasModes },
    ],
    references: facts => [...floor(facts.floors.jsd, 'text', 'noise floor of JSD'),
      ...floor(facts.floors.wasserstein, 'real', `noise floor of ${wassersteinOf(facts)}`),
      // No words: on the ring it lies just beneath that of JSD
      ...(hasModes(facts) ? floor(facts.floors.reverse_kl, 'generated', '') : [])],
  },
  {
    key: 'gradients',
    title: 'Gradients',
    log: true,
    narrowest: 1.5,
    reading: value => compact(value),
    series: [
      { column: 'gradient_norm_d', label: 'D', name: 'gradient norm of D', ink: 'discriminator', width: 1.2 },
      { column: 'gradient_norm_g', label: 'G', name: 'gradient norm of G', ink: 'generated', dash: 'dash', width: 1.2 },
      {
        column: 'gradient_norm_g_other',
        label: facts => facts.objective.other ?? '',
        name: facts => `gradient norm of G under the loss that is not played (${facts.objective.other}), from the `
          + `same state`,
        when: facts => facts.objective.other !== null,
        ink: 'generated',
        dash: 'dot',
        width: 1.1,
      },
    ],
    references: () => [],
  },
  {
    key: 'learning_rates',
    title: 'Learning rates',
    log: true,
    narrowest: 2,
    reading: value => chosen(value),
    series: [
      { column: 'learning_rate_d', label: 'D', name: 'learning rate of D', ink: 'discriminator', shape: 'hv' },
      { column: 'learning_rate_g', label: 'G', name: 'learning rate of G', ink: 'generated', dash: 'dash',
        shape: 'hv' },
    ],
    references: () => [],
  },
  {
    key: 'update_cosine',
    title: 'Update cosine',
    aside: () => 'cosine of consecutive displacements',
    fixed: () => [-1.1, 1.1],
    narrowest: 1,
    reading: value => fixed(value, 2),
    series: [
      {
        column: 'update_cosine', label: 'cosine', ink: 'value', width: 1.2,
        name: 'cosine between both players’ displacement since the last measurement and the one before: 1 straight '
          + 'on, 0 a right angle, −1 back again',
      },
    ],
    references: () => [{ value: 0, label: '0' }],
  },
  {
    key: 'slope',
    title: 'Slope of D',
    aside: () => 'E |∇a|',
    log: true,
    narrowest: 1.5,
    since: facts => readingOf(facts).since,
    reading: value => compact(value),
    series: [
      { column: 'slope_real', label: 'real',
        name: 'E |∇a| on real data: the slope of D’s output before the sigmoid, per unit of x, '
          + 'along the whole pack where D judges packs', ink: 'real' },
      { column: 'slope_fake', label: 'generated', name: 'E |∇a| on generated data', ink: 'generated', dash: 'dash' },
    ],
    references: () => [],
  },
];
