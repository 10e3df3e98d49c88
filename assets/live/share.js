// @ts-check
/**
 * The run as a link: the page's address always holds it, one button copies it, another shows it as a QR code.
 */
import { element, icon, write } from './dom.js';
import { grouped } from './numbers.js';
import { t, together } from './words.js';

const RENEWED_MS = 1000; // apart: browsers take some hundred changes of the address in half a minute
const LARGEST_CODE = 2900; // bytes that a QR code holds
const PARAMETER = 'game'; // of the address's query: see gandash/links/format.py

const ICONS = {
  link: 'M6.600 9.400a.75.75 0 0 1 0-1.060l1.740-1.740a.75.75 0 1 1 1.060 1.060L7.660 9.400a.75.75 0 0 1-1.060 0z'
    + 'M7.300 4.900l1.700-1.700a2.690 2.690 0 0 1 3.800 3.800l-1.700 1.700a.75.75 0 0 1-1.060-1.060l1.700-1.700'
    + 'a1.190 1.190 0 0 0-1.680-1.680L8.360 5.960A.75.75 0 1 1 7.300 4.900z'
    + 'M8.700 11.100l-1.700 1.700a2.690 2.690 0 0 1-3.800-3.800l1.700-1.700a.75.75 0 1 1 1.060 1.060l-1.700 1.700'
    + 'a1.190 1.190 0 0 0 1.680 1.680l1.700-1.700a.75.75 0 1 1 1.060 1.060z',
  code: 'M2 2h5v5H2zM3.500 3.500v2h2v-2zM9 2h5v5H9zM10.500 3.500v2h2v-2zM2 9h5v5H2zM3.500 10.500v2h2v-2zM9 9h2v2H9zM12 '
    + '9h2v2h-2zM9 12h2v2H9zM12 12h2v2h-2z',
};

/** @typedef {NonNullable<import('./types.d.ts').RunState['link']>} LinkParts */

/** The link of a run at a step: where it stands still, with a mark of its state.
 * @param {LinkParts} parts @param {number} step */
export function linkAt({ text, here, step: stands, until }, step) {
  if (until !== null && step > until) return `${text}~at-${until}`;
  if (step === stands) return text + here;
  return step > 0 ? `${text}~at-${step}` : text;
}

/** The page's own address with another link in it. The signs of a link stand in an address as they are.
 * @param {string} link
 * @param {boolean} isOwn as this visitor has it, with the name of the run, which is of no use to others
 * @param {string} [page] another address of this page */
export function addressWith(link, isOwn, page = location.origin + location.pathname) {
  const others = new URLSearchParams(location.search);
  others.delete(PARAMETER);
  if (!isOwn) for (const name of ['run', 'lang']) others.delete(name); // whoever opens it has a language
  return `${page}?${others}${others.size ? '&' : ''}${PARAMETER}=${link}${isOwn ? location.hash : ''}`;
}

