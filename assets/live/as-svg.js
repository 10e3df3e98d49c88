// @ts-check
/**
 * What stands in an element, as one SVG: words as words, plots as Plotly gives them, canvases as images.
 */

const SVG = 'http://www.w3.org/2000/svg';
const LEFT_OUT = '[hidden], [aria-pressed="false"], .gd-switch, .gd-unseen, .gd-home, .gd-tip, link, style';
const SHAPES = 'path, line, circle, rect, polyline';
const PAINT = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linecap', 'opacity'];

/** @param {HTMLElement} node @param {import('./palette.js').Theme} theme @param {import('./plotly.d.ts').Plotly} plotly
 * @param {{title: string, settings: string}} about @returns {Promise<SVGSVGElement>} */
export async function asSvg(node, theme, plotly, { title, settings }) {
  const box = node.getBoundingClientRect();
  const svg = make('svg', { width: box.width, height: box.height, viewBox: `0 0 ${box.width} ${box.height}`,
    'font-family': theme.font });
  svg.append(said('title', title), said('metadata', settings),
    make('rect', { width: '100%', height: '100%', fill: theme.background }));
  await walk(node, svg, { left: box.left, top: box.top, opacity: 1, end: Infinity, plotly });
  return /** @type {SVGSVGElement} */ (svg);
}

/** @typedef {{left: number, top: number, opacity: number, end: number, plotly: import('./plotly.d.ts').Plotly}} From
 * `end`: where what is around cuts words off */

/** @param {Element} node @param {Element} svg what is found is put there @param {From} from */
async function walk(node, svg, from) {
  if (node.matches(LEFT_OUT)) return;
  const style = getComputedStyle(node);
  if (style.display === 'none' || style.visibility === 'hidden') return;
  const opacity = from.opacity * Number(style.opacity);
  const { left, top, width, height } = node.getBoundingClientRect();
  const place = { x: rounded(left - from.left), y: rounded(top - from.top), width: rounded(width),
    height: rounded(height) };
  if (node instanceof HTMLCanvasElement) {
    if (width && height) svg.append(make('image', { ...onPixels(node, place), opacity, href: node.toDataURL(),
      preserveAspectRatio: 'none' }));
  } else if (node instanceof SVGSVGElement) {
    if (width) svg.append(drawing(node, { ...place, opacity }));
  } else if (node.classList.contains('js-plotly-plot')) {
    svg.append(await plot(/** @type {HTMLElement} */ (node), from.plotly, place));
  } else {
    if (width) backdrop(svg, style, { ...place, opacity });
    const end = style.overflowX === 'visible' ? from.end : Math.min(from.end, left + width);
    for (const child of node.childNodes) {
      if (child instanceof Text) words(svg, child, style, { ...from, opacity, end });
      else if (child instanceof Element) await walk(child, svg, { ...from, opacity, end });
    }
  }
}

/** Where a canvas has whole pixels to stand on: between them its lines and words would be blurred.
 * @param {HTMLCanvasElement} canvas @param {Record<string, number>} place */
function onPixels({ width, height, clientWidth }, { x, y }) {
  const ratio = Math.max(1, Math.round(width / clientWidth));
  const whole = (/** @type {number} */ value) => Math.round(value * ratio) / ratio;
  return { x: whole(x), y: whole(y), width: width / ratio, height: height / ratio };
}

/** Background and border. @param {Element} svg @param {CSSStyleDeclaration} style
 * @param {Record<string, number>} place */
function backdrop(svg, style, place) {
  const stops = style.backgroundImage.startsWith('linear-gradient') ? coloursIn(style.backgroundImage) : [];
  const border = parseFloat(style.borderTopWidth) && parseFloat(style.borderLeftWidth) ? plain(style.borderTopColor)
    : 'none';
  let fill = plain(style.backgroundColor);
  if (stops.length) {
    const id = `gd-gradient-${svg.childElementCount}`;
    svg.append(make('linearGradient', { id }, ...stops.map((colour, i) => make('stop', {
      offset: i / (stops.length - 1), 'stop-color': colour }))));
    fill = `url(#${id})`;
  }
  if (fill === 'none' && border === 'none') return;
  svg.append(make('rect', { ...place, rx: Math.min(parseFloat(style.borderTopLeftRadius) || 0, place.height / 2), fill,
    stroke: border }));
}

