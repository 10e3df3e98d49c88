// @ts-check
/** What the stage of pictures shows in layers: their names, switches and explanations. */
import { atEquilibrium } from './reading.js';
import { t } from './words.js';

/** @type {readonly import('./legend.js').Layer[]} */
export const LAYERS = [
  {
    key: 'frames', label: r => t('frame: {label}', { label: r.label }), sample: { ink: 'muted', mark: 'field' },
    hint: r => t('The frame of a picture: how real it looks to the discriminator. Orange: generated; '
      + 'blue: real.{what}',
        { what: (r.centre === null
      ? ' ' + t('Of {symbol} only differences count: no colour stands for its mean level, and the scale '
        + 'follows its values.', { symbol: r.symbol })
      : ' ' + t('When {at_equilibrium} the colour has drained out of all frames: the equilibrium.',
          { at_equilibrium: atEquilibrium(r) })) }),
  },
  { key: 'real_row', needs: 'real', get label() { return t('p_r real'); }, sample: { ink: 'real', mark: 'square' },
    get hint() { return t('Real pictures, always the same ones, beneath the generated ones.'); } },
  {
    key: 'histogram', needs: 'histogram_real', get label() { return t('histogram'); }, sample: { ink: 'discriminator',
      mark: 'rug' },
    hint: r => t('How often {symbol} takes which value: blue on real pictures, orange and dashed on '
      + 'generated ones, both clean: V and the means of {symbol} are those of pictures in instance noise, '
      + 'where there is some.{what}',
        { symbol: r.symbol,
          what: r.centre === null ? '' : ' ' + t('Both close on {centre_label} when nothing is left to '
        + 'tell.', { centre_label: r.centre_label }) }),
  },
  {
    key: 'shares', needs: 'shares', get label() { return t('shares'); }, sample: { ink: 'generated', mark: 'rug' },
    get hint() { return t('How many of all generated pictures are of each class (orange), against its true share '
      + '(blue). A class that G has lost is an empty slot.'); },
  },
  { key: 'classes', needs: 'classes', get label() { return t('class'); }, on: false, sample: { ink: 'text',
    mark: 'share' },
    get hint() { return t('Which class each generated picture is of, where it is clearly of one.'); } },
];
export const LEGEND = LAYERS.map(({ key }) => key);

/** What is to be seen and has no switch.
 * @type {readonly {label: string, hint: string, sample: import('./toggle.js').Sample}[]} */
export const ALWAYS = [
  { get label() { return t('p_g generated'); }, sample: { ink: 'generated', mark: 'square' },
    get hint() { return t('Generated pictures G(z). Their latents z stay the same, so that each picture can be '
      + 'followed as G learns.'); } },
  { get label() { return t('D’s gradient'); }, sample: { ink: 'muted', mark: 'field' },
    get hint() { return t('Over a chosen picture: blue where a brighter pixel would look more real to D, orange '
      + 'where it would look more generated. G learns from this alone.'); } },
];

export const VIEWS = [
  { value: 'grid', get label() { return t('grid'); }, get hint() { return t('Pictures of random latents.'); } },
  { value: 'map', get label() { return t('map of z'); },
    get hint() { return t('The whole plane of the two latents, a picture at each place: z₁ grows to the right, z₂ '
      + 'upwards.'); } },
];

/** @returns {readonly import('./help.js').Entry[]} */
export const gestures = () => [
  [[t('click')], t('on a generated picture: see it close up')],
  [['Shift', t('click')], t('on a second one: walk between both')],
  [['← → ↑ ↓'], t('another picture, once the grid is clicked or reached with Tab; with Shift the second one')],
  [['Home', 'End'], t('the first picture, and the last')],
  [['Esc'], t('look at no single picture')],
];
