// @ts-check
/**
 * Where a view has its run from: the socket of one that lives, or what was recorded of it. Both tell a listener the
 * same things, in the same words; a newcomer is an object with these four, or a `Recording` and nothing else.
 */
import { delay } from './dom.js';
import { HttpRecording, readPicture, recordingUrl } from './recording.js';
import { LiveSocket, socketUrl } from './socket.js';
import { t } from './words.js';

const PICTURES_MS = 100; // from one look for a newer picture of a run that is still recorded to the next
const CURVES_MS = 1000; // as long at least between two readings of its curves, and as often as they take
const CURVES_SHARE = 0.1; // of the time
const TRIES = 20; // in a row that may go wrong

/** @typedef {import('./recording.js').Recording} Recording */
/** @typedef {import('./types.d.ts').Said} Said */
/** What a source says: as the server does, or that the run is but a record.
 * @typedef {Exclude<Said, {type: 'run'}> | import('./run.js').Run} Told */
/** @typedef {object} Source
 * @property {import('./socket.js').Send} send to the trainer, if there is one
 * @property {() => void} close
 * @property {string} token opens the run
 * @property {(record: string) => Recording} recording what is kept of the run by this id */

/** @param {import('./live.js').Data} data @param {import('./socket.js').Listener} listener @returns {Source} */
export function openSource(data, listener) {
  const { record, recording } = data;
  if (recording) return new RecordedSource(recording, listener);
  const socket = new URL(data.socket, document.baseURI);
  if (record) return new RecordedSource(new HttpRecording(recordingUrl(record, socket)), listener);
  return new LiveSocket(socketUrl(data.socket), data, listener);
}

/** A run that nobody plays here: all that can be done is to look at its pictures. It stands still at its end, or is
 * followed as long as somebody else records it. */
class RecordedSource {
  token = '';
  #recording;
  #listener;
  #closed = false;
  #said = '';

  /** @param {Recording} recording @param {import('./socket.js').Listener} listener */
  constructor(recording, listener) {
    this.#recording = recording;
    this.#listener = listener;
    this.#tell().catch(error => this.#closed || listener.onEnd({ status: 'failed', reason: error.message }));
  }

  send() {}

  close() {
    this.#closed = true;
  }

  recording() {
    return this.#recording;
  }

  async #tell() {
    let about = await this.#recording.about();
    if (!about.pictures.length && !about.growing) throw new Error(t('No pictures of this run were recorded.'));
    let curvesDue = -Infinity;
    let shown = -1;
    let failed = 0;
    while (!this.#closed) {
      try {
        shown = await this.#picture(about, shown);
        if (performance.now() >= curvesDue || !about.growing) {
          const began = performance.now();
          const curves = await this.#recording.curves();
          if (!this.#closed) this.#listener.onBytes(curves);
          const now = performance.now();
          curvesDue = now + Math.max(CURVES_MS, (now - began) / CURVES_SHARE);
        }
        if (!about.growing) return;
        await delay(PICTURES_MS);
        about = await this.#recording.about();
        failed = 0;
      } catch (error) {
        if (!about.growing) throw error;
        if (++failed > TRIES) throw new Error(t('Nobody answers any more. What was watched may have '
          + 'ended, and its page with it; what was recorded of it is there.'));
        await delay(PICTURES_MS);
      }
    }
  }

  /** Tells of the newest picture, if it is another than the one that was shown.
   * @param {import('./types.d.ts').Recorded} about @param {number} shown */
  async #picture(about, shown) {
    const last = about.pictures.at(-1);
    if (last === undefined || (last === shown && about.growing)) return shown;
    const { frame, said } = readPicture(await this.#recording.picture(last, about.epoch));
    if (this.#closed) return shown;
    const games = said.map((one, i) => ({ label: about.games[i]?.label ?? '', marks: about.games[i]?.marks ?? [],
      ...one }));
    const status = about.growing ? 'growing' : 'recorded';
    const step = about.growing ? 0 : about.step; // of one that is followed the pictures say it
    const told = JSON.stringify([status, step, games]);
    if (told !== this.#said) this.#listener.onMessage({ type: 'run', role: 'watch', generation: 0, status, reason: '',
      notice: '', step, speed: null, examined: {}, durations: {}, games, record: about.run, link: null, followed: 0 });
    this.#said = told;
    if (about.growing) this.#listener.onFrame?.({ ...frame, label: { ...frame.label, generation: 0 } });
    return last;
  }
}
