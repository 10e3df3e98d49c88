// @ts-check
/**
 * The curves of a comparison, declared: one panel per quantity, one line per member.
 * Members meet in a panel only where their numbers are in one unit: losses of one
 * objective, outputs of D under one reading. What has several units has several panels.
 */
import { agreed, groupsBy, LINE_STYLES, membersOf, MOST_MEMBERS } from './comparison-members.js';
import { countedBy, hasModes, isBound, jsdOf, measures, wassersteinOf } from './counted.js';
import { chosen, compact, fixed, known, percent } from './numbers.js';
import { isProbability, NO_GAME, readingOf, unitOf } from './reading.js';
import { said, t } from './words.js';

/** @typedef {import('./comparison-members.js').Comparison} Comparison */
/** @typedef {import('./types.d.ts').Facts} Facts */
/** @typedef {import('./panels.js').PanelSpec<Comparison>} PanelSpec */
/** @typedef {import('./panels.js').PanelReference} PanelReference */
/** @typedef {import('./comparison-members.js').Member} Member */

/** @typedef {object} Quantity what is compared
 * @property {string} key
 * @property {string} column of each member's history
 * @property {string | ((facts: Facts) => string)} title of one member's facts
 * @property {(facts: Facts) => string | null} unit numbers in
 * the same one may share an axis; null: this member has none
 * @property {(facts: Facts) => string} [unitName] in words, said where there are several
 * @property {(value: number | null, facts: Facts) => string} reading
 * @property {number | ((facts: Facts) => number)} narrowest
 * @property {boolean} [log]
 * @property {(facts: Facts) => [number, number] | null} [fixed]
 * @property {(value: number, facts: Facts) => number} [derive]
 * @property {'hv'} [shape]
 * @property {string} [format]
 * @property {(value: number) => string} [tick]
 * @property {boolean} [headed]
 * @property {boolean} [held]
 * @property {(facts: Facts) => number} [since]
 * @property {(facts: Facts) => PanelReference | undefined}
 * [reference] drawn where all that share the panel have the same
 * @property {boolean} [ifDiffering] shown only where the members' values have ever differed */

/** @param {string} word */
const capital = word => word[0].toUpperCase() + word.slice(1);

/** @param {Facts} facts */
const objectiveName = facts => said(facts.objective.label);

/** @param {Facts} facts */
const readingName = facts => {
  const { symbol, centre, centre_label } = readingOf(facts);
  return centre === null ? t('{symbol}: only differences count',
    { symbol }) : t('{symbol} = {centre_label} at equilibrium',
      { symbol, centre_label });
};

/** @param {Facts} facts */
const readingUnit = facts => unitOf(readingOf(facts));

/** The axis's reference without its name in the game's history: only its value has to be the same.
 * @param {import('./types.d.ts').ReferenceLine | undefined} reference */
const line = reference => (reference ? { value: reference.value, label: reference.label,
  ...(reference.since ? { since: reference.since } : {}) } : undefined);

/** @param {import('./types.d.ts').NullReference | undefined} found @param {string} note
 * @returns {PanelReference | undefined} */
const floor = (found, note) =>
  (known(found?.mean) ? { value: Number(found.mean.toPrecision(3)), label: '', note } : undefined);

/** Features, and how far real pictures vary in them, are each law's own. @param {string} column
 * @returns {(facts: Facts) => string | null} */
const onSamePictures = column => facts => (measures(facts, column) && facts.stage === 'pictures'
  ? JSON.stringify([facts.shape, facts.counted_by, facts.floors.frechet?.mean]) : null);

/** @param {Facts} facts */
const picturesName = facts =>
  (facts.stage === 'pictures' ? `${facts.counted_by ?? t('pictures')} ${facts.shape.slice(1).join(' × ')}` : '');

