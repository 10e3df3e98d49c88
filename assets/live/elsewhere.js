// @ts-check
/**
 * This tab's run while another page than the lab is open: it is looked at from here, so it goes on, and a line says
 * where it is.
 */
import { unpack } from './bytes.js';
import { element, write } from './dom.js';
import { grouped } from './numbers.js';
import { LiveSocket, socketUrl } from './socket.js';
import { speak, speaking, t } from './words.js';

const LOOK_MS = 1000; // a line of words needs no more pictures than that

/** @typedef {{token: string, socket: string, title: string, language?: string}} Data
 * @typedef {{data: Data, parentElement: HTMLElement}} Component */

/** @type {WeakMap<HTMLElement, Line>} */
const lines = new WeakMap();

/** What a run's status is called here. @type {Record<string, string>} */
const WORDS = { get connecting() { return t('connecting'); }, get paused() { return t('paused'); },
  get running() { return t('playing'); }, get diverged() { return t('diverged'); },
    get failed() { return t('failed'); },
  get ended() { return t('ended'); } };

class Line {
  #node = element('p', { class: 'gd-elsewhere', 'data-testid': 'elsewhere', role: 'status' });
  #dot = element('i', { 'aria-hidden': 'true' });
  #title = element('b');
  #words = element('span');
  #token = '';
  #step = 0;
  #status = 'connecting';
  #timer = 0;
  /** @type {LiveSocket | null} */
  #socket = null;

  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.#node.append(this.#dot, this.#title, this.#words);
    parent.append(this.#node);
  }

  /** @param {Data} data without a token: there is no run, and nothing to say */
  update({ token, socket, title, language = speaking() }) {
    if (language !== speaking()) speak(language).then(() => this.#show(this.#step));
    write(this.#title, title);
    this.#node.hidden = !token;
    if (token === this.#token) return;
    this.dispose();
    this.#token = token;
    this.#socket = new LiveSocket(socketUrl(socket), { token }, {
      onMessage: message => {
        if (message.type !== 'run') return;
        this.#status = message.status;
        this.#show(message.step);
      },
      onBytes: bytes => {
        const { label } = unpack(bytes);
        if (label.kind !== 'frame') return;
        this.#show(label.step);
        this.#timer = window.setTimeout(() => this.#socket?.send({ type: 'ack' }), LOOK_MS);
      },
      onLost: () => this.#show(this.#step, 'connecting'),
      onSilent: () => this.#show(this.#step, 'connecting'),
      onEnd: ({ status }) => {
        this.#status = status;
        this.#show(this.#step);
      },
    });
    this.#show(0);
  }

  /** @param {number} step @param {string} [status] */
  #show(step, status = this.#status) {
    this.#step = step;
    Object.assign(this.#node.dataset, { status, step });
    write(this.#words, t('{what}, step {step}', { what: WORDS[status] ?? status, step: grouped(step) }));
  }

  dispose() {
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  remove() {
    this.dispose();
    this.#node.remove();
  }
}

/** @param {Component} component */
export function update({ data, parentElement }) {
  let line = lines.get(parentElement);
  if (!line) lines.set(parentElement, line = new Line(parentElement));
  line.update(data);
  fetchView();
}

/** The view's own modules, in a quiet moment: a run that is opened next is then drawn at once. */
function fetchView() {
  const fetched = () => import(new URL('live.js' + new URL(import.meta.url).search, import.meta.url).href);
  if ('requestIdleCallback' in window) requestIdleCallback(() => fetched().catch(() => {})); // Safari has no such word
}

/** @param {HTMLElement} parentElement */
export function teardown(parentElement) {
  lines.get(parentElement)?.remove();
  lines.delete(parentElement);
}
