// @ts-check
/**
 * Which stage draws which kind of data: a newcomer is one file and one line here.
 */
import { ComparisonStage } from './stage-comparison.js';
import { LineStage } from './stage-line.js';
import { PhaseStage } from './stage-phase.js';
import { PicturesStage } from './stage-pictures.js';
import { PlaneStage } from './stage-plane.js';

/** @typedef {object} StageOptions
 * @property {Promise<import('./plotly.d.ts').Plotly>} plotly
 * @property {AbortSignal} signal ends the stage
 * @property {import('./attempts.js').Attempt} attempt for a stage that is made of others
 * @property {import('./preferences.js').Preferences} preferences
 * @property {import('./palette.js').Theme} theme
 * @property {import('./tip.js').Tips} tips
 * @property {() => void} request asks for a call of `redraw` at the next animation frame
 * @property {typeof createStage} createStage for a stage that is made of others
 * @property {boolean} [compact] one of several side by side: fewer ticks and words
 * @property {import('./comparison-scales.js').SharedScales} [scales] of several side by side: what they have in common
 * @property {import('./comparison-legend.js').MemberLegend} [memberLegend] of a comparison: who stands out
 * @property {import('./socket.js').Send} [send] to the trainer
 * @property {(words: string) => void} [say] to who looks
 * @property {(name: string, value: unknown) => void} [tellPage] fires a trigger of the page */

/** @typedef {import('./comparison-members.js').Shown} Shown */

/** @typedef {object} Stage
 * @property {HTMLElement} node
 * @property {string} title of the row of its switches, beside those of other stages
 * @property {readonly {label: string, hint: string, sample: import('./toggle.js').Sample}[]} guide what its layers mean
 * @property {readonly import('./help.js').Entry[]} gestures what pointer and keys do in its picture
 * @property {readonly HTMLElement[]} [layers] the rows of switches above its picture
 * @property {(games: readonly import('./types.d.ts').GameState[])
 * => void} [showVerdicts] of a comparison: each member’s verdict
 * @property {(member: number | null) => void} [highlight] of a comparison: the member that stands out
 * @property {{of(shown: Shown): void}['of']} setFacts what stays
 * true of the game on show; each stage is given its own kind
 * @property {(theme: import('./palette.js').Theme) => void} setTheme
 * @property {(pictures: readonly import('./bytes.js').Picture[], step: number) => boolean} draw a picture of each game;
 * whether anything of it was painted: there may be no room
 * @property {() => boolean} redraw the same frame again: another size, theme, zoom or choice of layers; the same
 * @property {() => void} clear a new game: forget frame and zoom */

/** @type {Record<Shown['stage'], new (options: StageOptions) => Stage>} */
const STAGES = { line: LineStage, plane: PlaneStage, phase: PhaseStage, pictures: PicturesStage,
  comparison: ComparisonStage };

/** @param {Shown['stage']} kind @param {Omit<StageOptions, 'createStage'>} options @returns {Stage} */
export const createStage = (kind, options) => new STAGES[kind]({ ...options, createStage });
