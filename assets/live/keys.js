// @ts-check
/**
 * Keys that steer from anywhere on the page, without stealing what somebody types or presses elsewhere.
 */
import { t } from './words.js';

// Where one types, or what has a menu open.
const TYPING = [
  'input:not([type=checkbox]):not([type=radio]):not([type=range])', 'textarea', 'select', '[contenteditable]',
    '[role=textbox]',
  '[role=combobox]', '[role=listbox]', '[role=menu]', '[role=dialog]', 'dialog', '[aria-haspopup][aria-expanded=true]',
].join();
export const MODAL = ':modal, [aria-modal=true]';
// Space presses these, where the keyboard came to them; the other keys
// mean nothing there. No links, sliders and what is chosen already.
const PRESSABLE = [
  'button', 'summary', 'input[type=checkbox]', 'input[type=radio]:not(:checked)', '[role=button]', '[role=checkbox]',
    '[role=switch]',
  '[role=radio]:not([aria-checked=true])', '[role=tab]:not([aria-selected=true])',
].join();

// Where the arrows go elsewhere.
const ARROWED = '[role=slider], [role=tab], [role=radio], [role=spinbutton], input[type=radio], '
  + 'input[type=range]:not(.gd-time)';

/** Every key that steers from anywhere on the page, by `event.key`, as the help lists them: how they are written
 * there, and what they do. */
export const KEYS = /** @type {const} */ ([
  { keys: [' '], written: () => [t('Space')],
    does: () => t('play and pause; on a control that Tab has led to, press it') },
  { keys: ['d'], written: () => ['d'], does: () => t('one step of the discriminator alone') },
  { keys: ['g'], written: () => ['g'], does: () => t('one step of the generator alone') },
  { keys: ['s'], written: () => ['s'], does: () => t('one round of both') },
  { keys: ['n', 'b'], written: () => ['n', 'b'],
    does: () => t('in the graph: the next part of a step, or the one before') },
  { keys: ['ArrowLeft', 'ArrowRight'], written: () => ['←', '→'],
    does: () => t('one recorded picture back or on, while training goes on; with Shift ten') },
  { keys: ['p'], written: () => ['p'], does: () => t('projector mode: larger letters and lines, controls away') },
  { keys: ['Escape'], written: () => ['Esc'],
    does: () => t('close what is open: a window, a hint, the examinations, projector mode') },
  { keys: ['?'], written: () => ['?'], does: () => t('this help') },
]);

/** @typedef {typeof KEYS[number]['keys'][number]} Key */

/** @param {Partial<Record<Key, (event: KeyboardEvent) => void>>} actions @param {AbortSignal} signal */
export function listenToKeys(actions, signal) {
  document.addEventListener('keydown', event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = Object.hasOwn(actions, key) ? actions[/** @type {Key} */ (key)] : undefined;
    if (!action || (event.shiftKey && /^[a-z]$/i.test(key))) return; // "?" and others need Shift on many keyboards
    // the true one, also from within a shadow tree
    const target = releaseNow() ? document.activeElement : event.composedPath()[0];
    if (document.querySelector(MODAL)) return;
    if (target instanceof Element && (target.closest(TYPING) || (key === ' ' && target.closest(PRESSABLE))
      || (key.startsWith('Arrow') && target.closest(ARROWED)))) return;
    event.preventDefault(); // Space would scroll the page
    if (key === ' ' && event.repeat) return; // a held Space should not flicker; held step keys walk
    action(event);
  }, { signal });
}

/**
 * Give the keys back to the lab once a setting has been entered: after Enter in a field of the
 * page, a click in a list or on a button, the focus would stay there, and Space would type into
 * it or press it again instead of playing. Who came by keyboard stays, and presses with Space.
 * @param {AbortSignal} signal
 */
export function releaseFocusAfterEntry(signal) {
  document.addEventListener('keydown', event => {
    const target = event.composedPath()[0];
    // it is read first
    if (event.key === 'Enter' && target instanceof Element && target.closest('input')) releaseSoon(releaseFocus);
  }, { signal });
  document.addEventListener('click', event => {
    const target = event.composedPath()[0];
    if (target instanceof Element && target.closest('[role=option]')) releaseSoon(releaseFocus);
    // A press by keyboard counts no clicks; a finger's tap on a "?" shows its words as long as the focus is there.
    else if (event.detail > 0
      && /** @type {PointerEvent} */ (event).pointerType !== 'touch') releaseSoon(releasePressed);
  }, { signal, capture: true }); // the list keeps it from the document
}

/** @type {(() => void) | null} what the last entry or press still leaves to do */
let release = null;

/** Once whoever else listens has had the event. @param {() => void} what */
function releaseSoon(what) {
  release = what;
  setTimeout(releaseNow);
}

/** On a busy page the next key can come first: whether there was something left to do. */
function releaseNow() {
  const isDue = release !== null;
  release?.();
  release = null;
  return isDue;
}

/** Take the focus away from what was only pressed; and from
 * the page's ground, which the next key would put in a frame. */
function releasePressed() {
  const focused = document.activeElement;
  if (focused instanceof HTMLElement && focused.matches(`${PRESSABLE}, main, input[type=radio]`)
    && !focused.matches(TYPING)) focused.blur();
}

/** Take the focus away from the page's controls. */
export function releaseFocus() {
  const focused = document.activeElement;
  if (focused instanceof HTMLElement && focused.closest('[data-testid="stSidebar"], .st-key-lesson'))
    focused.blur();
}
