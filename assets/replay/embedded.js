// @ts-check
/**
 * What a page that replays a run by itself has in it: what gandash/exporting/replay.py put there.
 */

/** @typedef {object} Embedded
 * @property {string} title
 * @property {string} gandash the version that recorded it
 * @property {string} created the day on which the run was begun
 * @property {string} settings what it was played with, as JSON that one reads
 * @property {number} recorded how many pictures there were; those left out were too many for one file
 * @property {import('../live/types.d.ts').Recorded} about
 * @property {string[]} pictures of the same order: see `readPicture`; packed
 * @property {string} curves packed
 * @property {string} plotly packed
 * @property {Record<string, string>} words by language: all messages, packed
 * @property {Record<string, string>} styles that are loaded when they are needed */

/** @type {Embedded | null} */
let found = null;

/** @returns {Embedded} */
export function embedded() {
  found ??= JSON.parse(document.getElementById('gandash-run')?.textContent ?? '');
  return /** @type {Embedded} */ (found);
}

/** @param {string} packed zlib's bytes in base64 @returns {Promise<ArrayBuffer>} */
export function unpacked(packed) {
  const bytes = Uint8Array.from(atob(packed), character => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Response(stream).arrayBuffer();
}

/** @implements {Pick<import('../live/recording.js').Recording, 'about' | 'picture' | 'curves' | 'settings'>} */
export class EmbeddedRecording {
  async about() {
    return embedded().about;
  }

  /** @param {number} step */
  picture(step) {
    const { about, pictures } = embedded();
    return unpacked(pictures[about.pictures.indexOf(step)]);
  }

  curves() {
    return unpacked(embedded().curves);
  }

  async settings() {
    return embedded().settings;
  }
}
