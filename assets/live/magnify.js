// @ts-check
/**
 * A plot with larger lines and letters: all of it that is said in px, times so many.
 */

/** @typedef {import('./plotly.d.ts').Trace} Trace */

/** @param {number} times @param {readonly Trace[]} traces @returns {Trace[]} */
export const magnifiedTraces = (times, traces) => traces.map(trace => ({
  ...trace,
  line: stroke(times, trace.line),
  ...(trace.marker ? { marker: { ...trace.marker, size: times * trace.marker.size,
    ...(trace.marker.line ? { line: stroke(times, trace.marker.line) } : {}) } } : {}),
}));

/** @param {number} times @param {import('./plotly.d.ts').Layout} layout @returns {import('./plotly.d.ts').Layout} */
export function magnifiedLayout(times, { margin, font, xaxis, yaxis, yaxis2, shapes, annotations, ...rest }) {
  const label = /** @type {{font: import('./plotly.d.ts').Font} | undefined} */ (rest.hoverlabel);
  return {
    ...rest,
    ...(label ? { hoverlabel: { ...label, font: letters(times, label.font) } } : {}),
    margin: /** @type {typeof margin} */ (Object.fromEntries(Object.entries(margin).map(([side, px]) =>
      [side, times * px]))),
    font: letters(times, font),
    xaxis: axis(times, xaxis),
    yaxis: axis(times, yaxis),
    ...(yaxis2 ? { yaxis2: axis(times, yaxis2) } : {}),
    shapes: shapes.map(shape => ({ ...shape, line: stroke(times, shape.line) })),
    annotations: annotations.map(note => ({ ...note, font: letters(times, note.font),
      ...('xshift' in note ? { xshift: times * Number(note.xshift) } : {}) })),
  };
}

/** @template {import('./plotly.d.ts').Stroke} S @param {number} times @param {S} line @returns {S} */
const stroke = (times, line) => ({ ...line, width: times * line.width,
  ...(line.dash ? { dash: dashes(times, line.dash) } : {}) });

/** @param {number} times @param {string} dash such as "6px,3px", or a word */
const dashes = (times, dash) => dash.replace(/[\d.]+(?=px)/g, px => String(times * Number(px)));

/** @template {import('./plotly.d.ts').Font} F @param {number} times @param {F} font @returns {F} */
const letters = (times, font) => ({ ...font, size: times * font.size });

/** @param {number} times @param {import('./plotly.d.ts').Axis} one @returns {import('./plotly.d.ts').Axis} */
const axis = (times, one) => ({
  ...one,
  tickfont: letters(times, one.tickfont),
  gridwidth: times,
  ...Object.fromEntries(['linewidth', 'ticklabelstandoff', 'spikethickness'].filter(name => name in one).map(name =>
    [name, Math.round(times * Number(one[name]))])),
});
