// Made by `python -m gandash.wire.typescript` from gandash/wire: change it there.
/** What the server says as text; the labels of its packets of arrays; what a browser says. */
export type Said = RunState | Notice | Welcome | StepTold | Presented | Presenting | Pointing | Voted;
export type Label = HistoryLabel | FrameLabel;
export type Saying = Hello | Look | Painted | Steering | Lecturing | Vote;
/** A message: its English sentence with places, and what is put in. Older records have finished sentences. */
export type Words = string | {id: string, params: Record<string, string | number | Words>};
export type Facts = GameState['facts'];
export type Result = NonNullable<Finding['result']>;
export type JsonValue = string | number | boolean | null | JsonValue[] | {[name: string]: JsonValue};

/** Put the question of the lesson's step to the room. */
export interface Ask {
  type: 'ask';
}

/** What a picture's law draws, with its unit. */
export interface Attribute {
  name: string;
  unit: string;
}

/** What a recorded picture needs beside its frame to be shown as it was. */
export interface Beside {
  games: SaidOfGame[];
}

/** V in nats after each of `steps` steps of D alone, at most `limit`; `bound` is 2 JSD - log 4, `idle` V of D = 1/2.
 * `share` of the way from idle to the bound is reached, `gap` is left; None where the JSD is not measured. */
export interface BestResponse {
  what: 'best_response';
  steps: number[];
  values: (number | null)[];
  share: number | null;
  gap: number | null;
  jsd: number | null;
  jsd_is_bound: boolean;
  jsd_floor: NullReference | null;
  bound: number | null;
  idle: number;
  limit: number;
  learning_rate: number;
  notes: Words[];
}

/** What the frame shows more closely: see `messages.ShowCloseUp`. `d_between` is D of the picture between two
 * latents. */
export interface CloseUp {
  selected: number | null;
  other: number | null;
  share: number;
  map: boolean;
  nearest: Nearest | null;
  d_between: number | null;
}

/** Some of the samples of a batch: `points`, their first one or two coordinates one after the other, `width` of
 * each; or, of pictures, the bytes of their pixels as base64, channel by channel. */
export interface Cloud {
  width: number;
  points: (number | null)[];
  pixels: string;
}

/** What generated samples are counted by, where p_r has parts that can be told apart. */
export type Counted = 'modes' | 'digits' | 'classes' | 'cells';

/** What D's output means under the objective that is played. `centre` is its value everywhere at equilibrium, None
 * where its offset is free; `low` and `high` are its natural range, None where it has none; `optimal` says whether
 * the best response is known. `since` is the step from which on it holds. */
export interface DiscriminatorReading {
  kind: ReadingKind;
  label: string;
  centre: number | null;
  centre_label: string;
  low: number | null;
  high: number | null;
  optimal: boolean;
  optimal_label: string;
  since: number;
}

/** V in nats: now, after `steps` steps of D (`worst_for_g`), of G (`worst_for_d`), and the difference of these two.
 * `at_equilibrium` and `spread` are mean and standard deviation of what the gap reads where p_g = p_r and D is at
 * rest, None where that is not known yet, or never. */
export interface DualityGap {
  what: 'duality';
  gap: number | null;
  at_equilibrium: number | null;
  spread: number | null;
  value: number | null;
  worst_for_g: number | null;
  worst_for_d: number | null;
  steps: number;
  learning_rate: number;
  samples: number;
  test: number;
  notes: Words[];
}

/** About how long each examination of this game would take here; answered by `Estimated`. */
export interface Estimate {
  type: 'estimate';
}

/** What can be examined on request: see `gandash.examine`. */
export type Examinable = 'spectrum' | 'duality' | 'samples' | 'best_response' | 'landscape';

/** Look closely at the state of this moment, beside the game and without disturbing it; answered by `Examined`. */
export interface Examine {
  type: 'examine';
  what: Examinable;
  action?: 'begin' | 'go_on' | 'stop';
}

/** What an examination of the state at `step` has found: so far, or (`done`) in the end; or `problem` says why
 * nothing. `doing` says what it is at; `unfinished`: it stopped at its time limit, and may go on for so many seconds
 * more. */
export interface Finding {
  step: number;
  done: boolean;
  result: Spectrum | Landscape | BestResponse | Samples | DualityGap | null;
  doing: Words;
  unfinished: number | null;
  problem: Words;
}

/** Of one picture of a run. `members` are those of its games; array names of compared games begin with their number. */
export interface FrameLabel {
  kind: 'frame';
  generation: number;
  steps_per_second: number;
  step: number;
  members: PictureLabel[];
}

