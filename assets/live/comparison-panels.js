// @ts-check
/**
 * The curves of a comparison, declared: one panel per quantity, one line per member. Members meet in a panel only where their
 * numbers are in one unit: losses of one objective, outputs of D under one reading. What has several units has several panels.
 */
import { agreed, groupsBy, LOOKS, membersOf, MOST_MEMBERS } from './comparison-members.js';
import { countedBy, hasModes, measures } from './counted.js';
import { chosen, compact, fixed, known, percent } from './numbers.js';
import { isProbability, readingOf, unitOf } from './reading.js';

/** @typedef {import('./panels.js').PanelSpec} PanelSpec */
/** @typedef {import('./panels.js').PanelReference} PanelReference */
/** @typedef {import('./comparison-members.js').Member} Member */

/** @typedef {object} Quantity what is compared
 * @property {string} key
 * @property {string} column of each member's history
 * @property {string | ((facts: any) => string)} title of one member's facts
 * @property {(facts: any) => string | null} unit numbers in the same one may share an axis; null: this member has none
 * @property {(facts: any) => string} [unitName] in words, said where there are several
 * @property {PanelSpec['reading']} reading
 * @property {number | ((facts: any) => number)} narrowest
 * @property {boolean} [log]
 * @property {(facts: any) => [number, number] | null} [fixed]
 * @property {(value: number, facts: any) => number} [derive]
 * @property {'hv'} [shape]
 * @property {string} [format]
 * @property {(value: number) => string} [tick]
 * @property {boolean} [headed]
 * @property {(facts: any) => number} [since]
 * @property {(facts: any) => PanelReference | undefined} [reference] drawn where all that share the panel have the same
 * @property {boolean} [ifDiffering] shown only where the members' values have ever differed */

/** @param {string} word */
const capital = word => word[0].toUpperCase() + word.slice(1);

/** @param {any} facts */
const objectiveName = facts => String(facts.objective?.label ?? facts.objective ?? '').replaceAll('_', ' ');

/** @param {any} facts */
const readingName = facts => {
  const { symbol, centre, centre_label } = readingOf(facts);
  return centre === null ? `${symbol}: only differences count` : `${symbol} = ${centre_label} at equilibrium`;
};

/** @param {any} facts */
const readingUnit = facts => unitOf(readingOf(facts));

/** The axis's reference without its name in the game's history: only its value has to be the same.
 * @param {any} reference */
const line = reference => (reference ? { value: reference.value, label: reference.label, ...(reference.since ? { since: reference.since } : {}) } : undefined);

/** @param {any} found @param {string} note @returns {PanelReference | undefined} */
const floor = (found, note) => (found ? { value: Number(found.mean.toPrecision(3)), label: '', note } : undefined);

/** Features, and how far real pictures vary in them, are each law's own. @param {string} column @returns {(facts: any) => string | null} */
const onSamePictures = column => facts => (measures(facts, column) ? JSON.stringify([facts.shape, facts.kinds, facts.floors?.frechet?.mean]) : null);

/** @param {any} facts */
const picturesName = facts => `${facts.kinds ?? 'pictures'} ${facts.shape?.slice(1).join(' × ') ?? ''}`;

