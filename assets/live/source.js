// @ts-check
/**
 * Where a view has its run from: the socket of one that lives, or what was recorded of it. Both tell a listener the
 * same things, in the same words; a newcomer is an object with these four, or a `Recording` and nothing else.
 */
import { HttpRecording, readPicture, recordingUrl } from './recording.js';
import { LiveSocket, socketUrl } from './socket.js';

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

/** A run that nobody plays: it stands still at its end, and all that can be done is to look at its pictures. */
class RecordedSource {
  token = '';
  #recording;
  #listener;
  #closed = false;

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
    const about = await this.#recording.about();
    const last = about.pictures.at(-1);
    if (last === undefined) throw new Error('No pictures of this run were recorded.');
    const { said } = readPicture(await this.#recording.picture(last, about.epoch));
    if (this.#closed) return;
    const games = said.map((one, i) => ({ label: about.games[i]?.label ?? '', marks: about.games[i]?.marks ?? [],
      ...one }));
    this.#listener.onMessage({ type: 'run', role: 'watch', generation: 0, status: 'recorded', reason: '', notice: '',
      step: about.step, speed: null, examined: {}, durations: {}, games, record: about.run, link: null,
      followed: 0 });
    const curves = await this.#recording.curves();
    if (!this.#closed) this.#listener.onBytes(curves);
  }
}
