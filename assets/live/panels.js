// @ts-check
/**
 * The curves, declared: which columns of the history share a panel, how they look, and what theory says about them.
 */

import {
  countedBy, hasModes, isBound, jsdOf, nounOf, measures, wassersteinInWords, wassersteinOf,
} from './counted.js';
import { chosen, compact, fixed, known, percent } from './numbers.js';
import { isClassic, isProbability, readingOf } from './reading.js';
import { before, said, t } from './words.js';

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
 * @property {boolean} [held] it is measured every so many steps, and its last value is held until then
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
const heldFor = facts => (facts.jsd_every ? t(', read every {jsd_every} steps or sooner',
    { jsd_every: facts.jsd_every }) : '');

/** What this game makes of something that may depend on it.
 * @template T @template {Shown} F @param {T | ((facts: F) => T)} said @param {F} facts @returns {T} */
export const inGame = (said, facts) =>
  (typeof said === 'function' ? /** @type {(facts: F) => T} */ (said)(facts) : said);

/** @type {PanelSpec<Facts>[]} */
export const PANELS = [
  {
    key: 'losses',
    get title() { return t('Losses'); },
    aside: ({ objective: { label, other } }) => (other ? t('not played: {other}', { other }) : said(label)),
    narrowest: 0.5,
    reading: value => fixed(value),
    series: [
      { column: 'loss_d', label: 'D', get name() { return t('discriminator loss'); }, ink: 'discriminator' },
      { column: 'loss_g', label: 'G', get name() { return t('generator loss'); }, ink: 'generated', dash: 'dash' },
    ],
    references: facts => [...given(facts.references.loss_d), ...given(facts.references.loss_g)],
  },
  {
    key: 'mean_d',
    title: facts => t('Mean {reading}', { reading: readingOf(facts).symbol }),
    fixed: facts => (isProbability(readingOf(facts)) ? [0, 1] : null),
    narrowest: facts => (readingOf(facts).centre === null ? 0.01 : 0.5),
    since: facts => readingOf(facts).since,
    reading: (value, facts) => (isProbability(readingOf(facts)) ? fixed(value) : compact(value)),
    series: [
      { column: 'mean_d_real', get label() { return t('real'); }, name: facts => t('mean of {reading} on real data',
          { reading: readingOf(facts).label }),
        ink: 'real' },
      { column: 'mean_d_fake', get label() { return t('generated'); }, name: facts =>
        t('mean of {reading} on generated data', { reading: readingOf(facts).label }), ink: 'generated', dash: 'dash' },
    ],
    references: facts => {
      const { centre, centre_label: label } = readingOf(facts);
      return centre === null ? [] : [{ value: centre, label }];
    },
  },
  {
    key: 'frechet',
    get title() { return t('Fréchet distance'); },
    log: true,
    narrowest: 1,
    reading: value => compact(value),
    when: facts => measures(facts, 'frechet'),
    series: [
      {
        column: 'frechet', held: true, label: 'G', ink: 'generated',
        get name() { return t('Fréchet distance between features of generated and real pictures, as Gaussians: 0 '
          + 'when they agree in mean and covariance; 1 is the whole variance of the real ones'); },
      },
      { column: 'frechet_average', held: true, get label() { return t('averaged'); },
        get name() { return t('the same of the averaged generator'); }, ink: 'generated',
        dash: 'dot', when: facts => facts.averaging > 0 },
    ],
    references: facts => floor(facts.floors.frechet, 'real', t('real against real')),
  },
  {
    key: 'value',
    get title() { return t('Value'); },
    narrowest: 0.25,
    reading: value => fixed(value),
    when: facts => isClassic(readingOf(facts)),
    series: [
      { column: 'value', label: 'V', ink: 'value', get name() { return t('value of the game: the number is that of '
        + 'the state on fresh samples, the same as below; the curve is of each round’s own batch'); } },
      { column: 'jsd_seen', held: true, label: facts => `−log 4 + 2 JSD${isBound(facts) ? ' ≥' : ''}`,
        name: facts => t('−log 4 + 2 JSD, of the laws as D sees them, in noise and in packs: '
          + '{is_bound}the value of the best D{held_for}',
            { is_bound: isBound(facts) ? before(t('a lower bound of')) : '', held_for: heldFor(facts) }),
        ink: 'text', dash: 'fine', width: 1.3, when: facts => measures(facts, 'jsd_seen'),
        derive: jsd => 2 * jsd - LOG_4 },
    ],
    references: () => [{ value: -LOG_4, label: '−log 4' }],
  },
  {
    key: 'coverage',
    title: facts => (nounOf(facts) ? t('Captured') : t('Coverage')),
    fixed: () => [0, 1.14], // above 1 room for words
    headed: true,
    narrowest: 1,
    reading: value => percent(value),
    tick: percent,
    when: hasModes,
    series: [
      {
        column: 'modes', held: true,
        label: facts => countedBy(facts).noun,
        name: facts => t('{counted_by} captured: those {counted_by2}',
            { counted_by: countedBy(facts).noun, counted_by2: countedBy(facts).captured }),
        ink: 'text',
        shape: 'hv',
        room: 8,
        format: '.0%',
        derive: (modes, facts) => modes / (facts.modes.length),
        reading: (modes, facts) => (known(modes) ? t('{some} of {all}', { some: Math.round(modes),
          all: facts.modes.length }) : '–'),
      },
      {
        column: 'high_quality', held: true,
        get label() { return t('high quality'); },
        name: facts => t('high quality: the share of generated samples {counted_by}',
            { counted_by: countedBy(facts).quality }),
        ink: 'generated',
        dash: 'dash',
        room: 5,
        format: '.1%',
      },
    ],
    references: facts => [
      { value: 1, label: t('{some} of {all}', { some: facts.modes.length, all: facts.modes.length }),
        note: t('high quality of p_r itself: {perfect_quality}',
            { perfect_quality: percent(facts.perfect_quality, 1) }) },
      { value: facts.perfect_quality ?? 1, label: '', ink: 'generated' },
    ],
  },
  {
    key: 'precision',
    get title() { return t('Precision, recall'); },
    fixed: () => [0, 1.14], // above 1 room for words
    headed: true,
    narrowest: 1,
    reading: value => fixed(value, 2),
    when: facts => measures(facts, 'precision'),
    series: [
      { column: 'precision', held: true, label: 'P', ink: 'generated', dash: 'dash', room: 4,
        get name() { return t('precision: the share of generated pictures that lie among real ones, by their '
          + 'features (Kynkäänniemi et al. 2019): quality'); } },
      { column: 'recall', held: true, label: 'R', ink: 'real', room: 4,
        get name() { return t('recall: the share of real pictures that lie among generated ones (Kynkäänniemi et '
          + 'al. 2019): variety'); } },
      { column: 'coverage', held: true, label: 'C', ink: 'text', dash: 'dot', room: 4,
        get name() { return t('coverage, that of Naeem et al. (2020): the share of real pictures with a generated '
          + 'one among their nearest neighbours. It counts neither digits nor cells'); } },
    ],
    references: facts => [
      ...floor(facts.floors.precision, 'generated', t('real against real')),
      ...floor(facts.floors.recall, 'real', ''),
      ...floor(facts.floors.coverage, 'text', ''),
    ],
  },
  {
    key: 'divergence',
    get title() { return t('Distance'); },
    log: true,
    narrowest: 1.5,
    reading: value => compact(value),
    when: facts => measures(facts, 'jsd'),
    series: [
      { column: 'jsd', held: true, label: facts => jsdOf(facts),
        name: facts =>
          t('{is_bound}Jensen–Shannon divergence, in nats{held_for}',
              { is_bound: isBound(facts) ? before(t('lower bound of the')) : '', held_for: heldFor(facts) }),
        ink: 'text' },
      { column: 'wasserstein', held: true, label: facts => wassersteinOf(facts), name: wassersteinInWords,
        ink: 'real', dash: 'dashdot' },
      { column: 'reverse_kl', held: true,
        label: facts => t('KL of {counted_by}', { counted_by: countedBy(facts).noun }),
        name: facts => t('reverse KL divergence, in nats, of the {counted_by}’ shares of p_g from '
          + 'their true weights: it sees nothing of p_g’s shape within them. {what}',
            { counted_by: countedBy(facts).noun,
              what: (facts.floors.reverse_kl ? t('A perfect generator reads {mean} on average',
              { mean: compact(facts.floors.reverse_kl.mean) })
            : '') }),
        ink: 'generated',
        dash: 'dot', least: 1e-4, when: hasModes },
    ],
    references: facts => [...floor(facts.floors.jsd, 'text', t('noise floor of JSD')),
      ...floor(facts.floors.wasserstein, 'real', t('noise floor of {wasserstein}',
          { wasserstein: wassersteinOf(facts) })),
      // No words: on the ring it lies just beneath that of JSD
      ...(hasModes(facts) ? floor(facts.floors.reverse_kl, 'generated', '') : [])],
  },
  {
    key: 'gradients',
    get title() { return t('Gradients'); },
    when: facts => measures(facts, 'gradient_norm_d'),
    log: true,
    narrowest: 1.5,
    reading: value => compact(value),
    series: [
      { column: 'gradient_norm_d', label: 'D', get name() { return t('gradient norm of D'); }, ink: 'discriminator',
        width: 1.2 },
      { column: 'gradient_norm_g', label: 'G', get name() { return t('gradient norm of G'); }, ink: 'generated',
        dash: 'dash', width: 1.2 },
      {
        column: 'gradient_norm_g_other',
        label: facts => said(facts.objective.other),
        name: facts => t('gradient norm of G under the loss that is not played ({other}), from the '
          + 'same state', { other: facts.objective.other }),
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
    get title() { return t('Learning rates'); },
    when: facts => measures(facts, 'learning_rate_d'),
    log: true,
    narrowest: 2,
    reading: value => chosen(value),
    series: [
      { column: 'learning_rate_d', label: 'D', get name() { return t('learning rate of D'); }, ink: 'discriminator',
        shape: 'hv' },
      { column: 'learning_rate_g', label: 'G', get name() { return t('learning rate of G'); }, ink: 'generated',
        dash: 'dash',
        shape: 'hv' },
    ],
    references: () => [],
  },
  {
    key: 'update_cosine',
    get title() { return t('Update cosine'); },
    aside: () => t('cosine of consecutive displacements'),
    fixed: () => [-1.1, 1.1],
    narrowest: 1,
    reading: value => fixed(value, 2),
    series: [
      {
        column: 'update_cosine', get label() { return t('cosine'); }, ink: 'value', width: 1.2,
        get name() { return t('cosine between both players’ displacement since the last measurement and the one '
          + 'before: 1 straight on, 0 a right angle, −1 back again'); },
      },
    ],
    references: () => [{ value: 0, label: '0' }],
  },
  {
    key: 'slope',
    get title() { return t('Slope of D'); },
    aside: () => 'E |∇a|',
    log: true,
    narrowest: 1.5,
    since: facts => readingOf(facts).since,
    reading: value => compact(value),
    series: [
      { column: 'slope_real', held: true, get label() { return t('real'); },
        get name() { return t('E |∇a| on real data: the slope of D’s output before the sigmoid, per unit of x, '
          + 'along the whole pack where D judges packs'); }, ink: 'real' },
      { column: 'slope_fake', held: true, get label() { return t('generated'); },
        get name() { return t('E |∇a| on generated data'); }, ink: 'generated', dash: 'dash' },
    ],
    references: () => [],
  },
];