/** @param {Element} svg @param {Text} text @param {CSSStyleDeclaration} style @param {From} from */
function words(svg, text, style, { left, top, opacity, end }) {
  if (!text.data.trim()) return;
  const range = document.createRange();
  /** Pieces of one line each. @type {{text: string, rect: DOMRect}[]} */
  const lines = [];
  for (let i = 0; i < text.length; i++) {
    range.setStart(text, i);
    range.setEnd(text, i + 1);
    const rect = range.getBoundingClientRect();
    const last = lines.at(-1);
    if (rect.right > end + 1) {
      if (last) last.text = `${last.text.slice(0, -2)}…`;
      break;
    }
    if (last && (!rect.width || Math.abs(rect.top - last.rect.top) < 2)) last.text += text.data[i];
    else if (rect.width) lines.push({ text: text.data[i], rect });
  }
  const c = /** @type {CanvasRenderingContext2D} */ (document.createElement('canvas').getContext('2d'));
  c.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const { fontBoundingBoxAscent: ascent, fontBoundingBoxDescent: descent } = c.measureText('x');
  for (const { text: line, rect } of lines) svg.append(said('text', line.trimEnd(), {
    x: rounded(rect.left - left), y: rounded(rect.top - top + (rect.height - ascent - descent) / 2 + ascent),
    fill: plain(style.color), opacity, 'font-size': style.fontSize, 'font-weight': style.fontWeight,
    'font-style': style.fontStyle, 'font-family': style.fontFamily, 'xml:space': 'preserve' }));
}

/** A small drawing of the page's own, painted as the style sheet has it.
 * @param {SVGSVGElement} node @param {Record<string, number>} place */
function drawing(node, place) {
  const copy = /** @type {SVGSVGElement} */ (node.cloneNode(true));
  for (const { name } of [...copy.attributes]) if (name !== 'viewBox') copy.removeAttribute(name);
  for (const [name, value] of Object.entries(place)) copy.setAttribute(name, String(value));
  const copies = copy.querySelectorAll(SHAPES);
  node.querySelectorAll(SHAPES).forEach((shape, i) => {
    const style = getComputedStyle(shape);
    for (const name of PAINT) {
      const value = style.getPropertyValue(name);
      copies[i].setAttribute(name, name === 'fill' || name === 'stroke' ? plain(value) : value);
    }
  });
  return copy;
}

/** @param {HTMLElement} node @param {import('./plotly.d.ts').Plotly} plotly @param {Record<string, number>} place */
async function plot(node, plotly, place) {
  const { width, height } = place;
  const text = await plotly.toImage(node, { format: 'svg', width, height, imageDataOnly: true });
  const found = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  for (const [name, value] of Object.entries(place)) found.setAttribute(name, String(value));
  return document.importNode(found, true);
}

/** A colour that every reader of SVG knows: mixed ones are computed. @param {string} colour */
function plain(colour) {
  if (!colour || colour === 'none' || colour === 'transparent') return 'none';
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  c.fillStyle = colour;
  c.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = c.getImageData(0, 0, 1, 1).data;
  if (a === 0) return 'none';
  return a === 255 ? `rgb(${r},${g},${b})` : `rgba(${r},${g},${b},${rounded(a / 255)})`;
}

/** @param {string} gradient */
function coloursIn(gradient) {
  const inner = gradient.slice(gradient.indexOf('(') + 1, -1);
  return inner.split(/,(?![^(]*\))/).map(part => part.trim()).filter(part => !/^(to |-?[\d.]+deg)/.test(part))
    .map(part => plain(part.replace(/ [\d.]+%$/, '')));
}

/** @param {number} value */
const rounded = value => Math.round(100 * value) / 100;

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...Node} children */
function make(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (!(name === 'opacity' && value === 1)) node.setAttribute(
    name, String(value));
  node.append(...children);
  return node;
}

/** @param {string} tag @param {string} text @param {Record<string, string | number>} [attributes] */
const said = (tag, text, attributes = {}) => make(tag, attributes, document.createTextNode(text));