/** One game of a run; `label` tells it from those that it is compared with. */
export interface GameState {
  label: string;
  facts: LineFacts | PlaneFacts | PhaseFacts | PictureFacts;
  verdict: Verdict;
  marks: Mark[];
}

/** The first message: a token, or what the address of a page that is just opening calls its run, and the link in it. */
export interface Hello {
  type: 'hello';
  token: string;
  arriving?: string | null;
  link?: string;
}

/** Of rows of the curves: those from `first` on replace the browser's own. Each row covers `stride` steps.
 * `recent_reset`: the newest steps are sent anew. */
export interface HistoryLabel {
  kind: 'history';
  generation: number;
  columns: string[];
  stride: number;
  first: number;
  recent_reset: boolean;
}

/** Of a grid of pictures: where D's histogram lies, and what each generated one is read as, where classes have
 * names. */
export interface ImageGridLabel {
  histogram_range: [number, number];
  classes_of_generated: (string | null)[] | null;
  close_up: CloseUp;
}

/** The field at `grid` x `grid` points of a plane through the present point; `flow` in pairs, `speeds` log10 of its
 * length. `path` in pairs, from step `since` on; `shares` of its squared distance lie along each axis, None where
 * the plane is that of an update. `in_plane` is the share of the field's length here that the plane shows;
 * `sampling_noise` as in `Spectrum`. */
export interface Landscape {
  what: 'landscape';
  grid: number;
  window: [number, number, number, number];
  flow: (number | null)[];
  speeds: (number | null)[];
  path: number[];
  since: number;
  shares: [number, number] | null;
  speed: number | null;
  in_plane: number | null;
  sampling_noise: number | null;
  samples: number;
  parameters: number;
  angle: PathAngle | null;
  notes: Words[];
}

/** The latents of the map on the line: their dimension, and where their first coordinate lies. */
export interface LatentLine {
  dimension: number;
  window: [number, number];
}

export type Lecturing = Present | StopPresenting | Ask | Reveal | Pointing;

/** The step of a lesson at which the presenter stands. `key` tells it from others; `number`, from 1, is one of
 * `count`. */
export interface LessonShown {
  key: string;
  lesson: string;
  number: number;
  count: number;
  title: string;
  text: string;
  formula: string;
  layers: string[] | null;
  curves: string[] | null;
}

export interface LineFacts {
  columns: string[];
  references: Record<string, ReferenceLine>;
  floors: Record<string, NullReference>;
  objective: Objective;
  reading: DiscriminatorReading;
  averaging: number;
  samples: number;
  jsd_every: number | null;
  device: string;
  engine: 'torch' | 'compiled';
  parameters: Parameters;
  wasserstein: string;
  jsd_is_bound: boolean;
  modes: number[][];
  mode_std: number | null;
  mode_shares: number[];
  perfect_quality: number;
  stage: 'line';
  window: [number, number];
  latent: LatentLine;
}

/** The link of a run (`gandash.links`) but for its end, `~at-STEP`, which says where the run stands. `here` is that
 * end for `step`, where the run stands still. `until`: the last step that the link can tell of, since there was no
 * room in it for what was changed then. `missing`: the settings, as paths, that were too large for it. */
export interface LinkParts {
  text: string;
  step: number;
  here: string;
  until: number | null;
  missing: string[];
}

/** The first message of a browser that looks on: a presentation's code, or the token that it got for one. */
export interface Look {
  type: 'look';
  code?: string;
  token?: string;
}

/** One player's look at its loss, and the move that came of it. `drew_real`, `drew_latents`: whether they were drawn
 * for this look; else the batch of the look before is used again. `is_ahead`: the move only looks ahead, and is put
 * back; `from_ahead`: the look is from where such moves led. `d_real`, `d_fake` are what D says of samples in the
 * cloud, as it is read under the objective, and `mean_real`, `mean_fake` the means over the whole batch. `terms`:
 * the parts that `loss` is the sum of, where it is one of two. `total`: the loss with its penalties. `gradient` is
 * the norm of its gradient, `along` that of what the player moves along (another where the rule makes more of it),
 * `update` that of the move: None where the player stood still. */
export interface LookTold {
  player: 'D' | 'G';
  drew_real: boolean;
  drew_latents: boolean;
  is_ahead: boolean;
  from_ahead: boolean;
  latents: Cloud;
  real: Cloud;
  fake: Cloud;
  d_real: (number | null)[];
  d_fake: (number | null)[];
  mean_real: number | null;
  mean_fake: number | null;
  terms: (number | null)[];
  penalties: PenaltyTold[];
  loss: number | null;
  total: number | null;
  gradient: number | null;
  along: number | null;
  update: number | null;
  learning_rate: number;
}

