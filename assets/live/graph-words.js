// @ts-check
/**
 * What the game as a graph says: the formulas in the lecture notes' notation, and a sentence for each sub-step with the
 * numbers put in.
 */
import { chosen, compact, fixed, grouped, known } from './numbers.js';
import { isProbability } from './reading.js';
import { placeOf, subSteps } from './graph-steps.js';
import { before, headed, t, together } from './words.js';

/** @typedef {import('./types.d.ts').StepTold} StepTold */
/** @typedef {import('./types.d.ts').LookTold} LookTold */
/** @typedef {import('./types.d.ts').Facts} Facts */
/** @typedef {import('./reading.js').DiscriminatorReading} Reading */

/** Both losses on D or, of a critic, its score a; v is what an f-GAN's D puts out, s(t) = log(1 + e^t).
 * @type {Record<string, {d: string, g: string}>} */
const LOSSES = {
  minimax: { d: '−E log D(x) − E log(1 − D(G(z)))', g: 'E log(1 − D(G(z)))' },
  non_saturating: { d: '−E log D(x) − E log(1 − D(G(z)))', g: '−E log D(G(z))' },
  least_squares: { d: 'E (a(x) − 1)² + E a(G(z))²', g: 'E (a(G(z)) − 1)²' },
  hinge: { d: 'E max(0, 1 − a(x)) + E max(0, 1 + a(G(z)))', g: '−E a(G(z))' },
  wasserstein: { d: '−E a(x) + E a(G(z))', g: '−E a(G(z))' },
  relativistic: { d: 'E s(a(G(z)) − a(x)), s(t) = log(1 + eᵗ),', g: 'E s(a(x) − a(G(z))), s(t) = log(1 + eᵗ),' },
  f_kl: { d: '−E v(x) + E exp(v(G(z)) − 1)', g: '−E exp(v(G(z)) − 1)' },
  f_reverse_kl: { d: 'E exp(−v(x)) + E (v(G(z)) − 1)', g: 'E (1 − v(G(z)))' },
  f_pearson: { d: '−E v(x) + E (v(G(z))²/4 + v(G(z)))', g: '−E (v(G(z))²/4 + v(G(z)))' },
  f_squared_hellinger: { d: 'E (exp(−v(x)) − 1) + E (exp(v(G(z))) − 1)', g: 'E (1 − exp(v(G(z))))' },
  f_jensen_shannon: { d: 'E s(−v(x)) + E s(v(G(z))) − 2 log 2, s(t) = log(1 + eᵗ),',
    g: 'log 2 − E s(v(G(z))), s(t) = log(1 + eᵗ),' },
};
const SMOOTHED = (/** @type {number} */ s) => `−E [s log D(x) + (1 − s) log(1 − D(x))] − E log(1 − D(G(z))), s = `
  + `${chosen(s)},`;

/** @type {Record<string, {term: string, weight: string, name: string, at: string}>} */
const PENALTIES = {
  r1: { name: 'R1', term: '(γ/2) E|∇ₓa(x)|²', weight: 'γ/2', get at() { return t('real samples'); } },
  r2: { name: 'R2', term: '(γ₂/2) E|∇ₓa(G(z))|²', weight: 'γ₂/2', get at() { return t('generated samples'); } },
  gradient_penalty: { get name() { return t('gradient penalty'); }, term: 'λ E(|∇ₓa(x̂)| − 1)²', weight: 'λ',
    get at() { return t('points x̂ between real and generated samples'); } },
};

/** @type {Record<string, string>} */
const OPTIMISERS = { get gradient_descent() { return t('gradient descent'); },
  get momentum() { return t('momentum'); }, rmsprop: 'RMSProp', adam: 'Adam' };

/** What the rule adds to a player's own gradient, where it moves along more than that.
 * @type {Record<string, string>} */
const ADDED = {
  get consensus() { return t('with the consensus term γ ∇|v|²/2 added'); },
  get symplectic_adjustment() { return t('turned by the symplectic adjustment λ Aᵀv'); },
  get unrolled() { return t('through the unrolled steps of D'); },
};

/** @param {string} name of the objective @param {number} smoothing */
export const formulasOf = (name, smoothing) => {
  const found = LOSSES[name] ?? { d: t('a loss of your own'), g: t('a loss of your own') };
  return smoothing > 0 ? { ...found, d: SMOOTHED(1 - smoothing) } : found;
};

/** The names of what calms D, for the node of its slope. @param {LookTold | undefined} look */
export const penaltyNames = look => (look?.penalties ?? []).map(({ name }) =>
  (name === 'gradient_penalty' ? 'GP' : PENALTIES[name]?.name ?? name)).join(' + ');

/** The formula of each node, for who asks.
 * @param {Facts} facts @param {StepTold | null} told @param {Reading} reading
 * @returns {Record<import('./graph-layout.js').NodeKey, string>} */
