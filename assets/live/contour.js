// @ts-check
/**
 * Level lines of a field by marching squares, joined into polylines: joined, they can be dotted, and cost less to draw.
 */

// For each of the 16 patterns of corners above the level (1: left low, 2: right low,
// 4: right high, 8: left high), pairs of the cell's edges that a line joins (0: low,
// 1: right, 2: high, 3: left). A saddle is resolved as if its middle were below.
const JOINED = [[], [3, 0], [0, 1], [3, 1], [1, 2], [3, 0, 1, 2], [0, 2], [3, 2], [2, 3], [2, 0], [0, 1, 2, 3], [2, 1],
  [1, 3], [1, 0], [0, 3], []];
const SADDLE_ABOVE = { 5: [3, 2, 1, 0], 10: [0, 3, 2, 1] };

export class Contour {
  #size = 0;
  // Each crossing lies on an edge between two samples, which has
  // at most two lines through it: to these other edges, or -1.
  #one = new Int32Array(0);
  #two = new Int32Array(0);

  /** Draws the lines of `values = level`, in units of samples: (i, j) is the sample of column i, row j. NaN is avoided.
   * @param {ArrayLike<number>} values (n, n), row-major @param {number} n @param {number} level
   * @param {(x: number, y: number, first: boolean) => void} visit the points of each line in turn */
  trace(values, n, level, visit) {
    this.#join(values, n, level);
    // Lines that end at the border or at NaN have a beginning; what is left are rings.
    for (const wanted of ['ends', 'rings'])
      for (let edge = 0; edge < 2 * n * n; edge++)
        if (this.#one[edge] >= 0 && (wanted === 'rings' || this.#two[edge] < 0)) this.#follow(edge, values, n, level,
          visit);
  }

  /** @param {ArrayLike<number>} values @param {number} n @param {number} level */
  #join(values, n, level) {
    if (this.#size !== n) {
      this.#size = n;
      this.#one = new Int32Array(2 * n * n);
      this.#two = new Int32Array(2 * n * n);
    }
    this.#one.fill(-1);
    this.#two.fill(-1);
    for (let j = 0; j < n - 1; j++)
      for (let i = 0; i < n - 1; i++) {
        const at = j * n + i;
        const [a, b, c, d] = [values[at], values[at + 1], values[at + n + 1], values[at + n]];
        const sum = a + b + c + d;
        if (Number.isNaN(sum)) continue;
        const pattern = (a > level ? 1 : 0) | (b > level ? 2 : 0) | (c > level ? 4 : 0) | (d > level ? 8 : 0);
        if (pattern === 0 || pattern === 15) continue;
        const pairs = (pattern === 5 || pattern === 10) && sum > 4 * level ? SADDLE_ABOVE[pattern] : JOINED[pattern];
        for (let k = 0; k < pairs.length; k += 2) {
          const from = edgeOf(at, pairs[k], n);
          const to = edgeOf(at, pairs[k + 1], n);
          this.#link(from, to);
          this.#link(to, from);
        }
      }
  }

  /** @param {number} from @param {number} to */
  #link(from, to) {
    if (this.#one[from] < 0) this.#one[from] = to;
    else this.#two[from] = to;
  }

  /** Walks along a line and takes its links away, so that it is walked once.
   * @param {number} edge @param {ArrayLike<number>} values @param {number} n @param {number} level
   * @param {(x: number, y: number, first: boolean) => void} visit */
  #follow(edge, values, n, level, visit) {
    const start = edge;
    for (let first = true, next = -1; edge >= 0; first = false, edge = next) {
      const across = edge >= n * n ? n : 1; // from sample to sample, up or to the right
      const sample = edge % (n * n);
      const [low, high] = [values[sample], values[sample + across]];
      const share = (level - low) / (high - low);
      visit((sample % n) + (across === 1 ? share : 0), Math.floor(sample / n) + (across === 1 ? 0 : share), first);
      if (!first && edge === start) return; // a ring is closed
      next = this.#one[edge] >= 0 ? this.#one[edge] : this.#two[edge];
      this.#one[edge] = this.#two[edge] = -1;
      if (next < 0) return;
      // The way back is none; where the ring's beginning is met again, its point is drawn once more and ends the walk.
      if (this.#one[next] === edge) this.#one[next] = -1;
      else if (this.#two[next] === edge) this.#two[next] = -1;
    }
  }
}

/** Edges to the right of a sample come first, then those up from it.
 * @param {number} at the cell's left low sample @param {number} side @param {number} n */
const edgeOf = (at, side, n) => (side === 0 ? at : side === 2 ? at + n : n * n + at + (side === 1 ? 1 : 0));
