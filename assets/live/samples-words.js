// @ts-check
/**
 * What samples, real and generated, and D come to, in a sentence or two, for those who do not see the stage.
 */
import { isBound } from './counted.js';
import { fixed, grouped, known } from './numbers.js';
import { readingOf } from './reading.js';
import { before, t } from './words.js';

/** @param {import('./types.d.ts').PlaneFacts | import('./types.d.ts').LineFacts} facts
 * @param {Record<string, number | null>} numbers of the newest frame */
export function samplesInWords(facts, numbers) {
  const modes = facts.modes.length;
  const covered = modes > 1 && known(numbers.modes)
    ? before(t('Generated samples reach {modes} of {modes2} modes; {what} % of them lie close to one.',
        { modes: numbers.modes, modes2: modes, what: fixed(100 * (numbers.high_quality ?? 0), 0) })) : '';
  return t('{covered}{reading} is {mean_d_real} on average on real and {mean_d_fake} on generated '
    + 'samples. JSD {is_bound}{jsd} nats{known}.',
      { covered,
        reading: readingOf(facts).symbol,
        mean_d_real: fixed(numbers.mean_d_real, 2),
        mean_d_fake: fixed(numbers.mean_d_fake, 2),
        is_bound: isBound(facts) ? before(t('at least')) : '',
        jsd: fixed(numbers.jsd),
        known: known(numbers.jsd_step) ? ' ' + t('at step {jsd_step}',
          { jsd_step: grouped(numbers.jsd_step) }) : '' });
}