export function explained(facts, told, reading) {
  const { d, g } = formulasOf(facts.objective.name, told?.smoothing ?? 0);
  const isD = isProbability(reading);
  const { generator, discriminator } = facts.parameters;
  const slopes = told?.looks.find(look => look.penalties.length)?.penalties ?? [];
  const classic = facts.objective.name === 'minimax' || facts.objective.name === 'non_saturating';
  const says = isD ? 'D(x; φ)' : 'a(x; φ)';
  return {
    z: t('z ∼ p_z(z): the latents, noise that G makes samples of. Drawn by their first two '
      + 'coordinates.'),
    G: t('G(z; θ): the generator, a function of z with {generator} parameters θ. It moves to make L_G '
      + 'small. In the node: how far its last move went.', { generator: grouped(generator) }),
    real: t('x ∼ p_r(x): samples of the real data.'),
    fake: t('x = G(z; θ) with z ∼ p_z(z): generated samples. Their law is p_g.'),
    D: t('{what} with {discriminator} parameters φ. It moves to make L_D small. In the node: how far '
      + 'its last move went.',
        { what: (isD ? t('D(x; φ) = 1/(1 + exp(−a)), in (0, 1): how probable it is that x is real, by the '
      + 'discriminator')
      : t('a(x; φ): the critic’s score of x, by a function')),
          discriminator: grouped(discriminator) }),
    says: t('{says} of real samples, above, and {what} of generated ones, below; the numbers are the '
      + 'means over the batch.', { says, what: isD ? 'D(G(z; θ); φ)' : 'a(G(z; θ); φ)' }),
    slope: together(...slopes.map(({ name: penalty }) => {
      const { name, term, at } = PENALTIES[penalty];
      return t('{what} adds {what2} to D’s loss: it looks at how steep a is at {what3}.',
        { what: name, what2: term, what3: at });
    })),
    loss_d: t('L_D = {replace}{what} Penalties are not in this number.',
        { replace: d.replace(/,$/, ''),
          what: (classic && !told?.smoothing ? t(', which D minimises: '
      + 'the same as max over φ of V = E_{x∼p_r}[log D(x; φ)] + E_{z∼p_z}[log(1 − D(G(z; θ); φ))].')
      : t(', which D minimises.')) }),
    loss_g: t('L_G = {formula}, which G minimises', { formula: g.replace(/,$/,
      '') }) + (facts.objective.name === 'minimax'
      ? t(': the same V, min over θ.') : facts.objective.name === 'non_saturating'
        ? t(': the same as max over θ of E_{z∼p_z}[log D(G(z; θ); φ)]. It has minimax’s fixed point '
          + 'and another gradient.')
        : '.'),
    grad_d: t('∇_φ L_D with its penalties: the direction in which D’s loss grows; D moves against it. '
      + 'The number is its length.'),
    grad_g: t('∇_θ L_G = E (∂L_G/∂a) ∇ₓa(G(z)) ∂G/∂θ: passed back through D, and then through G. The '
      + 'number is its length.'),
  };
}

/** @param {number | null} value in units of the reading @param {Reading} reading */
export const saying = (value, reading) => (isProbability(reading) ? fixed(value, 3) : compact(value));

/** "0.52 + 0.61", "0.52 − 0.61". @param {readonly (number | null)[]} terms */
const added = terms => terms.map((term, i) => (i === 0 ? compact(term)
  : known(term) && term < 0 ? ` − ${compact(-term)}` : ` + ${compact(term)}`)).join('');

/** One sentence for a place on the way.
 * @param {StepTold} told @param {number} at @param {Facts} facts @param {Reading} reading */
export function sentence(told, at, facts, reading) {
  const { look, sub } = placeOf(told, at);
  const words = [drawn, generated, judged, lost, moved][sub](told, look, facts, reading);
  const from = look.from_ahead && sub === 1 ? before(t('from where the look ahead led,')) : '';
  const first = nameOf(told, told.looks.indexOf(look));
  return headed(t('{first}, {second}', { first, second: subSteps()[sub] }), from + words);
}

/** What is to be said of the whole step. @param {StepTold} told @param {boolean} isRunning */
export function firstSentence({ step, players }, isRunning) {
  if (isRunning) return t('The numbers of a step on the way. At 2 steps a second or less, each lights '
    + 'up as it goes.');
  const who = players === 'both' ? t('round') : t('{player} step', { player: players });
  return t('The {who} to come after step {step}, with the very numbers that it will have. Next (n) '
    + 'walks through it: draw, generate, judge, loss, gradient and move.', { who, step: grouped(step) });
}

