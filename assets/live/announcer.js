// @ts-check
/**
 * Tells those who do not see the page how the game goes, a sentence every few seconds while it plays; quiet while it
 * stands still, and while nobody looks at the page.
 */
import { numbersOf } from './comparison-members.js';
import { element, write } from './dom.js';
import { fixed, grouped, known } from './numbers.js';
import { readingOf } from './reading.js';
import { headed, parted, said, t, together } from './words.js';

const EVERY_MS = 5000;

/** @typedef {import('./run.js').Run['games']} Games */

export class Announcer {
  node = element('p', { class: 'gd-unseen', 'aria-live': 'polite', 'data-testid': 'announced' });
  #due = -Infinity;

  /** @param {import('./bytes.js').Frame['label']} label of what has come @param {Games} games
   * @param {boolean} isPlaying */
  hear(label, games, isPlaying) {
    if (!isPlaying) this.#due = -Infinity; // who plays on hears at once how it goes
    const now = performance.now();
    if (!isPlaying || document.hidden || now < this.#due) return;
    this.#due = now + EVERY_MS;
    write(this.node, t('Step {step}. {how}', { step: grouped(label.step),
      how: games.length > 1 ? ofAll(games) : ofOne(label, games) }));
  }
}

/** @param {import('./bytes.js').Frame['label']} label @param {Games} games */
function ofOne(label, games) {
  const { mean_d_real: real, mean_d_fake: fake } = numbersOf(label);
  const [game] = games;
  const means = game && known(real) && known(fake)
    ? t('{reading} is {real} on average on real and {fake} on generated samples.',
        { reading: readingOf(game.facts).symbol, real: fixed(real, 2), fake: fixed(fake, 2) }) : '';
  const verdict = said(game?.verdict.title);
  return together(means, verdict && t('{verdict}.', { verdict }));
}

/** @param {Games} games */
const ofAll = games => t('{verdict}.',
  { verdict: parted(games.map(({ label, verdict }) => headed(label, verdict.title))) });
