// @ts-check
/**
 * The picture of the graph: nodes with what they hold, in small, and edges that light up on the way.
 */
import { element, maths, write } from './dom.js';
import { drawSaid, drawSamples } from './graph-cloud.js';
import { EDGES, layOut, NODES, pathOf } from './graph-layout.js';
import { litIn, lookIn, placeOf } from './graph-steps.js';
import { explained, penaltyNames, saying } from './graph-words.js';
import { compact, grouped } from './numbers.js';
import { isProbability } from './reading.js';
import { before, headed, t } from './words.js';

/** @typedef {import('./graph-layout.js').NodeKey} NodeKey */
/** @typedef {import('./types.d.ts').StepTold} StepTold */
/** @typedef {import('./types.d.ts').LookTold} LookTold */
/** @typedef {import('./types.d.ts').Facts} Facts */
/** @typedef {import('./reading.js').DiscriminatorReading} Reading */

/** @type {Record<NodeKey, {label: string, ink: import('./palette.js').Ink, name: string, canvas?: boolean}>} */
const KINDS = {
  z: { label: 'z', ink: 'muted', get name() { return t('Latents z'); }, canvas: true },
  G: { label: 'G', ink: 'generated', get name() { return t('Generator G'); } },
  real: { label: 'x', ink: 'real', get name() { return t('Real samples x'); }, canvas: true },
  fake: { label: 'G(z)', ink: 'generated', get name() { return t('Generated samples G(z)'); }, canvas: true },
  D: { label: 'D', ink: 'discriminator', get name() { return t('Discriminator D'); } },
  says: { label: 'D(x)', ink: 'discriminator', get name() { return t('What D says'); }, canvas: true },
  slope: { label: '', ink: 'discriminator', get name() { return t('Penalty on the slope of D'); } },
  grad_d: { label: '∇_φ L_D', ink: 'discriminator', get name() { return t('Length of D’s gradient'); } },
  loss_d: { label: 'L_D', ink: 'discriminator', get name() { return t('Loss of D'); } },
  grad_g: { label: '∇_θ L_G', ink: 'generated', get name() { return t('Length of G’s gradient'); } },
  loss_g: { label: 'L_G', ink: 'generated', get name() { return t('Loss of G'); } },
};
const LEFT_FOR_STAGE_PX = 190; // less, and the stage could not be read
const SHARE = 0.08; // of the height for a node
const NODE_PX = { least: 44, most: 92, tall: 56 };
const NARROWEST_PX = { wide: 380, tall: 260 };
const ROWS = 3;
const BESIDE_PX = 92; // what stands over and under the picture, and between its rows

/** @typedef {{node: HTMLElement, label: HTMLElement, value: HTMLElement, canvas: HTMLCanvasElement | null}} Drawn */

export class GraphPicture {
  #tips;
  theme;
  hasRoom = true;
  #isTall = false;
  node = element('div', { class: 'gd-graph-picture' });
  #svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  /** @type {Record<NodeKey, Drawn>} */
  #nodes;
  /** @type {Map<string, {path: SVGPathElement, count: SVGTextElement | null}>} */
  #edges = new Map();
  #heads;
  /** What each node held last, of this game. @type {Map<NodeKey, LookTold>} */
  #kept = new Map();

