// @ts-check
/**
 * One mounted live view: takes what its source brings, and paints the newest of it once per animation frame; or a
 * picture of the past, where somebody looks at one, while what is played goes on.
 */
import { createAttempt } from './attempts.js';
import { unpack } from './bytes.js';
import { factsOf, firstOf, marksOf, numbersOf, picturesOf } from './comparison-members.js';
import { delay, element } from './dom.js';
import { History } from './history.js';
import { releaseFocus } from './keys.js';
import { fill, keepFilled } from './layout.js';
import { Pace } from './pace.js';
import { Page } from './page.js';
import { Preferences } from './preferences.js';
import { moves, NO_RUN } from './run.js';
import { openSource } from './source.js';
import { build } from './view-parts.js';
import { said, speak, speaking, t } from './words.js';

const PATIENCE_MS = 15_000; // the longest that Plotly waits for a first picture

/** @typedef {import('./run.js').Run} Run */
/** @typedef {import('./view-parts.js').Parts} Parts */

export class LiveView {
  #end = new AbortController();
  #speech = new AbortController(); // ends with the language in which the parts were made
  #language = '';
  #root;
  #preferences = new Preferences();
  #history = new History();
  #pace = new Pace();
  #attempt = createAttempt();
  /** @type {import('./live.js').Data | null} */
  #data = null;
  #run = NO_RUN;
  #connected = false;
  /** @type {{status: 'ended' | 'failed' | 'unreached', reason: string} | null} */
  #over = null;
  /** @type {import('./bytes.js').Frame | null} */
  #pending = null;
  /** of what is played, the newest that could be painted @type {import('./bytes.js').Frame | null} */
  #newest = null;
  /** A picture of the past that is on show, with the games as they were.
   * @type {{frame: import('./bytes.js').Frame, games: Run['games']} | null} */
  #past = null;
  #isNew = false; // another picture is to be shown
  #staged = ''; // the facts that the stage was told
  #painted = 0;
  #page = new Page();
  #stageIsOld = false;
  #scheduled = 0;
  /** @type {import('./source.js').Source | null} */
  #source = null;
  /** @type {Parts | null} */
  #parts = null;
  /** @type {Promise<import('./plotly.d.ts').Plotly> | null} */
  #plotly = null;

  /** @type {() => void} */
  #tellFirst = () => {};
  /** Resolved by the first picture. */
  #first = new Promise((/** @type {(value: void) => void} */ resolve) => (this.#tellFirst = resolve));

