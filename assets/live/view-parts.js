// @ts-check
/**
 * The parts of a live view, and where they stand.
 */
import { Announcer } from './announcer.js';
import { MemberLegend } from './comparison-legend.js';
import { membersOf, numbersOf } from './comparison-members.js';
import { Curves } from './curves.js';
import { element } from './dom.js';
import { Examine } from './examine.js';
import { Graph } from './graph.js';
import { Help } from './help.js';
import { InForce } from './in-force.js';
import { releaseFocus } from './keys.js';
import { Lesson } from './lesson.js';
import { fill } from './layout.js';
import { Overlay } from './overlay.js';
import { applyTheme, readTheme } from './palette.js';
import { Pointer } from './pointer.js';
import { Presenting } from './presenting.js';
import { Projector } from './projector.js';
import { Rewind } from './rewind.js';
import { Share } from './share.js';
import { StageHolder } from './stage-holder.js';
import { Taking } from './taking.js';
import { Theory } from './theory.js';
import { Tips } from './tip.js';
import { Transport } from './transport.js';
import { Verdict } from './verdict.js';
import { said } from './words.js';

/** @typedef {object} Options
 * @property {Promise<import('./plotly.d.ts').Plotly>} plotly
 * @property {AbortSignal} signal
 * @property {import('./attempts.js').Attempt} attempt
 * @property {import('./preferences.js').Preferences} preferences
 * @property {import('./history.js').History} history
 * @property {import('./socket.js').Send} send
 * @property {(name: string, value: unknown) => void} tellPage
 * @property {() => import('./types.d.ts').Facts} facts of the one game, or of the first
 * @property {() => Pick<import('./apart.js').Moment, 'games' | 'frame'>} shown
 * @property {() => void} request asks for a frame
 * @property {() => void} requestStage asks for a frame with the stage drawn anew
 * @property {() => boolean} hasPage whether the view is part of one
 * @property {(picture: import('./recording.js').RecordedPicture | null) => void} showPast */

/** @typedef {ReturnType<typeof build>} Parts */

/** @param {HTMLElement} root @param {Options} options */
export function build(root, options) {
  const { plotly, signal, attempt, preferences, history, send, tellPage, facts, shown, request, requestStage, showPast,
    hasPage } = options;
  let theme = readTheme(root);
  applyTheme(root, theme);
  const tips = new Tips(signal);
  const verdict = new Verdict(tips);
  const help = new Help({ signal, stage: () => stages.current, facts });
  const examine = new Examine({ send, tips, theme, signal, plotly,
    onToggle: open => transport.showExamining(open) });
  const overlay = new Overlay({ send, signal });
  const share = new Share({ tips, signal, say: words => overlay.say(words) });
  const presenting = new Presenting({ root, send, tips, signal });
  const pointer = new Pointer(signal);
  const graph = new Graph({ send, tips, preferences, theme, signal });
  /** @type {import('./socket.js').Send} */
  const steer = command => {
    graph.before(command);
    send(command);
  };
  const transport = new Transport({ send: steer, help: () => help.open(), examine: () => examine.toggle(),
    share: [share.copy, share.code, presenting.button], tips, verdict: verdict.node, signal });
  const rewind = new Rewind({ signal, tips, hasPage, onPicture: showPast, onTrouble: words => overlay.say(words),
    onMove: () => curves.giveWay(),
    onBranch: (record, step) => tellPage('branch', { record, step }) });
  const theory = new Theory(tips);
  const inForce = new InForce();
  const announcer = new Announcer();
  const memberLegend = new MemberLegend({
    tips,
    signal,
    onChange: () => {
      curves.compare();
      stages.current?.highlight?.(memberLegend.highlighted);
    },
  });
  const curves = new Curves({ plotly, signal, attempt, preferences, history, theme, tips, memberLegend, request });
  const stages = new StageHolder({ plotly, signal, attempt, preferences, theme, tips, memberLegend, send, tellPage,
    say: words => overlay.say(words), request: requestStage }, overlay.card, graph.toggle);
  const lesson = new Lesson(root, {
    tell: key => tellPage('lesson', key),
    lend: step => {
      preferences.lend(step);
      curves.show({ facts: curves.scene.facts });
      graph.match();
      requestStage();
    },
  });
  /** @returns {import('./apart.js').Moment} */
  const moment = () => ({ ...shown(), scene: curves.scene, panels: curves.panels, plotly, preferences });
  const taking = new Taking({ moment, recording: () => rewind.recording, signal, tips,
    title: () => root.getAttribute('aria-label') ?? '' });
  /** The colours of the page as it is now; Streamlit calls at every rerun, mostly for something else. */
  const retheme = () => {
    const now = readTheme(root);
    if (JSON.stringify(now) === JSON.stringify(theme)) return;
    theme = now;
    applyTheme(root, theme);
    attempt('the stage', () => stages.setTheme(theme));
    curves.show({ theme });
    examine.setTheme(theme);
    graph.setTheme(theme);
  };
  const projector = new Projector(root, { signal, tips, onChange: () => {
    fill(root);
    retheme();
    graph.fit();
    curves.redraw();
    requestStage();
  } });
  root.append(element('div', {}, transport.node, presenting.strip), element('div', { class: 'gd-main' },
    element('div', { class: 'gd-left' }, graph.node, stages.node,
      element('div', { class: 'gd-foot' }, rewind.node, projector.button, taking.button)), curves.node, examine.node),
    theory.node, overlay.toasts, tips.node, help.node, share.node, presenting.node, taking.node, inForce.node,
    pointer.node, announcer.node);
  // A click should not leave the focus on a button: the next Space means play or pause, not
  // this button again. Nor in a field of the page, where buttons and plots would leave it.
  root.addEventListener('mousedown', event => {
    releaseFocus();
    if (event.target instanceof Element && event.target.closest('button')) event.preventDefault();
  }, { signal, capture: true });
  /** What is played has come so far. @param {import('./bytes.js').Frame['label']} label
   * @param {number | null} framesPerSecond @param {import('./comparison-members.js').Shown} facts */
  const reach = (label, framesPerSecond, facts) => {
    const { step, members, steps_per_second: stepsPerSecond } = label;
    transport.read({ step, stepsPerSecond, framesPerSecond });
    curves.show({ numbers: numbersOf(label), step });
    inForce.show(members, membersOf(facts).map(({ label: name }) => name));
    rewind.reach(step);
    share.read(step);
    graph.reach(step);
    announcer.hear(label, shown().games, root.dataset.status === 'running');
    lesson.see({ step, numbers: numbersOf(label), generation: label.generation });
  };
  /** The ways by which others get the run. @param {import('./run.js').Run} run @param {string} lan */
  const handOn = (run, lan) => {
    share.lan = presenting.lan = lan;
    share.show(run);
    presenting.allow(run);
  };
  /** What the server says beside the run itself. @param {Exclude<import('./source.js').Told, {type: 'run'}>} message */
  const hear = message => {
    if (message.type === 'refused') overlay.say(said(message.message));
    else if (message.type === 'step_told') graph.take(message);
    else if (message.type === 'presenting') presenting.show(message);
    else if (message.type === 'pointing') pointer.show(message);
    else if (message.type !== 'welcome') tellPage(message.type, { told: message, send }); // to those who look on
  };
  return { retheme, verdict, transport, overlay, theory, curves, examine, graph, inForce, stages, rewind, share,
    lesson, moment, reach, handOn, hear, projector };
}
