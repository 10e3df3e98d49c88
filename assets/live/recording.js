// @ts-check
/**
 * What is kept of a run, wherever it lies: here behind the server's routes (gandash/ui/recorded.py). A file that
 * replays by itself has the same three answers in it, and nothing else in the view knows the difference.
 */
import { unpack } from './bytes.js';
import { refusalIn } from './refusal.js';

/** @typedef {object} Recording
 * @property {() => Promise<import('./types.d.ts').Recorded>} about which pictures there are by now
 * @property {(step: number, epoch: number) => Promise<ArrayBuffer>} picture recorded at this step: see `readPicture`
 * @property {() => Promise<ArrayBuffer>} curves a packet of kind `history`
 * @property {() => Promise<{what: string, words: string}[]>} [files] what it can be taken away as
 * @property {(what: string, stopped: AbortSignal) => Promise<Blob>} [file] one of them
 * @property {(stopped: AbortSignal) => Promise<string>} [settings] as JSON
 * @property {() => Promise<Films>} [films] which can be made
 * @property {(form: string, perSecond: number, frames: Blob, stopped: AbortSignal) => Promise<Blob>} [film] of frames:
 * each a length in four bytes and so much PNG */

/** @typedef {{forms: string[], frames: number, pixels: number, fastest: number}} Films kinds, and the most frames,
 * pixels of all of them, and frames a second */

/** A picture as it was: the frame, and what was true and said of its games then; of some records nothing is known.
 * @typedef {{frame: import('./bytes.js').Frame, said: import('./types.d.ts').Beside['games']}} RecordedPicture */

export class HttpRecording {
  #url;
  #token;

  /** @param {URL} url of this run's record, without a slash at its end
   * @param {() => string} [token] of a run that lives; a visitor's own runs are opened by the cookie */
  constructor(url, token = () => '') {
    this.#url = url;
    this.#token = token;
  }

  async about() {
    return (await this.#get('')).json();
  }

  /** @param {number} step @param {number} epoch */
  async picture(step, epoch) {
    return (await this.#get(`/pictures/${step}?epoch=${epoch}`)).arrayBuffer();
  }

  async curves() {
    return (await this.#get('/curves')).arrayBuffer();
  }

  async files() {
    return (await this.#get('/files')).json();
  }

  /** @param {string} what @param {AbortSignal} stopped */
  async file(what, stopped) {
    return (await this.#get(`/files/${what}`, stopped)).blob();
  }

  /** @param {AbortSignal} stopped */
  async settings(stopped) {
    return (await this.#get('/files/config.json', stopped)).text();
  }

  async films() {
    return (await this.#get('/films')).json();
  }

  /** @param {string} form @param {number} perSecond @param {Blob} body @param {AbortSignal} stopped */
  async film(form, perSecond, body, stopped) {
    return (await this.#get(`/films/${form}?per_second=${perSecond}`, stopped, { method: 'POST', body })).blob();
  }

  /** @param {string} what @param {AbortSignal | null} [signal] @param {RequestInit} [more] */
  async #get(what, signal = null, more = {}) {
    const token = this.#token();
    const answer = await fetch(`${this.#url.href}${what}`,
      { signal, headers: token ? { Authorization: `Bearer ${token}` } : {}, ...more });
    if (!answer.ok) throw new Error(await refusalIn(answer));
    return answer;
  }
}

/** The record by this id, beside the socket that the page names. @param {string} id
 * @param {URL} base of the page, or the socket's own address */
export function recordingUrl(id, base) {
  const url = new URL(`recorded/${encodeURIComponent(id)}`, base);
  url.protocol = url.protocol.replace('ws', 'http');
  url.search = url.hash = '';
  return url;
}

/** Four bytes with a length, so much JSON, a frame.
 * @param {ArrayBuffer} bytes @returns {RecordedPicture} */
export function readPicture(bytes) {
  const length = new DataView(bytes).getUint32(0, true);
  const text = new TextDecoder().decode(new Uint8Array(bytes, 4, length));
  const frame = /** @type {import('./bytes.js').Frame} */ (unpack(bytes.slice(4 + length)));
  return { frame, said: text ? JSON.parse(text).games : [] };
}