export class Share {
  node = /** @type {HTMLDialogElement} */ (element('dialog', { class: 'gd-help gd-share', 'aria-label': t('Link') }));
  copy = iconButton('link', t('Copy link'));
  code = iconButton('code', t('QR code'));
  #title = element('h2');
  #image = /** @type {HTMLImageElement} */ (element('img', { class: 'gd-code', alt: '' }));
  #words = element('p');
  #field = /** @type {HTMLTextAreaElement} */ (element('textarea',
    { readonly: '', rows: 3, 'aria-label': t('The link') }));
  /** The server's address in its own network. */
  lan = '';
  #say;
  /** @type {LinkParts | null} */
  #parts = null;
  #step = 0;
  #isOurs = false;
  #timer = 0;
  #renewed = 0;

  /** @param {{tips: import('./tip.js').Tips, signal: AbortSignal, say: (words: string) => unknown}} options */
  constructor({ tips, signal, say }) {
    this.#say = say;
    const close = element('button', { type: 'button', class: 'gd-close', 'aria-label': t('Close') }, '×');
    const again = element('button', { type: 'button', class: 'gd-button' }, t('Copy link'));
    this.node.append(close, this.#title, this.#image, this.#words, this.#field, again);
    tips.set(this.copy, t('Copy a link that opens this run, as it is now, elsewhere'));
    tips.set(this.code, t('Show that link as a QR code, for a class with phones'));
    const copyNow = () => this.#copy();
    for (const button of [this.copy, again]) button.addEventListener('click', copyNow, { signal });
    this.code.addEventListener('click', () => this.#show(), { signal });
    close.addEventListener('click', () => this.node.close(), { signal });
    this.node.addEventListener('click', event => event.target === this.node && this.node.close(), { signal });
    this.#image.addEventListener('error', () => this.#show(t('{text_content} The code could not be '
      + 'drawn.', { text_content: this.#words.textContent }),
      false), { signal });
    this.#field.addEventListener('focus', () => this.#field.select(), { signal });
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  /** @param {import('./run.js').Run} run */
  show({ link, role }) {
    this.#parts = link;
    this.#isOurs = role === 'steer';
    for (const button of [this.copy, this.code]) button.toggleAttribute('hidden', !link);
    this.renew();
  }

  /** @param {number} step on show */
  read(step) {
    if (step === this.#step) return;
    this.#step = step;
    this.renew();
  }

  /** The page's address has the link: at once, or a moment after it had another. It leaves no trace in the history.
   * Also asked for from outside: where the page's script writes the address, the link is gone from it. */
  renew() {
    if (!this.#parts || !this.#isOurs || this.#timer) return;
    const wait = Math.max(0, this.#renewed + RENEWED_MS - performance.now());
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      if (!this.#parts) return;
      const address = addressWith(linkAt(this.#parts, this.#step), true);
      if (address === location.href) return;
      this.#renewed = performance.now();
      history.replaceState(history.state, '', address);
    }, wait);
  }

  /** @param {LinkParts} parts */
  #address(parts, page = location.origin + location.pathname) {
    return addressWith(linkAt(parts, this.#step), false, page);
  }

  async #copy() {
    if (!this.#parts) return;
    const address = this.node.open ? this.#field.value : this.#address(this.#parts);
    if (await isCopied(address, this.node)) {
      if (this.node.open) write(this.#title, t('Copied'));
      this.#say(together(t('Link copied: it opens this run as it is now.'), ...lacks(this.#parts)));
    } else {
      if (!this.node.open) this.#show(t('This browser does not let the page copy: it came over plain '
        + 'http. The link is selected; copy it with Ctrl+C, or by its menu.'), false);
      this.#field.focus();
      this.#field.select();
    }
  }

  /** @param {string} [words] instead of those of a QR code @param {boolean} [withCode] */
  #show(words, withCode = true) {
    if (!this.#parts) return;
    const own = this.#address(this.#parts);
    const isLocal = isOwnMachine(location.hostname);
    const address = isLocal && this.lan && withCode ? this.#address(this.#parts, this.lan) : own;
    const fits = address.length <= LARGEST_CODE;
    this.#image.hidden = !withCode || !fits;
    if (!this.#image.hidden) this.#image.src = new URL(`gandash/code.svg?text=${encodeURIComponent(address)}`,
      document.baseURI).href;
    write(this.#title, withCode ? t('This run, at step {step}',
      { step: grouped(this.#step) }) : t('The link of this run'));
    write(this.#words, together(
      words ?? (fits ? reach(isLocal, this.lan)
        : t('With {length} characters this link is too long for a QR code; copy it instead.',
            { length: grouped(address.length) })),
      ...lacks(this.#parts),
    ));
    this.#field.value = address;
    if (!this.node.open) this.node.showModal();
  }
}

/** @param {string} host */
export const isOwnMachine = host => /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(host);

/** Who can open the code. @param {boolean} isLocal @param {string} lan */
export function reach(isLocal, lan) {
  if (!isLocal) return t('Point a phone’s camera at it.');
  if (lan) return t('You opened this page as {host}, which a phone would look for in itself: the code '
    + 'leads to {lan} instead, this machine in its network. The phone has to be in the same network.',
      { host: location.host, lan });
  return t('You opened this page as {host}, which a phone would look for in itself: it cannot open '
    + 'this code. Start the app with --server.address 0.0.0.0, and open it by this machine’s name or '
    + 'address in your network.', { host: location.host });
}

/** What a link has no room for. @param {LinkParts} parts @returns {string[]} */
function lacks({ text, missing, until }) {
  const record = /~file-([\w.-]+)/.exec(text)?.[1];
  const said = [];
  if (missing.length) said.push(t('The data of this run are too large for a link. Send along the file '
    + 'that you uploaded{what}.',
      { what: record ? t(', or that of the whole run: {record}.zip, from the Runs page', { record }) : '' }));
  if (until !== null) said.push(t('So much was changed that the link has room for it up to step '
    + '{until} only.', { until: grouped(until) }));
  return said;
}

/** Old browsers, and pages that came over plain http, have no clipboard but by way of what is selected.
 * @param {string} text @param {HTMLDialogElement} dialog where it is open, nothing outside of it can be selected */
async function isCopied(text, dialog) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const holder = /** @type {HTMLTextAreaElement} */ (element('textarea', { class: 'gd-holder', readonly: '' }));
    holder.value = text;
    (dialog.open ? dialog : document.body).append(holder);
    holder.select();
    try {
      return document.execCommand('copy');
    } catch {
      return false;
    } finally {
      holder.remove();
    }
  }
}

/** @param {keyof typeof ICONS} name @param {string} label */
function iconButton(name, label) {
  return element('button',
    { type: 'button', class: 'gd-button gd-icon gd-share-button', 'aria-label': label, hidden: '' },
    icon(ICONS[name]));
}