/** @type {Quantity[]} */
const QUANTITIES = [
  {
    key: 'frechet', column: 'frechet', held: true, get title() { return t('Fréchet distance'); },
      unit: onSamePictures('frechet'),
      unitName: picturesName, log: true, narrowest: 1, reading: compact,
    reference: facts => floor(facts.floors.frechet, t('real against real')),
  },
  {
    key: 'jsd', column: 'jsd', held: true, title: facts => jsdOf(facts), log: true, narrowest: 1.5, reading: compact,
    unit: facts => (measures(facts, 'jsd') ? jsdOf(facts) : null),
    unitName: facts => (isBound(facts) ? t('a lower bound') : ''),
    reference: facts => floor(facts.floors.jsd, t('noise floor')),
  },
  {
    key: 'loss_d', column: 'loss_d', get title() { return t('Loss of D'); }, unit: objectiveName,
      unitName: objectiveName, narrowest: 0.5,
      reading: value => fixed(value),
    since: facts => readingOf(facts).since, reference: facts => line(facts.references.loss_d),
  },
  {
    key: 'loss_g', column: 'loss_g', get title() { return t('Loss of G'); }, unit: objectiveName,
      unitName: objectiveName, narrowest: 0.5,
      reading: value => fixed(value),
    since: facts => readingOf(facts).since, reference: facts => line(facts.references.loss_g),
  },
  {
    key: 'coverage', column: 'modes', held: true,
      title: facts => t('{Nouns} captured', { Nouns: capital(countedBy(facts).noun) }),
      unit: facts =>
      (hasModes(facts) ? `${facts.modes.length} ${countedBy(facts).noun}` : null),
    unitName: facts => t('of {count}', { count: facts.modes.length }), narrowest: 1, fixed: () => [0, 1.14],
      headed: true, shape: 'hv',
      format: '.0%', tick: percent,
    derive: (modes, facts) => modes / facts.modes.length, reading: (share, facts) =>
      (known(share) ? t('{some} of {all}', { some: Math.round(share * facts.modes.length),
        all: facts.modes.length }) : '–'),
    reference: facts => ({ value: 1, label: t('{some} of {all}', { some: facts.modes.length,
      all: facts.modes.length }) }),
  },
  {
    key: 'quality', column: 'high_quality', held: true, get title() { return t('High quality'); }, unit: facts =>
      (hasModes(facts) ? countedBy(facts).noun : null), unitName: facts => countedBy(facts).noun, narrowest: 1,
      fixed: () => [0, 1.14], headed: true,
    format: '.1%', tick: percent, reading: value => percent(value),
    reference: facts => ({ value: facts.perfect_quality ?? 1, label: '',
      note: t('p_r itself: {perfect_quality}', { perfect_quality: percent(facts.perfect_quality, 1) }) }),
  },
  ...['precision', 'recall'].map(column => ({
    key: column, column, held: true, title: capital(column), unit: onSamePictures(column), unitName: picturesName,
      narrowest: 1,
      fixed: () => /** @type {[number, number]} */ ([0, 1.14]), headed: true,
    reading: (/** @type {number | null} */ value) => fixed(value, 2), reference: (/** @type {Facts} */ facts) =>
      floor(facts.floors[column], t('real against real')),
  })),
  {
    key: 'wasserstein', column: 'wasserstein', held: true, title: facts => wassersteinOf(facts), unit: facts =>
      (measures(facts, 'wasserstein') ? wassersteinOf(facts) : null), log: true, narrowest: 1.5, reading: compact,
    reference: facts => floor(facts.floors.wasserstein, t('noise floor')),
  },
  {
    key: 'mean_d', column: 'mean_d_fake', title: facts => t('Mean {reading} on generated',
        { reading: readingOf(facts).symbol }),
      unit: readingUnit, unitName: readingName,
    fixed: facts => (isProbability(readingOf(facts)) ? [0, 1] : null), narrowest: facts =>
      (readingOf(facts).centre === null ? 0.01 : 0.5),
    since: facts => readingOf(facts).since, reading: (value, facts) =>
      (isProbability(readingOf(facts)) ? fixed(value) : compact(value)),
    reference: facts => {
      const { centre, centre_label: label } = readingOf(facts);
      return centre === null ? undefined : { value: centre, label };
    },
  },
  {
    key: 'gap', column: 'gap_half', held: true, title: facts => gapName(facts), unit: facts =>
      (readingOf(facts).centre === null ? null : readingUnit(facts)),
    narrowest: 0.1, since: facts => readingOf(facts).since, reading: value => compact(value), reference: () =>
      ({ value: 0, label: '0' }),
  },
  {
    key: 'learning_rate_d', column: 'learning_rate_d', get title() { return t('Learning rate of D'); },
      unit: () => 'rate', log: true,
      narrowest: 1, shape: 'hv', reading: chosen, ifDiffering: true,
  },
  {
    key: 'learning_rate_g', column: 'learning_rate_g', get title() { return t('Learning rate of G'); },
      unit: () => 'rate', log: true,
      narrowest: 1, shape: 'hv', reading: chosen, ifDiffering: true,
  },
];

