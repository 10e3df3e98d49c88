// @ts-check
/**
 * Sentences in the reader's language: a message is its English sentence, with places in braces for what is put in.
 * One language is spoken on a page. Its catalogue is fetched once, before anything is said.
 */
import { catalogueOf } from './files.js';

/** @typedef {string | number | null | undefined | {id: string, params: Record<string, Param>}} Param
 * What may stand in a message's place: another message too, as the server says it. */

export const ENGLISH = 'en';
const LANGUAGES = [ENGLISH, 'zh_Hans', 'zh_Hant'];

/** @type {{language: string, messages: Record<string, string>}} */
let spoken = { language: ENGLISH, messages: {} };

/** The language that is spoken now. */
export const speaking = () => spoken.language;

/** What HTML calls a language. @param {string} language */
export const tagOf = language => language.replace('_', '-');

/** The first of these tags that is spoken here; else English. As `best` in gandash/words/languages.py.
 * @param {readonly string[]} wanted */
export function best(wanted) {
  for (const one of wanted) {
    const [language, ...parts] = one.toLowerCase().split(/[-_]/);
    if (language === 'en') return ENGLISH;
    if (language !== 'zh') continue;
    const isTraditional = !parts.includes('hans') && ['hant', 'tw', 'hk', 'mo'].some(part => parts.includes(part));
    return isTraditional ? 'zh_Hant' : 'zh_Hans';
  }
  return ENGLISH;
}

/** What the page's address asks for, else the browser. */
export const wished = () => best([new URLSearchParams(location.search).get('lang') ?? '', ...navigator.languages]);

/** From now on the page speaks this language; where its catalogue cannot be had, what it spoke before.
 * @param {string} language */
export async function speak(language) {
  if (!LANGUAGES.includes(language) || language === spoken.language) return;
  try {
    spoken = { language, messages: language === ENGLISH ? {} : await catalogueOf(language) };
    document.documentElement.lang = tagOf(language);
  } catch (error) {
    console.warn(`gandash: there are no words of ${language};`, error);
  }
}

/** The sentence in the language that is spoken. @param {string} message @param {Record<string, Param>} [params] */
export const t = (message, params) => filled(spoken.messages[message] || message, params);

/** The sentence for so many; `count` is among its parameters unless it is given another way there.
 * @param {string} one @param {string} many @param {number} count @param {Record<string, Param>} [params] */
export function tn(one, many, count, params) {
  const isOne = new Intl.PluralRules('en').select(count) === 'one';
  return filled(spoken.messages[one] || (isOne ? one : many), { count, ...params });
}

/** A message of the server's; what is already text stays as it is. @param {Param} message @returns {string} */
export const said = message => (message && typeof message === 'object' ? t(message.id, message.params)
  : String(message ?? ''));

/** @param {string} message @param {Record<string, Param>} [params] */
const filled = (message, params) => (params ? message.replace(/\{(\w+)\}/g, (place, name) =>
  (name in params ? said(params[name]) : place)) : message);

/** With what stands between it and what comes next. @param {string} sentence */
export const before = sentence => t('{sentence} ', { sentence });

/** What is said of something. @param {Param} name @param {Param} words */
export const headed = (name, words) => t('{name}: {problem}', { name, problem: words });

/** One after the other where they have commas of their own. @param {readonly string[]} items */
export const parted = items => items.reduce((first, second) => t('{first}; {second}', { first, second }));

/** Sentences one after the other, those that are none left out: not all languages have a space between them.
 * @param {readonly string[]} sentences */
export const together = (...sentences) => sentences.filter(Boolean)
  .reduce((first, second) => (first ? t('{s0} {s1}', { s0: first, s1: second }) : second), '');

/** Some of many, as one says them. @param {readonly string[]} items */
export const listed = items => new Intl.ListFormat(tagOf(spoken.language)).format(items);
