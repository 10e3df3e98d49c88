// @ts-check
/**
 * A page that replays one recorded run: the live view, with all that it shows in the page itself. Nothing is fetched.
 */
import { VIEW } from '../live/apart.js';
import { grouped } from '../live/numbers.js';
import { framesOf, momentOf, pictureOf } from '../live/picture.js';
import { readPicture } from '../live/recording.js';
import { LiveView } from '../live/view.js';
import { speak, t, wished } from '../live/words.js';
import { embedded, EmbeddedRecording, unpacked } from './embedded.js';

await speak(wished());
const { title, gandash, created, settings, recorded, about } = embedded();
const root = document.documentElement;
const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const kept = about.pictures.length;

find('title').textContent = title;
const made = created && t('Recorded {date} with gandash {version}', { date: created, version: gandash }).trimEnd();
const pictures = kept < recorded ? t('{some} pictures of {all}', { some: grouped(kept), all: grouped(recorded) })
  : t('{count} pictures', { count: grouped(kept) });
find('made').textContent = `${made} · ${t('{count} steps', { count: grouped(about.step) })} · ${pictures}`;
for (const name of ['open-settings', 'close-settings']) find(name).textContent = t(find(name).textContent ?? '');
find('settings').setAttribute('aria-label', t('Settings'));
find('settings-text').textContent = settings;

const recording = new EmbeddedRecording();
const view = new LiveView(find('view'), Promise.resolve(), async () => {
  const script = document.createElement('script');
  script.textContent = new TextDecoder().decode(await unpacked(embedded().plotly));
  document.head.append(script);
  return window.Plotly;
});
/** @type {import('../live/live.js').Component} */
const component = { parentElement: find('view'), setTriggerValue: () => {},
  data: { token: '', socket: '', title, recording } };
view.update(component);

const dialog = /** @type {HTMLDialogElement} */ (find('settings'));
find('open-settings').addEventListener('click', () => dialog.showModal());
find('close-settings').addEventListener('click', () => dialog.close());

const isDark = () => (root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'))
  === 'dark';
const theme = find('theme');
function nameTheme() {
  theme.textContent = isDark() ? t('Light') : t('Dark');
}
theme.addEventListener('click', () => {
  root.dataset.theme = isDark() ? 'light' : 'dark';
  nameTheme();
  view.update(component);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', nameTheme);
nameTheme();

/** @typedef {import('../live/picture.js').Wanted} Wanted */

/** Pictures of any step, for who opens this page without looking at it: gandash/exporting/pictures.py.
 * @param {Wanted & {format: string}} wanted @param {number | null} step null for the newest, of the whole run
 * @returns {Promise<string>} the file in base64 */
async function picture(wanted, step) {
  const now = await shown();
  const last = about.pictures[about.pictures.length - 1];
  const moment = momentOf(now, readPicture(await recording.picture(step ?? last)));
  const { numbers } = /** @type {import('../live/curve.js').Past} */ (moment.scene.past);
  if (step === null && last === about.step) moment.scene = { ...moment.scene, past: null, numbers };
  else if (step === null && wanted.what !== VIEW) moment.scene = { ...moment.scene, past: null };
  return inBase64(await pictureOf(moment, wanted, { title, settings }));
}

/** @type {AsyncGenerator<Blob> | null} */
let frames = null;

/** The next frame of a film of all pictures, or null after the last. @param {Wanted} wanted */
async function frame(wanted) {
  frames ??= framesOf(await shown(), wanted, about.pictures, step => recording.picture(step));
  const { value, done } = await frames.next();
  return done ? null : inBase64(value);
}

/** @param {Blob} blob */
async function inBase64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));
}

/** Resolved when there is something on show. */
async function shown() {
  for (;;) {
    const moment = view.moment;
    if (moment?.frame) return moment;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

window.gandash = { picture, frame, panels: async () => (await shown()).panels.map(panel => panel.key),
  steps: () => about.pictures };
