// @ts-check
/**
 * What ../live/files.js says, in a page that has every file in itself.
 */
import { embedded, unpacked } from './embedded.js';

/** @param {string} name */
export const addressOf = name => `data:text/css;charset=utf-8,${encodeURIComponent(embedded().styles[name])}`;

/** @param {string} language @returns {Promise<Record<string, string>>} */
export const catalogueOf = async language =>
  JSON.parse(new TextDecoder().decode(await unpacked(embedded().words[language])));