/** A change of setting as the curves label it: `lr_D 3e-3 → 1e-3`. */
export interface Mark {
  step: number;
  label: Words;
}

/** One mode or class: the share of generated samples there, what a perfect generator would have, and that one's
 * noise. */
export interface ModeRow {
  name: string | null;
  point: number[];
  share: number;
  expected: number;
  noise: number;
}

/** The share of generated samples at each of what they are `counted` by, and elsewhere; cells are named by
 * `attributes`. */
export interface ModeTable {
  counted: Counted;
  attributes: Attribute[];
  rows: ModeRow[];
  elsewhere: number;
  expected_elsewhere: number;
  noise_elsewhere: number;
}

/** The real picture nearest to the chosen one: how far it is, and how far real ones are from each other. */
export interface Nearest {
  index: number;
  distance: number | null;
  typical: number | null;
  label: string | null;
}

/** Why a command was not followed, in words for the person who gave it. */
export interface Notice {
  type: 'refused';
  message: Words;
}

/** What an estimator reads on samples of p_r itself: on average, and what one reading in twenty is worse than. */
export interface NullReference {
  mean: number | null;
  worst_5pct: number | null;
}

/** The objective that is played, in the screen's words; `other` is the generator's loss that is not, if there is
 * one. */
export interface Objective {
  name: string;
  label: Words;
  other: Words | null;
}

/** The picture is on the screen: the next may come. */
export interface Painted {
  type: 'ack';
}

/** How many each player has. */
export interface Parameters {
  generator: number;
  discriminator: number;
}

/** The cosine between the field and the line from the oldest point of the path (alpha = 0) to the present one (1). */
export interface PathAngle {
  alphas: number[];
  cosines: (number | null)[];
  words: Words;
}

/** Stand still at the next step boundary; rounds that wait to be played by hand are forgotten. */
export interface Pause {
  type: 'pause';
}

/** One term on D's slope: its name among the settings, its weight, and what it adds to the loss. `slope`: the mean
 * that the weight multiplies (half the weight, for R1 and R2): E |grad_x a|^2, or E (|grad_x a| - 1)^2. */
export interface PenaltyTold {
  name: string;
  weight: number;
  value: number | null;
  slope: number | null;
}

/** A scalar game near its equilibrium (`gandash.diagnostics.phase.Phase`); its flow is read at `grid` x `grid`
 * points. */
export interface Phase {
  grid: number;
  eigenvalues: [number, number][];
  multipliers: [number, number][] | null;
  modulus: number | null;
  boundary: [number, number][] | null;
  words: Words;
}

/** `equilibrium` is (theta, psi), None where there is no rest point. */
export interface PhaseFacts {
  columns: string[];
  references: Record<string, ReferenceLine>;
  floors: Record<string, NullReference>;
  objective: Objective;
  reading: DiscriminatorReading;
  averaging: number;
  samples: number;
  jsd_every: number | null;
  device: string;
  engine: 'torch' | 'compiled';
  parameters: Parameters;
  wasserstein: string;
  jsd_is_bound: boolean;
  modes: number[][];
  mode_std: number | null;
  mode_shares: number[];
  perfect_quality: number;
  stage: 'phase';
  window: [number, number, number, number];
  equilibrium: [number, number] | null;
  phase: Phase;
}

/** Of games on pictures of `shape` (channels, height, width). `pictures` generated ones in `grid_columns` columns
 * and `real_pictures` real ones; `map_side` pictures along each side of the latent plane, 0 where there is none;
 * `walk` pictures from one latent to another; `nearest` says whether the real ones are a finite set. `counted_by`
 * says what is told apart in them, if anything is: `modes` are the classes' names or numbers. */
export interface PictureFacts {
  columns: string[];
  references: Record<string, ReferenceLine>;
  floors: Record<string, NullReference>;
  objective: Objective;
  reading: DiscriminatorReading;
  averaging: number;
  samples: number;
  jsd_every: number | null;
  device: string;
  engine: 'torch' | 'compiled';
  parameters: Parameters;
  stage: 'pictures';
  shape: [number, number, number];
  pictures: number;
  grid_columns: number;
  real_pictures: number;
  map_side: number;
  walk: number;
  nearest: boolean;
  counted_by: Counted | null;
  modes: (string | number)[];
  mode_weights: number[];
  perfect_quality: number | null;
}

