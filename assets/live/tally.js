// @ts-check
/** A question to the room: its options, and how the room voted once that is known. */
import { element } from './dom.js';
import { t, tn } from './words.js';

/** @typedef {import('./types.d.ts').QuestionShown} Question */

/** Words that the server made of a lesson's file, with its formulas. @param {string} html @param {string} tag */
export function worded(html, tag = 'span') {
  const node = element(tag);
  node.innerHTML = html;
  return node;
}

/** @param {Question} question @param {number} own the option that was chosen here, from 1; 0 for none
 * @param {((option: number) => void) | null} vote chooses one; null where nobody can
 * @param {AbortSignal} signal @returns {HTMLElement} */
export function questionOf(question, own, vote, signal) {
  const { options, votes, right, why } = question;
  const all = votes?.reduce((sum, n) => sum + n, 0) ?? 0;
  const lines = options.map((option, i) => {
    const number = i + 1;
    const count = votes?.[i] ?? 0;
    const marks = [own === number ? t('your vote') : '', right === number ? t('right') : ''].filter(Boolean)
      .join(t(', '));
    const inside = [worded(option), ...(marks ? [element('em', {}, marks)] : []),
      ...(votes ? [element('b', {}, String(count))] : [])];
    const line = vote ? element('button', { type: 'button', class: 'gd-option' }, ...inside)
      : element('div', { class: 'gd-option', 'data-own': own === number ? '' : undefined,
        'data-right': right === number ? '' : undefined }, ...inside);
    if (votes) line.style.setProperty('--share', `${all ? 100 * count / all : 0}%`);
    if (vote) line.addEventListener('click', () => vote(number), { signal });
    return element('li', {}, line);
  });
  const said = tn('{count} vote', '{count} votes', all);
  return element('div', { class: 'gd-question', role: 'group', 'aria-label': t('Question to the room') },
    worded(question.question, 'p'), element('ol', {}, ...lines),
    ...(votes ? [element('p', { class: 'gd-votes' }, said)] : []), ...(why ? [worded(why, 'p')] : []));
}