/** @type {Quantity[]} */
const QUANTITIES = [
  {
    key: 'frechet', column: 'frechet', title: 'Fréchet distance', unit: onSamePictures('frechet'), unitName: picturesName, log: true, narrowest: 1, reading: compact,
    reference: facts => floor(facts.floors?.frechet, 'real against real'),
  },
  {
    key: 'jsd', column: 'jsd', title: 'JSD', unit: facts => (measures(facts, 'jsd') ? 'nats' : null), log: true, narrowest: 1.5, reading: compact,
    reference: facts => floor(facts.floors?.jsd, 'noise floor'),
  },
  {
    key: 'loss_d', column: 'loss_d', title: 'Loss of D', unit: objectiveName, unitName: objectiveName, narrowest: 0.5, reading: value => fixed(value),
    since: facts => readingOf(facts).since ?? 0, reference: facts => line(facts.references?.loss_d),
  },
  {
    key: 'loss_g', column: 'loss_g', title: 'Loss of G', unit: objectiveName, unitName: objectiveName, narrowest: 0.5, reading: value => fixed(value),
    since: facts => readingOf(facts).since ?? 0, reference: facts => line(facts.references?.loss_g),
  },
  {
    key: 'coverage', column: 'modes', title: facts => `${capital(countedBy(facts).noun)} captured`, unit: facts => (hasModes(facts) ? `${facts.modes.length} ${facts.kinds}` : null),
    unitName: facts => `of ${facts.modes.length}`, narrowest: 1, fixed: () => [0, 1.14], headed: true, shape: 'hv', format: '.0%', tick: percent,
    derive: (modes, facts) => modes / facts.modes.length, reading: (share, facts) => (known(share) ? `${Math.round(share * facts.modes.length)} of ${facts.modes.length}` : '–'),
    reference: facts => ({ value: 1, label: `${facts.modes.length} of ${facts.modes.length}` }),
  },
  {
    key: 'quality', column: 'high_quality', title: 'High quality', unit: facts => (hasModes(facts) ? countedBy(facts).noun : null), unitName: facts => countedBy(facts).noun, narrowest: 1, fixed: () => [0, 1.14], headed: true,
    format: '.1%', tick: percent, reading: value => percent(value),
    reference: facts => ({ value: facts.perfect_quality, label: '', note: `p_r itself: ${percent(facts.perfect_quality, 1)}` }),
  },
  ...['precision', 'recall'].map(column => ({
    key: column, column, title: capital(column), unit: onSamePictures(column), unitName: picturesName, narrowest: 1, fixed: () => /** @type {[number, number]} */ ([0, 1.14]), headed: true,
    reading: (/** @type {number | null} */ value) => fixed(value, 2), reference: (/** @type {any} */ facts) => floor(facts.floors?.[column], 'real against real'),
  })),
  {
    key: 'wasserstein', column: 'wasserstein', title: facts => facts.wasserstein ?? 'W_1', unit: facts => (measures(facts, 'wasserstein') ? facts.wasserstein ?? 'W_1' : null), log: true, narrowest: 1.5, reading: compact,
    reference: facts => floor(facts.floors?.wasserstein, 'noise floor'),
  },
  {
    key: 'mean_d', column: 'mean_d_fake', title: facts => `Mean ${readingOf(facts).symbol} on generated`, unit: readingUnit, unitName: readingName,
    fixed: facts => (isProbability(readingOf(facts)) ? [0, 1] : null), narrowest: facts => (readingOf(facts).centre === null ? 0.01 : 0.5),
    since: facts => readingOf(facts).since ?? 0, reading: (value, facts) => (isProbability(readingOf(facts)) ? fixed(value) : compact(value)),
    reference: facts => {
      const { centre, centre_label: label } = readingOf(facts);
      return centre === null ? undefined : { value: centre, label };
    },
  },
  {
    key: 'gap', column: 'gap_half', title: facts => gapName(facts), unit: facts => (readingOf(facts).centre === null ? null : readingUnit(facts)),
    narrowest: 0.1, since: facts => readingOf(facts).since ?? 0, reading: value => compact(value), reference: () => ({ value: 0, label: '0' }),
  },
  {
    key: 'learning_rate_d', column: 'learning_rate_d', title: 'Learning rate of D', unit: () => 'rate', log: true, narrowest: 1, shape: 'hv', reading: chosen, ifDiffering: true,
  },
  {
    key: 'learning_rate_g', column: 'learning_rate_g', title: 'Learning rate of G', unit: () => 'rate', log: true, narrowest: 1, shape: 'hv', reading: chosen, ifDiffering: true,
  },
];

/** @param {any} facts */
function gapName(facts) {
  const { symbol, centre, centre_label } = readingOf(facts);
  if (centre === 0) return `max |${symbol}|`;
  return `max |${symbol} − ${centre_label}|`;
}

/** Of a quantity in several units each has a panel, as long as two members share it: a line alone compares nothing.
 * @param {Quantity} quantity @param {number} nth largest group @returns {PanelSpec} */
function panel(quantity, nth) {
  const { key, column, title, unit, unitName, derive, reading, reference, since, fixed: range, narrowest, ifDiffering, ...same } = quantity;
  /** @type {WeakMap<object, number[]>} the same facts are asked many times */
  const cache = new WeakMap();
  const places = (/** @type {any} */ facts) => {
    const found = cache.get(facts) ?? groupsBy(membersOf(facts), unit)[nth]?.places ?? [];
    cache.set(facts, found);
    return found;
  };
  const inGroup = (/** @type {any} */ facts) => places(facts).map(i => membersOf(facts)[i].facts);
  const own = (/** @type {any} */ facts, /** @type {number} */ i) => membersOf(facts)[i]?.facts;
  const first = (/** @type {any} */ facts) => inGroup(facts)[0] ?? {};
  return {
    ...same,
    key: `compare.${key}.${nth}`,
    direct: true,
    title: facts => (typeof title === 'function' ? title(first(facts)) : title),
    aside: facts => {
      const whole = places(facts).length === membersOf(facts).length;
      return whole ? '' : `${unitName?.(first(facts)) ?? ''} (${places(facts).length} of ${membersOf(facts).length})`.trim();
    },
    fixed: range && (facts => range(first(facts))),
    narrowest: facts => (typeof narrowest === 'function' ? narrowest(first(facts)) : narrowest),
    since: facts => Math.max(0, ...inGroup(facts).map(facts => since?.(facts) ?? 0)),
    reading: (value, facts) => reading(value, first(facts)),
    when: (facts, history) => places(facts).length > 1 && (!ifDiffering || differ(history, places(facts), column)),
    series: LOOKS.map(({ ink, dash }, i) => ({
      column: `${i}/${column}`,
      member: i,
      label: facts => membersOf(facts)[i]?.label ?? '',
      ink,
      dash,
      shape: same.shape,
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

/** Whether the members' values have ever differed. @param {import('./history.js').History} history @param {number[]} places @param {string} column */
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
