// @ts-check
/**
 * One part of the view that fails must not take the others along:
 * a curve that cannot be drawn stops neither stage nor clock.
 */

/** Does the work and hands back what it gives; what it throws is said once, in the console, and nothing comes back.
 * @typedef {<T>(part: string, work: () => T) => T | undefined} Attempt */

/** @returns {Attempt} */
export function createAttempt() {
  /** @type {Set<string>} */
  const said = new Set(); // a fault in a frame comes back with the next one
  return (part, work) => {
    try {
      return work();
    } catch (error) {
      const words = `gandash: ${part} failed, and the rest goes on;`;
      const key = `${words} ${error}`;
      if (!said.has(key)) console.error(words, error);
      said.add(key);
      return undefined;
    }
  };
}
