// @ts-check
/**
 * A page that replays one recorded run: the live view, with all that it shows in the page itself. Nothing is fetched.
 */
import { grouped } from '../live/numbers.js';
import { LiveView } from '../live/view.js';
import { embedded, EmbeddedRecording, unpacked } from './embedded.js';

const { title, made, settings, recorded, about } = embedded();
const root = document.documentElement;
const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const kept = about.pictures.length;

find('title').textContent = title;
find('made').textContent = `${made} · ${grouped(about.step)} steps · ${grouped(kept)} pictures`
  + (kept < recorded ? ` of ${grouped(recorded)}` : '');
find('settings-text').textContent = settings;

const view = new LiveView(find('view'), Promise.resolve(), async () => {
  const script = document.createElement('script');
  script.textContent = new TextDecoder().decode(await unpacked(embedded().plotly));
  document.head.append(script);
  return window.Plotly;
});
/** @type {import('../live/live.js').Component} */
const component = { parentElement: find('view'), setTriggerValue: () => {},
  data: { token: '', socket: '', title, recording: new EmbeddedRecording() } };
view.update(component);

const dialog = /** @type {HTMLDialogElement} */ (find('settings'));
find('open-settings').addEventListener('click', () => dialog.showModal());
find('close-settings').addEventListener('click', () => dialog.close());

const isDark = () => (root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'))
  === 'dark';
const theme = find('theme');
function nameTheme() {
  theme.textContent = isDark() ? 'Light' : 'Dark';
}
theme.addEventListener('click', () => {
  root.dataset.theme = isDark() ? 'light' : 'dark';
  nameTheme();
  view.update(component);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', nameTheme);
nameTheme();
