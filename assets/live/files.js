// @ts-check
/**
 * Where files beside these modules are. In a page that replays a run by itself ../replay/files.js stands in this one's
 * place, and all of them are in the page.
 */

/** @param {string} name */
export const addressOf = name => new URL(name, import.meta.url).href;
