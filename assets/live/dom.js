// @ts-check
/**
 * Making elements in one line, and writing to them only what changed.
 */

/** @param {string} tag @param {Record<string, string | number | boolean | undefined>} [attributes]
 * @param {...(Node | string)} children */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) node.setAttribute(name,
    String(value));
  node.append(...children);
  return node;
}

/** Touching textContent, even with the same text, makes the browser lay the line out again.
 * @param {Node} node @param {string} text */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** "p_r real" with a real subscript; one underscore and one character at a time.
 * @param {string} text @returns {(Node | string)[]} */
export function maths(text) {
  return text.split(/(_.)/).filter(Boolean).map(part => (part[0] === '_' ? element('sub', {}, part[1]) : part));
}

/** The same for Plotly, which reads a little HTML.
 * @param {string} text */
export const mathsHtml = text => text.replace(/_(.)/g, '<sub>$1</sub>');

/** @param {string} path of a 16 x 16 drawing */
export function icon(path) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  const shape = document.createElementNS(svg.namespaceURI, 'path');
  shape.setAttribute('d', path);
  svg.append(shape);
  return svg;
}

/** @param {number} ms @returns {Promise<void>} */
export const delay = ms => new Promise(resolve => setTimeout(resolve, ms));