/** Of one game's picture: `numbers` by column belong to step `measured`, which may be some steps before `step`. The
 * JSD on the plane is of step `jsd_step`, and may be off by `jsd_error`: both stand among the numbers. `in_force`:
 * by a setting's path, what it comes to at `step`, where that is not what it is set to. */
export interface PictureLabel {
  step: number;
  measured: number;
  numbers: Record<string, number | null>;
  in_force: Record<string, Words>;
  image_grid: ImageGridLabel | null;
}

export interface PlaneFacts {
  columns: string[];
  references: Record<string, ReferenceLine>;
  floors: Record<string, NullReference>;
  objective: Objective;
  reading: DiscriminatorReading;
  averaging: number;
  samples: number;
  jsd_every: number | null;
  device: string;
  engine: 'torch' | 'compiled';
  parameters: Parameters;
  wasserstein: string;
  jsd_is_bound: boolean;
  modes: number[][];
  mode_std: number | null;
  mode_shares: number[];
  perfect_quality: number;
  stage: 'plane';
  window: [number, number, number, number];
}

/** Play from here on. */
export interface Play {
  type: 'play';
}

/** What the presenter's pointer points at: the `part` of the page, "" for none, and where in it, from 0 to 1. */
export interface Pointing {
  type: 'pointing';
  part?: string;
  x?: number;
  y?: number;
}

/** Show the run to a room; `word` where this server asks for one. */
export interface Present {
  type: 'present';
  word?: string;
}

/** To who looks on: the code, the token with which pictures of the past are asked for, and where the lesson stands. */
export interface Presented {
  type: 'presented';
  code: string;
  token: string;
  lesson: LessonShown | null;
  question: QuestionShown | null;
}

/** To who steers: `code` is "" while nothing is presented. `can_ask`: the lesson's step has a question that is not
 * put yet. `word_wanted`: this server lets only those present who know a word; `trouble`: why it does not begin, in
 * words. */
export interface Presenting {
  type: 'presenting';
  code: string;
  viewers: number;
  can_ask: boolean;
  question: QuestionShown | null;
  word_wanted: boolean;
  trouble: Words;
}

/** A question to the room. What is right, why, and how many chose each option is None until it may be known: the
 * presenter knows the votes at once, the others when it is revealed. `right` counts from 1. */
export interface QuestionShown {
  id: number;
  question: string;
  options: string[];
  votes: number[] | null;
  right: number | null;
  why: string;
}

/** How the output of D is read: as a probability D(x), or as a critic's score a(x). */
export type ReadingKind = 'probability' | 'critic';

/** What there is of a recorded run: up to which `step`, and the steps of its `pictures`. `epoch` grows whenever the
 * run is set back, and then other pictures may stand under the same steps. `growing`: it is being recorded at this
 * moment; `playable`: it could be played on from here. */
export interface Recorded {
  type: 'recorded';
  run: string;
  title: string;
  epoch: number;
  step: number;
  pictures: number[];
  games: RecordedGame[];
  growing: boolean;
  playable: boolean;
}

/** One game of a recorded run: its name among those compared, and the changes of its settings. */
export interface RecordedGame {
  label: string;
  marks: Mark[];
}

/** A value that theory gives a curve from step `since` on. */
export interface ReferenceLine {
  value: number;
  label: string;
  since: number;
}

/** The same game from step 0: with the same seed, or (`new_seed`) the next. For a run, which makes a `Start` of it. */
export interface Restart {
  type: 'restart';
  new_seed?: boolean;
}

/** Tell what is right and how the room voted; nobody votes after that. */
export interface Reveal {
  type: 'reveal';
}

/** Back to a finite state about a second or two ago, paused. What goes on from there is another `generation`. */
export interface Rewind {
  type: 'rewind';
  generation?: number;
}

/** What a token allows. */
export type Role = 'steer' | 'watch';

/** The whole state of a run, without curves and pictures. `games` is empty until the first has begun, and holds
 * several when they are compared. `speed` is in rounds per second, None for as fast as possible; `durations` are
 * about how many seconds each examination takes here. `record` is the id under which the game is recorded, "" where
 * it is not. `link` is there once the games have begun; `followed` counts the changes that they made by themselves,
 * as the link says that they were opened by. */
export interface RunState {
  type: 'run';
  role: Role;
  generation: number;
  status: Status;
  reason: Words;
  notice: Words;
  step: number;
  speed: number | null;
  examined: Partial<Record<Examinable, Finding>>;
  durations: Partial<Record<Examinable, number>>;
  games: GameState[];
  record: string;
  link: LinkParts | null;
  followed: number;
}

