// @ts-check
/**
 * What has been measured so far: the whole run in bounded rows of mean, low and high, and the newest steps one by one.
 */

const RECENT = 1024;

const PATIENCE = 10; // rows without a measurement that still count as one stretch

/** @typedef {{step: number[], mean: number[], low: number[], high:
 * number[]}} Line values of one column where they are known */

/** A table of columns that grows by rows.
 * @typedef {{step: number[], columns: Map<string, number[]>[]}} Table one map per kind of value */

export class History {
  generation = -1;
  stride = 1;
  /** @type {string[]} */
  #names = [];
  /** @type {Table} */
  #whole = { step: [], columns: [] };
  /** @type {Table} */
  #recent = { step: [], columns: [] };

  /** Takes a packet of kind `history`; false when it belongs to a game that is over.
   * @param {import('./bytes.js').Packet<import('./types.d.ts').HistoryLabel>} packet */
  take({ label, arrays }) {
    if (label.generation < this.generation) return false;
    if (label.generation > this.generation || label.columns.join() !== this.#names.join()) this.clear(label.generation,
      label.columns);
    this.stride = label.stride;
    if (arrays.step?.length || label.first === 0) replaceFrom(this.#whole, label.first, this.#names, arrays.step,
      [arrays.mean, arrays.low, arrays.high]);
    if (label.recent_reset) this.#recent = emptyTable(this.#names, 1);
    if (arrays.recent_step?.length) {
      replaceFrom(this.#recent, this.#recent.step.length, this.#names, arrays.recent_step, [arrays.recent]);
      dropFirst(this.#recent, this.#recent.step.length - RECENT);
    }
    return true;
  }

  /** @param {number} generation @param {string[]} [names] */
  clear(generation, names = this.#names) {
    this.generation = generation;
    this.stride = 1;
    this.#names = names;
    this.#whole = emptyTable(names, 3);
    this.#recent = emptyTable(names, 1);
  }

  /** One column over the whole run, without the rows in which it was not measured.
   * @param {string} name @returns {Line} */
  whole(name) {
    return pick(this.#whole, name, -Infinity);
  }

  /** One column over the newest steps, from step `since` on.
   * @param {string} name @param {number} since @returns {Line} */
  recent(name, since) {
    return pick(this.#recent, name, since);
  }

  /** The newest known value of a column, or null when it was not measured lately: a frozen player has no gradient now.
   * @param {string} name */
  latest(name) {
    const values = (this.#recent.step.length ? this.#recent : this.#whole).columns[0]?.get(name) ?? [];
    return values.slice(-PATIENCE).findLast(Number.isFinite) ?? null;
  }

  /** The value known at a step, or null when it was not measured about then.
   * @param {string} name @param {number} step */
  at(name, step) {
    const isRecent = this.#recent.step.length > 0 && step >= this.#recent.step[0];
    const { step: steps, columns } = isRecent ? this.#recent : this.#whole;
    const end = steps.findIndex(last => last >= step); // of the row that has it
    const values = columns[0]?.get(name) ?? [];
    return values.slice(0, (end < 0 ? values.length - 1 : end) + 1).slice(-PATIENCE).findLast(Number.isFinite) ?? null;
  }
}

/** @param {string[]} names @param {number} kinds @returns {Table} */
const emptyTable = (names, kinds) =>
  ({ step: [], columns: Array.from({ length: kinds }, () => new Map(names.map(n => [n, []]))) });

/** @param {Table} table @param {number} from @param {string[]} names @param {ArrayLike<number>} step
 * @param {ArrayLike<number>[]} blocks rows of all names */
function replaceFrom(table, from, names, step, blocks) {
  table.step.length = Math.min(table.step.length, from);
  for (let i = 0; i < step.length; i++) table.step.push(step[i]);
  table.columns.forEach((columns, kind) =>
    names.forEach((name, k) => {
      const column = /** @type {number[]} */ (columns.get(name));
      column.length = Math.min(column.length, from);
      for (let i = 0; i < step.length; i++) column.push(blocks[kind][i * names.length + k]);
    }),
  );
}

/** @param {Table} table @param {number} count */
function dropFirst(table, count) {
  if (count <= 0) return;
  table.step.splice(0, count);
  for (const columns of table.columns) for (const column of columns.values()) column.splice(0, count);
}

/** @param {Table} table @param {string} name @param {number} since @returns {Line} */
function pick(table, name, since) {
  /** @type {Line} */
  const line = { step: [], mean: [], low: [], high: [] };
  const mean = table.columns[0]?.get(name);
  if (!mean) return line;
  const low = table.columns[1]?.get(name) ?? mean;
  const high = table.columns[2]?.get(name) ?? mean;
  let missing = 0;
  for (let i = 0; i < mean.length; i++) {
    if (table.step[i] < since) continue;
    if (!Number.isFinite(mean[i])) {
      // Stepped by hand, the players take turns and each line may
      // join over the other's step; a longer silence is a gap.
      if (++missing === PATIENCE
        && line.step.length) for (const values of Object.values(line)) values.push(values === line.step ? table.step[i]
        : NaN);
      continue;
    }
    missing = 0;
    line.step.push(table.step[i]);
    line.mean.push(mean[i]);
    line.low.push(low[i]);
    line.high.push(high[i]);
  }
  return line;
}