/** @param {Facts} facts */
function gapName(facts) {
  const { symbol, centre, centre_label } = readingOf(facts);
  if (centre === 0) return `max |${symbol}|`;
  return `max |${symbol} − ${centre_label}|`;
}

/** Of a quantity in several units each has a panel, as long as two members share it: a line alone compares nothing.
 * @param {Quantity} quantity @param {number} nth largest group @returns {PanelSpec} */
function panel(quantity, nth) {
  const { key, column, unit, unitName, derive, reading, reference, since, fixed: range, narrowest, ifDiffering,
    ...same } = quantity;
  /** @type {WeakMap<object, number[]>} the same facts are asked many times */
  const cache = new WeakMap();
  const places = (/** @type {Comparison} */ facts) => {
    const found = cache.get(facts) ?? groupsBy(membersOf(facts), unit)[nth]?.places ?? [];
    cache.set(facts, found);
    return found;
  };
  const inGroup = (/** @type {Comparison} */ facts) => places(facts).map(i => membersOf(facts)[i].facts);
  const own = (/** @type {Comparison} */ facts, /** @type {number} */ i) => membersOf(facts)[i]?.facts ?? NO_GAME;
  const first = (/** @type {Comparison} */ facts) => inGroup(facts)[0] ?? NO_GAME;
  return {
    ...same,
    key: `compare.${key}.${nth}`,
    direct: true,
    title: facts => {
      const { title } = quantity; // read anew each time: in the language that is spoken then
      return typeof title === 'function' ? title(first(facts)) : title;
    },
    aside: facts => {
      const whole = places(facts).length === membersOf(facts).length;
      if (whole) return '';
      return `${unitName?.(first(facts)) ?? ''} (${t('{some} of {all}',
    { some: places(facts).length, all: membersOf(facts).length })})`.trim();
    },
    fixed: range && (facts => range(first(facts))),
    narrowest: facts => (typeof narrowest === 'function' ? narrowest(first(facts)) : narrowest),
    since: facts => Math.max(0, ...inGroup(facts).map(facts => since?.(facts) ?? 0)),
    reading: (value, facts) => reading(value, first(facts)),
    when: (facts, history) => places(facts).length > 1 && (!ifDiffering || differ(history, places(facts), column)),
    series: LINE_STYLES.map(({ ink, dash }, i) => ({
      column: `${i}/${column}`,
      member: i,
      label: facts => membersOf(facts)[i]?.label ?? '',
      ink,
      dash,
      shape: same.shape,
      held: same.held,
      format: same.format,
      when: facts => places(facts).includes(i),
      derive: derive && ((value, facts) => derive(value, own(facts, i))),
    })),
    references: facts => {
      const shared = agreed(inGroup(facts).map(facts => reference?.(facts)));
      return shared ? [shared] : [];
    },
  };
}

/** Whether the members' values have ever differed. @param {import('./history.js').History} history
 * @param {number[]} places @param {string} column */
function differ(history, places, column) {
  const lines = places.map(i => history.whole(`${i}/${column}`).mean);
  const from = lines.map(values => values.find(Number.isFinite));
  const to = lines.map(values => values.findLast(Number.isFinite));
  return agreed(from) === undefined || agreed(to) === undefined ? from.some(known) : false;
}

/** @type {PanelSpec[]} */
export const COMPARISON_PANELS = QUANTITIES.flatMap(quantity => {
  const most = quantity.unitName ? MOST_MEMBERS / 2 : 1;
  return Array.from({ length: most }, (_, nth) => panel(quantity, nth));
});
