// @ts-check
/**
 * Parts of a panel of curves: how far it reaches, bands, words at lines of reference, and marks of what was changed.
 */
import { mathsHtml } from './dom.js';
import { typographic } from './numbers.js';

// a line that spans so many times the range of the others leaves the picture rather than flatten them
const RUNAWAY = 4;
const LABEL_PX = 6; // width of a character of a mark's label, about

/** Lowest and highest value, leaving out this share at either
 * end: one spike in a long run should not flatten all the rest.
 * @param {number[]} all @param {number} share */
export function extremes(all, share) {
  const values = all.filter(Number.isFinite);
  if (!values.length) return [];
  if (share === 0) return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const ordered = Float64Array.from(values).sort();
  const cut = Math.floor(share * ordered.length);
  return [ordered[cut], ordered[ordered.length - 1 - cut]];
}

/** The spans of lines side by side, none much longer than those
 * of most: the one that runs away would flatten all the others.
 * @param {number[][]} spans lowest and highest value of each @param {number} narrowest */
export function tamed(spans, narrowest) {
  const middling = (/** @type {number[]} */ values) => values.sort((a, b) => a - b)[(values.length - 1) >> 1];
  const reach = RUNAWAY * Math.max(narrowest, middling(spans.map(([low, high]) => high - low)));
  const middle = middling(spans.map(([low, high]) => (low + high) / 2));
  return spans.map(span => span.map(value => Math.min(middle + reach, Math.max(middle - reach, value))));
}

/** Words at the lines themselves: the highest above its line, the others below theirs, so that close ones do not meet.
 * @param {import('./panels.js').PanelReference[]} references @param {[number, number]} range @param {boolean} log
 * @param {import('./palette.js').Theme} theme */
export function notes(references, range, log, theme) {
  const at = (/** @type {number} */ value) => (log ? Math.log10(value) : value);
  const noted = references.filter(r => r.note && at(r.value) >= range[0] && at(r.value) <= range[1]).sort((a, b) =>
    b.value - a.value);
  return noted.map((r, i) => ({
    xref: 'paper', x: 0, xanchor: 'left', xshift: 3, y: at(r.value), yanchor: i === 0 ? 'bottom' : 'top',
      text: mathsHtml(r.note ?? ''), showarrow: false,
    font: { size: 10, color: r.ink === 'generated' ? theme.words : theme[r.ink ?? 'muted'] }, borderpad: 0,
  }));
}

/** A band's outline: for every stretch that was measured, up along its upper edge and back along its lower.
 * @param {import('./history.js').Line} line */
export function outline({ step, low, high }) {
  /** @type {{x: number[], y: number[]}} */
  const around = { x: [], y: [] };
  for (let from = 0; from < step.length; from++) {
    let to = from;
    while (to < step.length && Number.isFinite(low[to]) && Number.isFinite(high[to])) to++;
    if (to === from) continue;
    const stretch = step.slice(from, to);
    around.x.push(...stretch, ...stretch.toReversed(), NaN); // NaN: the next stretch is a shape of its own
    around.y.push(...high.slice(from, to), ...low.slice(from, to).toReversed(), NaN);
    from = to;
  }
  return around;
}

/** Marks in view, at most one per two pixels, with labels (newest first) where they find room.
 * @param {import('./curve.js').Mark[]} marks @param {[number, number]} time @param {number} width in px */
export function spread(marks, [from, to], width) {
  const scale = width / (to - from || 1);
  const placed = [];
  let edge = Infinity; // where the label to the right begins
  let last = Infinity;
  for (const { step, label, whose } of marks.toReversed()) {
    const x = (step - from) * scale;
    if (x < 0 || x > width || last - x < 2) continue;
    last = x;
    // The whole label, else what it became, if it says so with an arrow, else only what was changed,
    // else the line alone; the newest may stand to the left of its line.
    const [what, now] = [label.split(' ')[0], label.match(/→.*$/)?.[0]];
    const of = whose ? `${whose}: ` : '';
    const shorter = now ? [`${of}${what} ${now}`, of + now] : [];
    const choices = [of + label, ...shorter, whose ?? what].map(text =>
      ({ text: typographic(text), size: LABEL_PX * text.length }));
    const places = choices.flatMap(({ text, size }) => [
      { text, from: x, fits: x + size < Math.min(edge, width), left: false },
      { text, from: x - size, fits: edge === Infinity && x - size > 0, left: true },
    ]);
    const place = places.find(({ fits }) => fits);
    if (place) edge = place.from;
    placed.push({ step, text: place?.text ?? '', left: !!place?.left });
  }
  return placed;
}