/** @param {StepTold} told @param {LookTold} look */
function drawn(told, look) {
  const n = grouped(told.batch);
  if (look.drew_real) return t('{n} real samples x ∼ p_r and {n} latents z ∼ p_z are drawn.', { n });
  return look.drew_latents ? t('{n} new latents z ∼ p_z are drawn.', { n })
    : t('Nothing new is drawn: the batch of the look before is used once more.');
}

/** @param {StepTold} _ @param {LookTold} look */
function generated(_, look) {
  return look.player === 'D' ? t('G makes a sample G(z; θ) of each latent, and holds still while D '
    + 'looks at them.')
    : t('G makes a sample G(z; θ) of each latent; how each depends on θ is kept for the way back.');
}

/** @param {StepTold} told @param {LookTold} look @param {Facts} _ @param {Reading} reading */
function judged(told, look, _, reading) {
  const { symbol } = reading;
  const seen = `${known(told.noise) ? t(', in noise of σ = {noise}', { noise: compact(told.noise) }) : ''}`
    + `${told.pack > 1 ? t(', in packs of {pack}', { pack: told.pack }) : ''}`;
  const fake = saying(look.mean_fake, reading);
  if (look.player === 'G') return t('D holds still, and says {symbol} = {fake} of generated '
    + 'samples{seen}, on average{what}: G would have it think them real.',
      { symbol,
        fake,
        seen,
        what: look.mean_real === null ? '' : t(', and {saying} of the real ones',
        { saying: saying(look.mean_real, reading) }) });
  return t('D looks at both{seen}: on average it says {symbol} = {saying} of the real and {fake} of '
    + 'the generated samples.', { seen, symbol, saying: saying(look.mean_real, reading), fake });
}

/** @param {StepTold} told @param {LookTold} look @param {Facts} facts */
function lost(told, look, facts) {
  const { d, g } = formulasOf(facts.objective.name, told.smoothing);
  if (look.player === 'G') return `L_G = ${g} = ${compact(look.loss)}.`;
  const parts = look.terms.length > 1 ? `${added(look.terms)} = ` : '';
  const own = `L_D = ${d} = ${parts}${compact(look.loss)}`;
  if (!look.penalties.length) return `${own}.`;
  const more = look.penalties.map(({ name, weight, slope, value }) => before(t('{penalty} adds',
    { penalty: PENALTIES[name].name }))
    + `${PENALTIES[name].term} = ${chosen(weight)}${name === 'gradient_penalty' ? '' : '/2'} · ${compact(slope)} = `
    + `${compact(value)}`).join('; ');
  return t('{own}; {more}: {total} in all.', { own, more, total: compact(look.total) });
}

/** @param {StepTold} told @param {LookTold} look */
function moved(told, look) {
  const isD = look.player === 'D';
  const [parameter, loss] = isD ? ['φ', 'L_D'] : ['θ', 'L_G'];
  const found = t('∇_{parameter} {loss}{back} is {length} long',
    { parameter, loss, back: isD ? '' : t(', back through D and G,'), length: compact(look.gradient) });
  if (look.update === null) return t('{found}; {player} stands still in this round.',
      { found, player: look.player });
  const more = ADDED[told.rule] && look.along !== look.gradient
    ? t('; {what} it is {along}', { what: ADDED[told.rule], along: compact(look.along) }) : '';
  const by = `${OPTIMISERS[told.optimisers[isD ? 0 : 1]] ?? t('its optimiser')}, η = ${chosen(look.learning_rate)}`;
  const move = t('{parameter} moves against it by {update} ({by})',
      { parameter, update: compact(look.update), by });
  if (look.is_ahead) return t('{found}{more}; {move}, only to look ahead: the move is put back '
    + 'afterwards.', { found, more, move });
  if (look.from_ahead) return t('{found}{more}; {parameter} goes back to where the round began, and '
    + 'from there {slice}.', { found, more, parameter, slice: move.slice(2) });
  return `${found}${more}; ${move}${atTheEnd(told, look)}.`;
}

/** What a rule does when both have moved. @param {StepTold} told @param {LookTold} look */
function atTheEnd(told, look) {
  if (!told.ended_elsewhere) return '';
  if (told.rule === 'optimistic') return t(', which is twice its update less the one of the round '
    + 'before');
  return told.rule === 'lookahead' && look === told.looks.at(-1)
    ? t('; then both players go back part of the way, as every so many rounds') : '';
}

/** What a look is called: "D step", "D step 2 of 5", "G ahead".
 * @param {StepTold} told @param {number} i */
export function nameOf(told, i) {
  const { player, is_ahead: isAhead } = told.looks[i];
  if (isAhead) return t('{player} ahead', { player });
  const same = told.looks.filter(look => look.player === player && !look.is_ahead);
  return same.length > 1 ? t('{player} step {number} of {all}',
    { player, number: same.indexOf(told.looks[i]) + 1, all: same.length }) : t('{player} step', { player });
}
