// @ts-check
/** What the stage of pictures shows in layers: their names, switches and explanations. */
import { atEquilibrium } from './reading.js';

/** @type {readonly import('./legend.js').Layer[]} */
export const LAYERS = [
  {
    key: 'frames', label: r => `frame: ${r.label}`, sample: { ink: 'muted', mark: 'field' },
    hint: r => 'The frame of a picture: how real it looks to the discriminator. Orange: generated; blue: real.'
      + (r.centre === null
      ? ` Of ${r.symbol} only differences count: no colour stands for its mean level, and the scale follows its values.`
      : ` When ${atEquilibrium(r)} the colour has drained out of all frames: the equilibrium.`),
  },
  { key: 'real_row', needs: 'real', label: 'p_r real', sample: { ink: 'real', mark: 'square' },
    hint: 'Real pictures, always the same ones, beneath the generated ones.' },
  {
    key: 'histogram', needs: 'histogram_real', label: 'histogram', sample: { ink: 'discriminator', mark: 'rug' },
    hint: r => `How often ${r.symbol} takes which value: blue on real pictures, orange and dashed on generated `
      + `ones, both clean: V and the means of ${r.symbol} are those of pictures in instance noise, where there is `
      + `some.${r.centre === null ? '' : ` Both close on ${r.centre_label} when nothing is left to tell.`}`,
  },
  {
    key: 'shares', needs: 'shares', label: 'shares', sample: { ink: 'generated', mark: 'rug' },
    hint: 'How many of all generated pictures are of each class (orange), against its true share (blue). A class that '
      + 'G has lost is an empty slot.',
  },
  { key: 'classes', needs: 'classes', label: 'class', on: false, sample: { ink: 'text', mark: 'share' },
    hint: 'Which class each generated picture is of, where it is clearly of one.' },
];
export const LEGEND = LAYERS.map(({ key }) => key);

/** What is to be seen and has no switch.
 * @type {readonly {label: string, hint: string, sample: import('./toggle.js').Sample}[]} */
export const ALWAYS = [
  { label: 'p_g generated', sample: { ink: 'generated', mark: 'square' },
    hint: 'Generated pictures G(z). Their latents z stay the same, so that each picture can be followed as G learns.' },
  { label: 'D’s gradient', sample: { ink: 'muted', mark: 'field' },
    hint: 'Over a chosen picture: blue where a brighter pixel would look more real to D, orange where it would look '
      + 'more generated. G learns from this alone.' },
];

export const VIEWS = [
  { value: 'grid', label: 'grid', hint: 'Pictures of random latents.' },
  { value: 'map', label: 'map of z',
    hint: 'The whole plane of the two latents, a picture at each place: z₁ grows to the right, z₂ upwards.' },
];

/** @type {readonly import('./help.js').Entry[]} */
export const GESTURES = [
  [['click'], 'on a generated picture: see it close up'],
  [['Shift', 'click'], 'on a second one: walk between both'],
  [['← → ↑ ↓'], 'another picture, once the grid is clicked or reached with Tab; with Shift the second one'],
  [['Esc'], 'look at no single picture'],
];
