// @ts-check
/**
 * What is on show as a file: SVG or PNG, with the run's settings in it; or step after step, as the frames of a film.
 */
import { Apart } from './apart.js';
import { numbersOf } from './comparison-members.js';
import { grouped } from './numbers.js';
import { readPicture } from './recording.js';
import { t } from './words.js';

/** @typedef {import('./apart.js').Moment} Moment */
/** @typedef {import('./apart.js').Wanted} Wanted */

/** @param {Moment} moment @param {Wanted & {format: string}} wanted @param {{title: string, settings: string}} about
 * @returns {Promise<Blob>} */
export async function pictureOf(moment, wanted, about) {
  const apart = await Apart.open(moment, wanted);
  try {
    await apart.show(moment);
    const text = new XMLSerializer().serializeToString(await apart.svg(about));
    if (wanted.format === 'svg') return new Blob([text], { type: 'image/svg+xml' });
    const png = new Uint8Array(await (await rastered(text, wanted)).arrayBuffer());
    return withText(png, { Title: about.title, Software: 'gandash', Comment: about.settings });
  } finally {
    apart.end();
  }
}

/** A recorded picture as it was on show. @param {Moment} moment of the same run
 * @param {import('./recording.js').RecordedPicture} picture @returns {Moment} */
export const momentOf = (moment, { frame, said }) => ({
  ...moment, frame, games: moment.games.map((game, i) => ({ ...game, ...said[i] })),
  scene: { ...moment.scene, past: { at: frame.label.step, numbers: numbersOf(frame.label) } },
});

/** A PNG of each recorded picture, under it the step; in the curves a line goes along.
 * @param {Moment} moment @param {Wanted} wanted @param {readonly number[]} steps
 * @param {(step: number) => Promise<ArrayBuffer>} read gives the picture of a step
 * @returns {AsyncGenerator<Blob>} */
export async function* framesOf(moment, wanted, steps, read) {
  /** @type {Apart | null} */
  let apart = null;
  try {
    for (const step of steps) {
      const picture = readPicture(await read(step));
      const then = momentOf(moment, picture);
      apart ??= await Apart.open(then, wanted);
      await apart.show(then, t('step {step}', { step: grouped(picture.frame.label.step) }));
      const svg = await apart.svg({ title: '', settings: '' });
      yield rastered(new XMLSerializer().serializeToString(svg), wanted);
    }
  } finally {
    apart?.end();
  }
}

/** @param {string} svg @param {Wanted} wanted @returns {Promise<Blob>} PNG */
async function rastered(svg, { width, height, scale = 2 }) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement('canvas'), { width: width * scale, height: height * scale });
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ resolve) => canvas.toBlob(resolve));
  if (!blob) throw new Error(t('A picture of {width} × {height} pixels is too large for this browser.',
      { width: canvas.width, height: canvas.height }));
  return blob;
}

const HEAD = 8 + 25; // PNG's signature and its first chunk, IHDR

/** @param {Uint8Array<ArrayBuffer>} png @param {Record<string, string>} texts */
export function withText(png, texts) {
  const chunks = Object.entries(texts).map(([key, text]) => chunk('iTXt', [...new TextEncoder().encode(key), 0, 0, 0, 0,
    0, ...new TextEncoder().encode(text)]));
  return new Blob([png.slice(0, HEAD), ...chunks, png.slice(HEAD)], { type: 'image/png' });
}

/** @param {string} type @param {number[]} data */
function chunk(type, data) {
  const body = Uint8Array.from([...new TextEncoder().encode(type), ...data]);
  const bytes = new Uint8Array(body.length + 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(body, 4);
  view.setUint32(4 + body.length, crc32(body));
  return bytes;
}

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
