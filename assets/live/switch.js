// @ts-check
/**
 * One of a few choices, in words side by side.
 */
import { element } from './dom.js';

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
  const buttons = choices.map(choice => {
    const button = element('button', { type: 'button', 'aria-pressed': choice.value === value }, choice.label);
    if (choice.hint) tips?.set(button, choice.hint);
    button.addEventListener('click', () => {
      buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(choices[i] === choice)));
      onChoose(choice.value);
    }, { signal });
    return button;
  });
  return element('div', { class: 'gd-switch', role: 'group', 'aria-label': label }, ...buttons);
}