  /** @param {{tips: import('./tip.js').Tips, theme: import('./palette.js').Theme}} options */
  constructor({ tips, theme }) {
    this.#tips = tips;
    this.theme = theme;
    this.#svg.setAttribute('aria-hidden', 'true');
    const named = (/** @type {string} */ tag) => document.createElementNS(this.#svg.namespaceURI, tag);
    const mark = crypto.getRandomValues(new Uint32Array(1))[0];
    for (const kind of ['edge', 'lit']) {
      const marker = named('marker');
      for (const [name, value] of Object.entries({ id: `gd-${kind}-${mark}`, viewBox: '0 0 8 8', refX: '7', refY: '4',
        markerWidth: '8', markerHeight: '8', markerUnits: 'userSpaceOnUse', orient: 'auto',
        class: `gd-graph-${kind}` }))
        marker.setAttribute(name, value);
      const head = named('path');
      head.setAttribute('d', 'M0 0.5L8 4L0 7.5Z');
      marker.append(head);
      this.#svg.append(marker);
    }
    this.#heads = { edge: `url(#gd-edge-${mark})`, lit: `url(#gd-lit-${mark})` };
    for (const { key, count } of EDGES) {
      const path = /** @type {SVGPathElement} */ (named('path'));
      path.dataset.edge = key;
      this.#svg.append(path);
      const text = count ? /** @type {SVGTextElement} */ (named('text')) : null;
      this.#edges.set(key, { path, count: text });
    }
    // Over the lines
    for (const { count } of this.#edges.values()) if (count) this.#svg.append(count);
    this.node.append(this.#svg);
    this.#nodes = /** @type {Record<NodeKey, Drawn>} */ (Object.fromEntries(NODES.map(key => [key, this.#draw(key)])));
  }

  /** @param {NodeKey} key @returns {Drawn} */
  #draw(key) {
    const { label, ink, canvas } = KINDS[key];
    const node = element('div', { class: 'gd-graph-node', role: 'img', 'data-node': key });
    node.style.setProperty('--ink', `var(--gd-${ink})`);
    const title = element('span', { class: 'gd-graph-label' }, ...maths(label));
    const value = element('span', { class: 'gd-graph-value' });
    const picture = canvas ? /** @type {HTMLCanvasElement} */ (element('canvas')) : null;
    node.append(title, ...(picture ? [picture] : []), value);
    this.#tips.set(node, KINDS[key].name);
    this.node.append(node);
    return { node, label: title, value, canvas: picture };
  }

  /** @param {string} key */
  #edge(key) {
    return /** @type {{path: SVGPathElement, count: SVGTextElement | null}} */ (this.#edges.get(key));
  }

  forget() {
    this.#kept.clear();
  }

  /** Lays itself out in what `parent`, which has the stage too, has room for. @param {HTMLElement} parent */
  fit(parent) {
    const isNarrow = parent.closest('[data-layout]')?.getAttribute('data-layout') === 'narrow';
    const { clientWidth: width, clientHeight: height } = parent;
    this.#isTall = isNarrow && width < 560;
    const tallest = Math.floor((height - LEFT_FOR_STAGE_PX - BESIDE_PX) / ROWS);
    const wanted = Math.max(NODE_PX.least, Math.min(NODE_PX.most, Math.round(SHARE * height)));
    const nodeHeight = isNarrow ? NODE_PX.tall : Math.min(wanted, tallest);
    this.hasRoom = width >= (this.#isTall ? NARROWEST_PX.tall : NARROWEST_PX.wide)
      && (isNarrow || nodeHeight >= NODE_PX.least - 6);
    if (!this.hasRoom) return;
    const layout = layOut(width, this.#isTall, nodeHeight);
    this.node.style.height = `${layout.height}px`;
    this.#svg.setAttribute('viewBox', `0 0 ${layout.width} ${layout.height}`);
    for (const key of NODES) {
      const { x, y, w, h } = layout.places[key];
      Object.assign(this.#nodes[key].node.style, { left: `${x - w / 2}px`, top: `${y - h / 2}px`, width: `${w}px`,
        height: `${h}px` });
    }
    for (const edge of EDGES) {
      const { path, count } = this.#edge(edge.key);
      const { d, middle } = pathOf(edge, layout, this.#isTall);
      path.setAttribute('d', d);
      count?.setAttribute('x', middle.x.toFixed(1));
      count?.setAttribute('y', (middle.y + 3.5).toFixed(1));
      if (count && edge.around && this.#isTall) count.setAttribute('transform',
        `rotate(90 ${middle.x.toFixed(1)} ${middle.y.toFixed(1)})`);
      else count?.removeAttribute('transform');
    }
  }

  /** @param {StepTold | null} told @param {number | null} at how many sub-steps have been gone; null: all are on show
   * @param {Facts} facts @param {Reading} reading */
  show(told, at, facts, reading) {
    if (!this.hasRoom) return;
    const words = explained(facts, told, reading);
    const place = told && at !== null ? placeOf(told, at) : null;
    const lit = place && litIn(place.look, place.sub);
    const hasSlope = Boolean(told?.looks.some(look => look.penalties.length));
    for (const key of NODES) {
      const reached = told ? lookIn(told, key, at ?? undefined) : undefined;
      if (reached) this.#kept.set(key, reached);
      const look = reached ?? this.#kept.get(key);
      const { node } = this.#nodes[key];
      node.toggleAttribute('data-lit', Boolean(lit?.nodes.includes(key)));
      node.toggleAttribute('data-old', told !== null && !reached);
      if (key === 'slope') node.hidden = !hasSlope;
      this.#fill(key, look, facts, reading);
      if (told) this.#tips.set(node, words[key]);
    }
    const { generator, discriminator } = facts.parameters;
    for (const { key, count: whose } of EDGES) {
      const { path, count } = this.#edge(key);
      const isLit = Boolean(lit?.edges.includes(key));
      path.toggleAttribute('data-lit', isLit);
      path.setAttribute('marker-end', isLit ? this.#heads.lit : this.#heads.edge);
      path.toggleAttribute('data-ahead', Boolean(place?.look.is_ahead));
      path.toggleAttribute('data-absent', key.includes('slope') && !(told && uses(told, key)));
      if (whose && count) write(count, whose === 'D' ? `φ: ${grouped(discriminator)}` : `θ: ${grouped(generator)}`);
    }
  }

  /** What a node holds of a look, and the same in words.
   * @param {NodeKey} key @param {LookTold | undefined} look @param {Facts} facts @param {Reading} reading */
  #fill(key, look, facts, reading) {
    const { node, label, value, canvas } = this.#nodes[key];
    const text = look ? valueOf(key, look) : '';
    if (key === 'says') label.textContent = isProbability(reading) ? 'D(x)' : reading.label;
    if (key === 'slope') label.textContent = penaltyNames(look);
    if (key === 'says' && look) {
      value.replaceChildren(element('span', { 'data-of': 'real' }, look.mean_real === null ? ''
        : saying(look.mean_real, reading)), element('span', { 'data-of': 'fake' }, saying(look.mean_fake, reading)));
    } else write(value, text);
    if (canvas && key === 'says') drawSaid(canvas, look, reading, this.theme);
    else if (canvas) drawSamples(canvas, look, key === 'z' ? 'latents' : key === 'real' ? 'real' : 'fake', facts,
      this.theme);
    node.setAttribute('aria-label', look ? headed(KINDS[key].name, spoken(key, look, reading) || text)
      : KINDS[key].name);
  }
}

/** Whether an edge of the slope is one of those that are penalised. @param {StepTold} told @param {string} edge */
function uses(told, edge) {
  const names = told.looks.flatMap(look => look.penalties.map(one => one.name));
  if (edge === 'slope-loss_d') return names.length > 0;
  return names.includes('gradient_penalty') || names.includes(edge === 'real-slope' ? 'r1' : 'r2');
}

/** @param {NodeKey} key @param {LookTold} look */
function valueOf(key, look) {
  switch (key) {
    case 'G':
    case 'D':
      return look.update === null ? t('still') : t('moved {update}', { update: compact(look.update) });
    case 'slope':
      return `+ ${compact((look.total ?? NaN) - (look.loss ?? NaN))}`;
    case 'loss_d':
    case 'loss_g':
      return compact(look.loss);
    case 'grad_d':
    case 'grad_g':
      return compact(look.along ?? look.gradient);
    default:
      return '';
  }
}

/** What a picture shows, for those who do not see it.
 * @param {NodeKey} key @param {LookTold} look @param {Reading} reading */
function spoken(key, look, reading) {
  if (key === 'says') return t('{what}{saying} of generated ones, on average',
      { what: (look.mean_real === null ? '' : before(t('{saying} of real samples,',
      { saying: saying(look.mean_real, reading) }))),
        saying: saying(look.mean_fake, reading) });
  const cloud = key === 'z' ? look.latents : key === 'real' ? look.real : key === 'fake' ? look.fake : null;
  if (!cloud || !cloud.width) return cloud ? t('some of the pictures of this batch') : '';
  const of = (/** @type {number} */ i) => {
    const found = cloud.points.filter((v, j) => v !== null && j % cloud.width === i).map(Number);
    return compact(found.reduce((sum, v) => sum + v, 0) / found.length);
  };
  return t('{what} of them, around {what2}',
      { what: cloud.points.length / cloud.width, what2: cloud.width > 1 ? `(${of(0)}, ${of(1)})` : of(0) });
}