/** What was true of one game, and said of it, when a picture of it was recorded. */
export interface SaidOfGame {
  facts: LineFacts | PlaneFacts | PhaseFacts | PictureFacts;
  verdict: Verdict;
}

/** Statistics by name of `points` real against as many generated samples; `floors` is None while they are being
 * read. */
export interface Samples {
  what: 'samples';
  points: number;
  values: Record<string, number | null>;
  floors: Record<string, NullReference> | null;
  slope: number | null;
  modes: ModeTable | null;
  notes: Words[];
}

/** Change a live setting at the next step boundary: of one game, or of all. */
export interface Set {
  type: 'set';
  path: string;
  value: JsonValue;
  member?: number | null;
}

/** What a person looks at more closely in a grid of pictures: it changes what frames hold, and nothing of the game.
 * `selected`, `other`: numbers of generated pictures, the ends of a way between two latents; `share`: how far along
 * it. `map`: the whole plane of a latent of two dimensions. */
export interface ShowCloseUp {
  type: 'show_close_up';
  selected?: number | null;
  other?: number | null;
  share?: number;
  map?: boolean;
}

/** Eigenvalues of the Jacobian H of the field, of `scaled` ones diag(h) H; `negative` of the `found` ones have Re <
 * 0. H is `size` x `size`; `complete`: all its eigenvalues are known. On `boundary` a round of the rule neither
 * contracts nor expands, and `growth` is by how much it multiplies the worst direction found; None where one
 * eigenvalue does not settle it. `speed` is |v|, and `sampling_noise` what it reads at rest: the length of what so
 * many samples add to v by chance. */
export interface Spectrum {
  what: 'spectrum';
  eigenvalues: [number, number][];
  negative: number;
  found: number;
  size: number;
  complete: boolean;
  speed: number | null;
  step_sizes: [number, number];
  scaled: boolean;
  boundary: [number, number][] | null;
  growth: number | null;
  sampling_noise: number | null;
  words: Words;
  samples: number;
  notes: Words[];
}

/** Rounds per second, or None for as fast as possible. */
export interface Speed {
  type: 'speed';
  steps_per_second?: number | null;
}

/** Where a run stands. */
export type Status = 'paused' | 'running' | 'diverged' | 'failed' | 'ended';

export type Steering =
  | Play
  | Pause
  | StepBy
  | Speed
  | Set
  | Restart
  | Rewind
  | Examine
  | Estimate
  | ShowCloseUp
  | TellStep;

/** Play `n` rounds in which only these players move, then pause. */
export interface StepBy {
  type: 'step';
  players?: 'D' | 'G' | 'both';
  n?: number;
}

/** The round that begins at `step`, before it is played; `ask` is that of who asked. `rule` is the kind of update
 * rule, `batch` the samples of each law in a look, `pack` how many of them D judges together, `noise` the standard
 * deviation of instance noise. `ended_elsewhere`: the rule put the players elsewhere than where their last moves
 * led. */
export interface StepTold {
  type: 'step_told';
  generation: number;
  ask: number;
  step: number;
  players: 'D' | 'G' | 'both';
  rule: string;
  optimisers: [string, string];
  batch: number;
  pack: number;
  noise: number | null;
  smoothing: number;
  ended_elsewhere: boolean;
  looks: LookTold[];
}

/** The room sees nothing more. */
export interface StopPresenting {
  type: 'stop_presenting';
}

/** Tell the round to come, should these players play it: answered by `StepTold`, and nothing is played. `ask` is
 * told back, since all who look hear the answer. */
export interface TellStep {
  type: 'tell_step';
  players?: 'D' | 'G' | 'both';
  ask?: number;
}

/** How a game goes, in words: as at `step`. */
export interface Verdict {
  kind: VerdictKind;
  title: Words;
  reason: Words;
  step: number;
}

/** Which rule spoke: see `gandash.diagnostics.verdict`. */
export type VerdictKind =
  | 'waiting'
  | 'training'
  | 'converging'
  | 'converged'
  | 'modes_found'
  | 'oscillating'
  | 'discriminator_won'
  | 'blind'
  | 'collapsed'
  | 'diverged';

/** An option, from 1, of a question. */
export interface Vote {
  type: 'vote';
  question: number;
  option: number;
}

/** This browser's own vote, as it counts. */
export interface Voted {
  type: 'voted';
  question: number;
  option: number;
}

/** The token of the run that a page without one was given. */
export interface Welcome {
  type: 'welcome';
  token: string;
}
