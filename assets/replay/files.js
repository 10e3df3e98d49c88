// @ts-check
/**
 * What ../live/files.js says, in a page that has every file in itself.
 */
import { embedded } from './embedded.js';

/** @param {string} name */
export const addressOf = name => `data:text/css;charset=utf-8,${encodeURIComponent(embedded().styles[name])}`;