  /** @param {HTMLElement} parent @param {Promise<void>} styled
   * @param {() => Promise<import('./plotly.d.ts').Plotly>} load brings Plotly */
  constructor(parent, styled, load) {
    this.#root = element('section', { class: 'gd-live', 'data-testid': 'live-view', 'data-status': 'connecting',
      'data-step': 0, 'data-painted': 0, 'data-role': 'watch', 'data-fps': 0 });
    parent.append(this.#root);
    styled.then(
      () => this.#end.signal.aborted || this.#start(load),
      error => this.#end.signal.aborted || this.#root.append(element('p', {},
        t('The live view cannot start: {message}. Reload the page to try again.', { message: error.message }))),
    );
  }

  /** @param {import('./live.js').Component} component as Streamlit gives it now */
  update({ data, setTriggerValue }) {
    this.#page.update(setTriggerValue, Boolean(data.recording));
    this.#page.tellFollowed(this.#run);
    if (this.#data?.preset && data.preset !== this.#data.preset) releaseFocus(); // Space is to play what was chosen
    const renewed = data.token !== this.#data?.token || data.socket !== this.#data?.socket
      || data.record !== this.#data?.record || data.recording !== this.#data?.recording;
    this.#data = data;
    this.#root.setAttribute('aria-label', data.title);
    if (!this.#parts) return;
    this.#parts.retheme();
    this.#parts.lesson.stand(data);
    this.#parts.share.renew();
    fill(this.#root);
    if (renewed) this.#connect();
    this.#heed();
  }

  /** What is on show, to be drawn once more as a picture to take away. */
  get moment() {
    return this.#parts?.moment();
  }

  /** Stands in another place from now on, as it is. @param {HTMLElement} parent */
  moveTo(parent) {
    parent.append(this.#root);
  }

  dispose() {
    this.#end.abort();
    cancelAnimationFrame(this.#scheduled);
    this.#page.dispose();
    this.#source?.close();
    this.#root.remove();
  }

  /** @param {() => Promise<import('./plotly.d.ts').Plotly>} load brings
   * Plotly, asked for once the first picture is there, or will not come */
  #start(load) {
    const { signal } = this.#end;
    const plotly = Promise.race([this.#first, delay(PATIENCE_MS)]).then(load);
    Promise.all([plotly, this.#page.mounted]).then(
      () => requestAnimationFrame(() => this.#root.setAttribute('data-complete', '')),
      error => this.#parts?.overlay.say(t('The curves cannot be drawn: {message}. Reload the page to '
        + 'try again.', { message: error.message }),
        false),
    );
    this.#build(plotly);
    for (const asked of ['(prefers-color-scheme: dark)', '(forced-colors: active)'])
      matchMedia(asked).addEventListener('change', () => this.#parts?.retheme(), { signal });
    this.#connect();
    this.#heed();
  }

  /** Makes all parts, in the language that is spoken now.
   * @param {Promise<import('./plotly.d.ts').Plotly>} plotly */
  #build(plotly) {
    this.#plotly = plotly;
    this.#language = speaking();
    this.#speech.abort();
    this.#speech = new AbortController();
    const signal = AbortSignal.any([this.#end.signal, this.#speech.signal]);
    this.#root.replaceChildren();
    fill(this.#root);
    this.#parts = build(this.#root, {
      plotly,
      signal,
      attempt: this.#attempt,
      preferences: this.#preferences,
      history: this.#history,
      send: command => this.#send(command),
      tellPage: (name, value) => this.#page.tell(name, value),
      facts: () => firstOf({ games: this.#games }),
      shown: () => ({ games: this.#games, frame: this.#past?.frame ?? this.#newest }),
      request: () => this.#request(),
      requestStage: () => this.#requestStage(),
      hasPage: () => this.#page.isThere,
      showPast: picture => this.#showPast(picture),
    });
    this.#parts.retheme();
    if (this.#data) this.#parts.lesson.stand(this.#data);
    this.#show();
    const { graph, curves, stages } = this.#parts;
    keepFilled(this.#root, [stages.node, curves.node], signal, () => {
      graph.fit();
      curves.redraw();
      this.#requestStage();
    });
  }

  /** The page may have come to speak another language: all words are made anew. The run, its source and its curves
   * stay as they are. */
  async #heed() {
    await speak(this.#data?.language ?? speaking());
    if (!this.#parts || !this.#plotly || this.#end.signal.aborted || speaking() === this.#language) return;
    const [run, over, connected] = [this.#run, this.#over, this.#connected];
    this.#past = null;
    this.#root.removeAttribute('data-past');
    this.#root.dataset.shown = '';
    this.#staged = '';
    this.#run = NO_RUN;
    this.#build(this.#plotly);
    if (run !== NO_RUN) this.#follow(run);
    [this.#over, this.#connected] = [over, connected];
    this.#show();
    if (!this.#newest) return;
    this.#reach(this.#newest);
    this.#request();
  }

  #connect() {
    const data = this.#data;
    if (!data) return;
    this.#source?.close();
    this.#run = NO_RUN;
    this.#over = null;
    this.#connected = false;
    this.#staged = '';
    this.#clear(-1);
    this.#show();
    this.#source = openSource(data, {
      onMessage: message => this.#hear(message),
      onBytes: bytes => this.#receive(bytes),
      onFrame: frame => this.#take(frame),
      onLost: () => {
        this.#connected = false;
        this.#show();
      },
      onMoved: () => this.#connect(),
      onSilent: reason => {
        this.#over = { status: 'unreached', reason };
        this.#show();
      },
      onEnd: over => {
        // The server may have said better what happened before it hung up.
        const { status, reason } = this.#run;
        this.#over = status === 'failed' || status === 'ended' ? { status, reason: said(reason) || over.reason } : over;
        this.#show();
      },
    });
  }

  /** @param {import('./source.js').Told} message */
  #hear(message) {
    if ('token' in message) this.#welcome(message.token);
    if (message.type === 'run') this.#follow(message);
    else this.#attempt('what was said', () => this.#parts?.hear(message));
  }

  /** @param {Run} state of the run */
  #follow(state) {
    this.#connected = true;
    this.#over = null; // it may have been silent for long
    const old = this.#run;
    this.#run = state;
    if (state.generation > this.#history.generation) {
      // The page's own widgets may show settings of the old game.
      if (old !== NO_RUN) this.#page.tell('generation', state.generation);
      this.#clear(state.generation);
    }
    this.#page.tellFollowed(state);
    const { curves, rewind, lesson } = /** @type {Parts} */ (this.#parts);
    const source = /** @type {import('./source.js').Source} */ (this.#source);
    curves.isMoving = moves(state.status);
    rewind.follow(state, record => source.recording(record));
    lesson.see({ generation: state.generation, verdict: state.games[0]?.verdict.kind ?? '' });
    this.#show();
    const same = (/** @type {(run: Run) => unknown} */ of) => JSON.stringify(of(old)) === JSON.stringify(of(this.#run));
    if (!same(factsOf) || old === NO_RUN) curves.show({ facts: factsOf(this.#run) });
    if (state.status === 'recorded') {
      curves.show({ step: state.step });
      this.#root.dataset.step = String(state.step);
    }
    this.#stageGames();
    if (!same(marksOf)) curves.show({ marks: marksOf(this.#run) });
  }

  /** The games on show: as they were, where somebody looks at the past. */
  get #games() {
    return this.#past?.games ?? this.#run.games;
  }

  /** Tells stage and verdict of the games on show. */
  #stageGames() {
    const games = this.#games;
    const facts = factsOf({ games });
    const staged = JSON.stringify(facts);
    if (staged !== this.#staged || !this.#parts?.stages.current) this.#onStage(stage => stage.setFacts(facts));
    this.#staged = staged;
    this.#onStage(stage => stage.showVerdicts?.(games));
  }

  #showVerdict() {
    const games = this.#games;
    this.#attempt('the verdict', () => this.#parts?.verdict.show(games.length === 1 ? games[0].verdict : null));
  }

  /** A picture of the past is to be shown, or what is played again.
   * @param {import('./recording.js').RecordedPicture | null} picture */
  #showPast(picture) {
    const { games } = this.#run;
    this.#past = picture && { frame: picture.frame,
      games: games.map((game, i) => ({ ...game, ...picture.said[i] })) };
    this.#root.toggleAttribute('data-past', picture !== null && this.#run.status !== 'recorded');
    this.#root.dataset.shown = picture ? String(picture.frame.label.step) : '';
    this.#isNew = true;
    this.#stageGames();
    this.#showVerdict();
    this.#parts?.curves.look(picture && { at: picture.frame.label.step, numbers: numbersOf(picture.frame.label) });
    this.#parts?.transport.showPast(picture && picture.frame.label.step);
    this.#request();
  }

  /** What is asked of the trainer is about the game as it is now, which is then to be seen.
   * @param {import('./types.d.ts').Saying} command */
  #send(command) {
    if (command.type === 'step') this.#parts?.rewind.leave();
    this.#source?.send(command);
  }

  /** A page that came without a token has one from now on.
   * @param {string} token */
  #welcome(token) {
    if (this.#source) this.#source.token = token;
    if (this.#data) this.#data = { ...this.#data, token };
  }

  /** What cannot be read is left out and answered all the same: the server waits for a word before it sends the next.
   * @param {ArrayBuffer} bytes */
  #receive(bytes) {
    let packet;
    try {
      packet = unpack(bytes);
    } catch (error) {
      console.warn('gandash: a packet could not be read and is left out;', error);
      this.#acknowledge();
      return;
    }
    this.#take(packet);
  }

  /** @param {import('./bytes.js').Packet<import('./types.d.ts').Label>} packet */
  #take({ label, ...packet }) {
    if (label.generation > this.#history.generation) this.#clear(label.generation);
    if (label.kind === 'history') {
      if (this.#attempt('the history', () => this.#history.take({ label, ...packet }))) this.#parts?.curves.redraw();
    } else {
      // a last picture of a game that is over
      if (label.generation < this.#history.generation) return this.#acknowledge();
      this.#pending = { label, ...packet };
      this.#request();
    }
  }

  /** A new game: nothing of the old one may stay on the screen.
   * @param {number} generation */
  #clear(generation) {
    this.#history.clear(generation);
    if (this.#pending) this.#acknowledge(); // never painted, but the server waits for a word before it sends the next
    this.#pending = this.#newest = this.#past = null;
    this.#root.removeAttribute('data-past');
    this.#root.dataset.shown = '';
    this.#pace.clear();
    this.#attempt('the stage', () => this.#parts?.stages.current?.clear());
    this.#parts?.curves.clear();
    this.#parts?.inForce.show([], []);
    this.#parts?.transport.showPast(null);
    this.#parts?.curves.show({ marks: marksOf(this.#run) });
  }

  #request() {
    this.#scheduled ||= requestAnimationFrame(() => this.#paint());
  }

  #requestStage() {
    this.#stageIsOld = true;
    this.#request();
  }

  /** A hidden tab gets no animation frames: it paints nothing, acknowledges nothing, and is sent nothing. */
  #paint() {
    this.#scheduled = 0;
    const parts = this.#parts;
    if (!parts || this.#end.signal.aborted) return;
    const start = performance.now();
    const [frame, stageIsOld] = [this.#pending, this.#stageIsOld];
    this.#pending = null;
    this.#stageIsOld = false; // a stage that has not done all in this frame asks again
    // Before painting, so that the next frame travels meanwhile;
    // even so at most one waits here while one is being painted.
    if (frame) this.#acknowledge();
    if (frame) this.#reach(frame);
    const shown = this.#past?.frame ?? this.#newest;
    const isOfThePast = this.#isNew && this.#past !== null;
    if (this.#isNew && shown) this.#paintFrame(shown, start);
    else if (stageIsOld) this.#attempt('the stage', () => parts.stages.current?.redraw());
    // Who goes through the past waits for this picture alone: a curve has the next animation frame
    if (isOfThePast || parts.curves.paint(start)) this.#request();
  }

  /** What is played has come so far. @param {import('./bytes.js').Frame} frame */
  #reach(frame) {
    this.#newest = frame;
    this.#isNew ||= !this.#past;
    this.#parts?.reach(frame.label, this.#pace.perSecond(performance.now()), factsOf(this.#run));
    this.#root.dataset.step = String(frame.label.step);
  }

  /** @param {import('./bytes.js').Frame} frame @param {number} now */
  #paintFrame(frame, now) {
    const { theory } = /** @type {Parts} */ (this.#parts);
    const { step, members } = frame.label;
    const games = this.#games;
    this.#isNew = false;
    if (this.#attempt('the stage', () => this.#stage().draw(picturesOf(frame), step))) {
      this.#painted++;
      this.#pace.tick(now);
    }
    if (members.length === 1) this.#attempt('the line of theory', () => theory.show(numbersOf(frame.label),
      firstOf({ games })));
    if (!('measured' in this.#root.dataset)) setTimeout(this.#tellFirst); // the screen shows it first
    // The JSD may be of an earlier step than the other numbers
    const measured = members.length > 1 ? step : Math.min(members[0].measured, members[0].numbers.jsd_step ?? step);
    Object.assign(this.#root.dataset, { painted: this.#painted, fps: this.#pace.perSecond(now).toFixed(1),
      measured: this.#past ? this.#root.dataset.measured ?? '' : measured });
    this.#settle();
  }

  /** A game that stands still is settled once its very last step
   * is painted, as measured there: nothing more will come. */
  #settle() {
    const { status, step, measured } = this.#root.dataset;
    const isLast = Number(step) >= this.#run.step && step === measured;
    this.#root.toggleAttribute('data-settled', status === 'paused' && isLast && !this.#pending);
  }

  /** The server waits for a word before it sends the next picture. */
  #acknowledge() {
    this.#source?.send({ type: 'ack' });
  }

  /** @param {(stage: import('./stages.js').Stage) => void} work */
  #onStage(work) {
    this.#attempt('the stage', () => work(this.#stage()));
  }

  #stage() {
    const games = this.#games;
    return /** @type {Parts} */ (this.#parts).stages.for(factsOf({ games }), games);
  }

  /** Everything but pictures and curves. */
  #show() {
    if (!this.#parts) return;
    const { transport, overlay, examine, theory, graph, handOn } = this.#parts;
    this.#showVerdict();
    const state = { ...this.#run, ...(this.#over ?? (this.#connected ? {} : { status: 'connecting' })) };
    Object.assign(this.#root.dataset, { status: state.status, role: state.role });
    this.#settle();
    const isComparison = state.games.length > 1;
    this.#root.toggleAttribute('data-comparison', isComparison);
    theory.node.toggleAttribute('hidden', isComparison);
    if (isComparison && !examine.node.hidden) examine.close();
    transport.show({ ...state, status: state.status === 'growing' ? 'running' : state.status });
    handOn(this.#run, this.#data?.lan ?? '');
    if (!moves(state.status)) transport.read({ step: Number(this.#root.dataset.step), stepsPerSecond: null,
      framesPerSecond: null });
    overlay.show(state);
    this.#attempt('the examinations', () => examine.show(state));
    this.#attempt('the graph', () => graph.follow(state));
  }
}
