// @ts-check
/**
 * The socket to the run, a source of frames (source.js):
 * says hello, comes back after a loss, and gives up only when the server says that it is over.
 */
import { HttpRecording, recordingUrl } from './recording.js';
import { t } from './words.js';

const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 5000;
const SILENCE_MS = 5000; // a person should not wait longer for a word why nothing comes

const [STOPPED, MOVED] = [4411, 4412];

/** Close codes after which there is nothing to come back to, in words for the person.
 * @type {Record<number, {status: 'ended' | 'failed', reason: string}>} */
const FINAL = {
  4401: { status: 'ended', get reason() { return t('This run is no longer known here. Reload the page to begin a '
    + 'new one.'); } },
  4403: {
    status: 'failed',
    get reason() { return t('The server does not take this page for its own: a proxy in between changes Host. Let '
      + 'it pass Host on (nginx: proxy_set_header Host $http_host;), or start the app with '
      + 'GANDASH_HOSTS={host}, and reload the page.', { host: location.host }); },
  },
  4404: { status: 'ended', get reason() { return t('Nothing is presented under this code.'); } },
  4411: { status: 'ended', get reason() { return t('The presenter has stopped presenting.'); } },
  4429: { status: 'ended', get reason() {
    return t('Too many wrong codes came from here. Wait a moment, and try again.');
  } },
  4410: { status: 'ended', get reason() { return t('This run has ended. Reload the page to begin a new one.'); } },
};

/** @typedef {(saying: import('./types.d.ts').Saying) => void} Send */

/** @typedef {object} Listener
 * @property {(message: import('./source.js').Told) => void} onMessage
 * @property {(bytes: ArrayBuffer) => void} onBytes
 * @property {(frame: import('./bytes.js').Frame) => void} [onFrame] of a record that grows
 * @property {() => void} onLost the connection is gone; another is on its way
 * @property {(reason: string) => void} onSilent nothing has ever come, in words for the person; it goes on trying
 * @property {() => void} [onMoved] another run is presented now
 * @property {(end: {status: 'ended' | 'failed', reason: string}) => void} onEnd the connection is gone for good */

export class LiveSocket {
  /** @type {WebSocket | null} */
  #socket = null;
  #delay = FIRST_DELAY_MS;
  #timer = 0;
  #patience;
  #closed = false;
  #url;
  /** opens the run, on every return too; the server may name it @type {string} */
  token;
  #arriving;
  #link;
  #code;
  #listener;

  /** @param {URL} url @param {{token: string, arriving?: string, link?: string, code?: string}} data
   * @param {Listener} listener */
  constructor(url, { token, arriving, link, code }, listener) {
    this.#url = url;
    this.token = token;
    this.#arriving = arriving;
    this.#link = link;
    this.#code = code;
    this.#listener = listener;
    this.#patience = window.setTimeout(() => listener.onSilent(unreached(url)), SILENCE_MS);
    this.#open();
  }

  /** Dropped when there is no connection: a command given to a lost run must not strike when it comes back.
   * @param {import('./types.d.ts').Saying} message */
  send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** @param {string} record */
  recording(record) {
    return new HttpRecording(recordingUrl(record, this.#url), () => this.token);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
    if (this.#socket) hangUp(this.#socket);
  }

  #open() {
    const socket = new WebSocket(this.#url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => this.send(this.#code ? { type: 'look', code: this.#code, token: this.token }
      : { type: 'hello', token: this.token, ...(this.token ? {} : { arriving: this.#arriving, link: this.#link }) });
    socket.onmessage = ({ data }) => {
      if (this.#closed) return;
      clearTimeout(this.#patience);
      this.#delay = FIRST_DELAY_MS; // only a server that speaks counts as back
      if (typeof data === 'string') this.#listener.onMessage(JSON.parse(data));
      else this.#listener.onBytes(data);
    };
    socket.onclose = ({ code, reason }) => {
      if (this.#closed) return;
      const end = FINAL[code];
      if (end) {
        clearTimeout(this.#patience);
        return this.#listener.onEnd(code === STOPPED && reason ? { ...end, reason: t(reason) } : end);
      }
      if (code === MOVED) return this.#listener.onMoved?.();
      this.#listener.onLost();
      // A class of thirty browsers should not knock in the same instant.
      this.#timer = window.setTimeout(() => this.#open(), this.#delay * (0.75 + 0.5 * Math.random()));
      this.#delay = Math.min(2 * this.#delay, LONGEST_DELAY_MS);
    };
  }
}

/** One that is still connecting is closed once it is open: before, the browser would complain in its console.
 * @param {WebSocket} socket */
function hangUp(socket) {
  if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
  else socket.close();
}

/** @param {URL} url */
const unreached = url =>
  t('Nothing has come from the server yet, over {href}. It may be busy; the page goes on trying. '
    + 'Behind a proxy, see that it passes WebSockets on (nginx: proxy_http_version 1.1; proxy_set_header '
    + 'Upgrade $http_upgrade; proxy_set_header Connection "upgrade";).', { href: url.href });

/** @param {string} path relative to the page, which may live under a base path */
export function socketUrl(path) {
  const url = new URL(path, document.baseURI);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = url.hash = '';
  return url;
}
