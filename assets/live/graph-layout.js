// @ts-check
/**
 * Where the nodes of the game as a graph stand, and how its edges run: along six columns, or down six rows where the
 * page is narrow.
 */

/** @typedef {'z' | 'G' | 'real' | 'fake' | 'D' | 'says' | 'slope' | 'grad_d' | 'loss_d' | 'grad_g' |
 * 'loss_g'} NodeKey */
/** @typedef {`${NodeKey}-${NodeKey}`} EdgeKey */
/** @typedef {{x: number, y: number, w: number, h: number}} Place of a node: its centre and size, in px */

/** Along the way a sample goes, and across it.
 * @type {Record<NodeKey, [along: number, across: number]>} */
const SEATS = {
  z: [0, 1], G: [1, 1], real: [2, 0], fake: [2, 2], D: [3, 1], says: [4, 1], slope: [3, 0], grad_d: [4, 0],
  loss_d: [5, 0], grad_g: [4, 2], loss_g: [5, 2],
};
export const NODES = /** @type {NodeKey[]} */ (Object.keys(SEATS));

/** Straight, or around others: on the outer side where real data are, or where generated ones are.
 * @type {{key: EdgeKey, around?: 'before' | 'after', count?: 'D' | 'G'}[]} `count`: whose parameters it moves */
export const EDGES = [
  { key: 'z-G' }, { key: 'G-fake' }, { key: 'real-D' }, { key: 'fake-D' }, { key: 'D-says' }, { key: 'says-loss_d' },
  { key: 'says-loss_g' }, { key: 'real-slope' }, { key: 'fake-slope' }, { key: 'slope-loss_d', around: 'before' },
  { key: 'loss_d-grad_d' }, { key: 'grad_d-D', count: 'D' }, { key: 'loss_g-grad_g' },
  { key: 'grad_g-G', around: 'after', count: 'G' },
];

const LANE_PX = 12; // beside the nodes, for edges that go around
const GAP_PX = { wide: 18, tall: 20 }; // between two rows: a count stands there

/** @param {number} width that there is @param {boolean} isTall @param {number} nodeHeight */
export function layOut(width, isTall, nodeHeight) {
  const across = isTall ? width - 2 * LANE_PX : width;
  const pitch = across / (isTall ? 3 : 6);
  const w = Math.min(isTall ? 112 : 150, Math.round(pitch * (isTall ? 0.88 : 0.8)));
  const down = nodeHeight + (isTall ? GAP_PX.tall : GAP_PX.wide);
  const top = isTall ? 0 : LANE_PX;
  /** @type {Record<string, Place>} */
  const places = {};
  for (const key of NODES) {
    const [along, side] = SEATS[key];
    const [column, row] = isTall ? [side, along] : [along, side];
    places[key] = { x: (isTall ? LANE_PX : 0) + (column + 0.5) * pitch, y: top + row * down + nodeHeight / 2, w,
      h: nodeHeight };
  }
  const height = (isTall ? 6 : 3) * down - (isTall ? GAP_PX.tall : GAP_PX.wide) + 2 * top;
  return { places: /** @type {Record<NodeKey, Place>} */ (places), width, height };
}

/** The path of an edge, and the point at which a count may stand.
 * @param {(typeof EDGES)[number]} edge @param {ReturnType<typeof layOut>} layout @param {boolean} isTall */
export function pathOf({ key, around }, { places }, isTall) {
  const [from, to] = /** @type {[NodeKey, NodeKey]} */ (key.split('-'));
  const [a, b] = [places[from], places[to]];
  if (around) return aroundOthers(a, b, around === 'before' ? -1 : 1, isTall);
  const start = leaving(a, b);
  const end = leaving(b, a);
  return { d: `M${at(start)}L${at(end)}`, middle: { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 } };
}

/** @param {Place} a @param {Place} b @param {-1 | 1} side @param {boolean} isTall */
function aroundOthers(a, b, side, isTall) {
  // In the coordinates (along, across): out of one node sideways, along the lane, and into the other one's side
  const of = (/** @type {Place} */ p) => (isTall ? { u: p.y, v: p.x, half: p.w / 2 } : { u: p.x, v: p.y,
    half: p.h / 2 });
  const point = (/** @type {number} */ u, /** @type {number} */ v) => (isTall ? { x: v, y: u } : { x: u, y: v });
  const [p, q] = [of(a), of(b)];
  const lane = p.v + side * (p.half + LANE_PX * 0.7);
  const corners = [point(p.u, p.v + side * p.half), point(p.u, lane), point(q.u, lane),
    point(q.u, q.v + side * q.half)];
  return { d: `M${corners.map(at).join('L')}`, middle: point((p.u + q.u) / 2, lane) };
}

/** Where a straight line from the middle of `a` to that of `b` leaves a.
 * @param {Place} a @param {Place} b */
function leaving(a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const share = Math.min(a.w / 2 / Math.max(Math.abs(dx), 1e-9), a.h / 2 / Math.max(Math.abs(dy), 1e-9));
  return { x: a.x + dx * share, y: a.y + dy * share };
}

/** @param {{x: number, y: number}} point */
const at = ({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`;
