// @ts-check
/**
 * The inks of `inks.js` on the page that there is.
 */
import { INKS } from './inks.js';
import { speaking } from './words.js';

/** @typedef {'real' | 'generated' | 'discriminator' | 'value' | 'text' | 'muted' | `member${number}`} Ink */
/** Fonts that have the characters of a language in its own shapes: Debian's, Apple's, Microsoft's.
 * @type {Record<string, string[]>} */
const CHINESE = {
  zh_Hans: ["'Noto Sans CJK SC'", "'Noto Sans SC'", "'PingFang SC'", "'Microsoft YaHei'"],
  zh_Hant: ["'Noto Sans CJK TC'", "'Noto Sans TC'", "'PingFang TC'", "'Microsoft JhengHei'"],
};

/** @typedef {{dark: boolean, font: string, background: string, raised: string, line:
 * string, grid: string, alarm: string, words: string,
 * opacities: typeof INKS.opacities.light} & Record<Ink, string>} Theme
 * `words` is the ink of generated things for small print: lines may be lighter than letters. */

/** Dashes of Plotly's kind; also those of the legend's samples.
 * @type {Record<string, string>} */
export const DASHES = INKS.dashes;

/** The theme that holds at `node`: Streamlit's variables where it gives them, else the page's own colours.
 * @param {Element} node @returns {Theme} */
export function readTheme(node) {
  const style = getComputedStyle(node);
  const given = (/** @type {string} */ name) => style.getPropertyValue(`--st-${name}`).trim();
  const isForced = matchMedia('(forced-colors: active)').matches; // by who sees, in the system's settings
  const prefersDark = matchMedia('(prefers-color-scheme: dark)').matches;
  const background = (isForced ? rgb(node, 'Canvas') : rgb(node, given('background-color'))) ?? pageBackground(node)
    ?? (prefersDark ? [14, 17, 23] : [255, 255, 255]);
  const dark = luminance(background) < 0.4;
  const strong = node.closest('[data-projector]') !== null; // a beamer in a lit room leaves little of a pale grey
  const text = strong ? (dark ? [255, 255, 255] : [0, 0, 0])
    : rgb(node, isForced ? 'CanvasText' : given('text-color')) ?? (dark ? [230, 233, 240] : [31, 41, 55]);
  const shares = strong ? { muted: 0.86, line: 0.5, grid: 0.15 } : { muted: 0.66, line: 0.22, grid: 0.09 };
  const scheme = dark ? 'dark' : 'light';
  const mix = (/** @type {number} */ share) => css(background.map((b, i) => b + share * (text[i] - b)));
  return {
    dark,
    ...INKS[scheme],
    opacities: INKS.opacities[scheme],
    ...Object.fromEntries(INKS.members[scheme].map((colour, i) => [`member${i}`, colour])),
    text: css(text),
    muted: mix(shares.muted),
    line: mix(shares.line),
    grid: mix(shares.grid),
    background: css(background),
    raised: given('secondary-background-color') || mix(0.05),
    font: [given('font') || style.fontFamily || 'sans-serif', ...(CHINESE[speaking()] ?? [])].join(', '),
  };
}

/** The theme as custom properties, so that CSS and SVG follow without being redrawn.
 * @param {HTMLElement} root @param {Theme} theme */
export function applyTheme(root, theme) {
  for (const [name, value] of Object.entries(theme)) {
    if (typeof value === 'string') root.style.setProperty(`--gd-${name}`, value);
  }
  root.style.setProperty('color-scheme', theme.dark ? 'dark' : 'light');
  root.dataset.theme = theme.dark ? 'dark' : 'light';
}

/** @param {string} colour as #rrggbb or rgb() @param {number} alpha */
export const translucent = (colour, alpha) => `rgba(${channels(colour).join(',')},${alpha})`;

/** A theme's colour as numbers 0..255.
 * @param {string} colour as #rrggbb or rgb() */
export function channels(colour) {
  if (colour[0] === '#') return [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16));
  return (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
}

/** Any CSS colour as channels 0..255, or null for none: the browser is the one parser that knows them all.
 * @param {Element} node @param {string} colour @returns {number[] | null} */
function rgb(node, colour) {
  if (!colour) return null;
  const probe = document.createElement('span');
  probe.style.color = colour;
  probe.style.setProperty('forced-color-adjust', 'none'); // what was asked for, not what is put in its place
  node.append(probe);
  const channels = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).map(Number);
  probe.remove();
  return channels.length >= 3 && channels[3] !== 0 ? channels.slice(0, 3) : null;
}

/** @param {Element} node @returns {number[] | null} */
function pageBackground(node) {
  for (let at = /** @type {Element | null} */ (node); at; at = at.parentElement) {
    const found = rgb(node, getComputedStyle(at).backgroundColor);
    if (found) return found;
  }
  return null;
}

/** @param {number[]} values */
const css = values => `rgb(${values.map(Math.round).join(',')})`;

/** @param {number[]} channels */
const luminance = ([r, g, b]) => (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
