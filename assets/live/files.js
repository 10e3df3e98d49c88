// @ts-check
/**
 * Where files beside these modules are. In a page that replays a run by itself ../replay/files.js stands in this one's
 * place, and all of them are in the page.
 */

/** @param {string} name */
export const addressOf = name => new URL(name, import.meta.url).href;

/** All messages of a language, by their English sentences.
 * @param {string} language @returns {Promise<Record<string, string>>} */
export async function catalogueOf(language) {
  const answer = await fetch(addressOf(`../words/${language}.json`));
  if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
  return answer.json();
}
