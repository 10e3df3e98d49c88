// @ts-check
/**
 * Keys that steer from anywhere on the page, without stealing what somebody types or presses elsewhere.
 */

const TYPING = 'input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable], [role=textbox], [role=combobox], [role=listbox], [role=dialog], dialog';
// Space already means something on these; the other keys do not.
const PRESSABLE = 'button, a[href], summary, input, [role=button], [role=checkbox], [role=switch], [role=radio], [role=tab], [role=option], [role=menuitem]';

/** @param {Record<string, () => void>} actions by `event.key` @param {AbortSignal} signal */
export function listenToKeys(actions, signal) {
  document.addEventListener('keydown', event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = Object.hasOwn(actions, key) ? actions[key] : undefined;
    const target = event.composedPath()[0]; // the true one, also from within a shadow tree
    if (!action || (event.shiftKey && /[a-z]/i.test(key))) return; // "?" and others need Shift on many keyboards
    if (target instanceof Element && (target.closest(TYPING) || (key === ' ' && target.closest(PRESSABLE)))) return;
    event.preventDefault(); // Space would scroll the page
    if (key === ' ' && event.repeat) return; // a held Space should not flicker; held step keys walk
    action();
  }, { signal });
}

/**
 * Give the keys back to the lab once a setting has been entered: after Enter in a field of the page, or a click in a list, the
 * focus would stay there, and Space would type into it instead of playing.
 * @param {AbortSignal} signal
 */
export function releaseFocusAfterEntry(signal) {
  document.addEventListener('keydown', event => {
    const target = event.composedPath()[0];
    if (event.key === 'Enter' && target instanceof Element && target.closest('input')) setTimeout(releaseFocus); // it is read first
  }, { signal });
  document.addEventListener('click', event => {
    const target = event.composedPath()[0];
    if (target instanceof Element && target.closest('[role=option]')) setTimeout(releaseFocus);
  }, { signal, capture: true }); // the list keeps it from the document
}

/** Take the focus away from the page's controls. */
export function releaseFocus() {
  const focused = document.activeElement;
  if (focused instanceof HTMLElement && focused.closest('[data-testid="stSidebar"]')) focused.blur();
}
