// @ts-check
/**
 * One of a few choices, in words side by side.
 */
import { element, write } from './dom.js';

/** @template {string} T
 * @typedef {object} SwitchOptions
 * @property {string} label spoken, for the whole
 * @property {{value: T, label: string, hint?: string}[]} choices
 * @property {T} value chosen at first
 * @property {import('./tip.js').Tips} [tips] shows the hints
 * @property {AbortSignal} signal
 * @property {(value: T) => void} onChoose */

/** @template {string} T @param {SwitchOptions<T>} options */
export function createSwitch({ label, choices, value, tips, signal, onChoose }) {
  const press = (/** @type {T} */ now) =>
    buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(choices[i].value === now)));
  const buttons = choices.map(choice => {
    const button = element('button', { type: 'button', 'aria-pressed': choice.value === value }, choice.label);
    if (choice.hint) tips?.set(button, choice.hint);
    button.addEventListener('click', () => {
      press(choice.value);
      onChoose(choice.value);
    }, { signal });
    return button;
  });
  /** Other words for the same choices; those that are not among `offered` are hidden.
   * @param {readonly {value: string, label: string, hint: string}[]} offered @param {T} chosen */
  const offer = (offered, chosen) => {
    choices.forEach(({ value }, i) => {
      const now = offered.find(choice => choice.value === value);
      buttons[i].hidden = !now;
      if (!now) return;
      write(buttons[i], now.label);
      tips?.set(buttons[i], now.hint);
    });
    press(chosen);
  };
  return { node: element('div', { class: 'gd-switch', role: 'group', 'aria-label': label }, ...buttons), offer };
}
