// @ts-check
/**
 * Where the pictures of a grid go: as large as its place allows, at whole numbers of pixels where that costs little.
 */

const WHOLE = 0.8; // a whole-number scale is taken when it keeps this much of the size
const MATTERS = 0.02; // a size larger by less than this is no better
const EMPTY = 0.04;
const THICK_PX = 34; // from this size on a picture's frame is a pixel thicker
export const GAP = 2; // px between two frames: room for the ring of a chosen one

/** @typedef {object} Fit in CSS px
 * @property {number} columns
 * @property {number} rows
 * @property {number} size of a picture
 * @property {number} frame thickness around it
 * @property {number} pitch from one picture to the next
 * @property {number} scale device pixels per pixel of a picture
 * @property {number} count
 * @property {number} width of all
 * @property {number} height of all */

/** @typedef {object} Place
 * @property {number} count of pictures
 * @property {number} side of a picture, in its own pixels
 * @property {number} width @property {number} height room in CSS px
 * @property {number} ratio device pixels per CSS px
 * @property {number} [columns] exactly so many; else as many as make the pictures largest
 * @property {number} [preferred] of several columns as good the nearest to this
 * @property {number} [below] rows of the same pitch that are to follow
 * @property {number} [reserve] px that are to be left below for something else, if those rows take less
 * @property {number} [bare] px between pictures without frames, as on a map; else they have frames */

/** @param {Place} place @returns {Fit} */
export function fitTiles({ columns, preferred = 0, ...place }) {
  const wanted = preferred || Math.sqrt(place.count);
  const choices = columns ? [columns]
    : Array.from({ length: place.count }, (_, i) => i + 1).sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted));
  return choices.map(choice => fitColumns(choice, place)).reduce((best, fit) =>
    (worth(fit) > (1 + MATTERS) * worth(best) ? fit : best));
}

/** For a last row without holes some size is given up. @param {Fit} fit */
const worth = ({ size, columns, rows, count }) => size * (1 - EMPTY * (columns * rows - count));

/** @param {number} columns @param {Omit<Place, 'columns'>} place @returns {Fit} */
function fitColumns(columns, { count, side, width, height, ratio, below = 0, reserve = 0, bare }) {
  const rows = Math.ceil(count / columns);
  const gap = bare ?? GAP;
  const room = Math.max(1, Math.min((width - gap) / columns, (height - gap) / (rows + below),
    (height - gap - reserve) / rows));
  const frame = bare !== undefined ? 0 : room > THICK_PX ? 3 : 2;
  const most = Math.max(1, Math.floor((room - 2 * frame - gap) * ratio)) / side;
  const scale = bare === undefined ? wholeIfClose(most) : most;
  const size = (scale * side) / ratio;
  const pitch = size + 2 * frame + gap;
  return { columns, rows, size, frame, pitch, scale, count, width: columns * pitch + gap, height: rows * pitch + gap };
}

/** @param {number} scale */
function wholeIfClose(scale) {
  const whole = Math.floor(scale);
  return whole / scale >= WHOLE ? whole : scale;
}

/** As many pictures as can be told apart in a small place.
 * @param {Place} place @param {number} smallest px of a picture @returns {Fit} */
export function fitSome({ count, ...place }, smallest) {
  for (let some = count; some > 1; some--) {
    const fit = fitTiles({ ...place, count: some });
    if (fit.size >= smallest) return fit;
  }
  return fitTiles({ ...place, count: 1 });
}

/** The upper left corner of a picture, inside its frame. @param {Fit} fit @param {number} i
 * @returns {[x: number, y: number]} */
export function cornerOf({ columns, pitch, frame, size }, i) {
  const inset = pitch - size - frame; // a gap and the frame
  return [inset + (i % columns) * pitch, inset + Math.floor(i / columns) * pitch];
}

/** The picture at a point of the grid, or null. @param {Fit} fit @param {number} x @param {number} y */
export function tileAt({ columns, rows, pitch, count }, x, y) {
  const [column, row] = [Math.floor(x / pitch), Math.floor(y / pitch)];
  const i = row * columns + column;
  return column >= 0 && row >= 0 && column < columns && row < rows && i < count ? i : null;
}
