// @ts-check
/**
 * The page of those who look on: it asks for a code, mounts the live view, and shows the presenter's lesson beside it.
 */
import { element, write } from '../live/dom.js';
import { teardown, update } from '../live/live.js';
import { applyTheme, readTheme } from '../live/palette.js';
import { questionOf, worded } from '../live/tally.js';
import { speak, speaking, t, tagOf, wished } from '../live/words.js';

const CODE = 'code'; // of the address's query
const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const view = find('view');
const base = new URL('../live/', import.meta.url);
const field = /** @type {HTMLInputElement} */ (find('code'));
const copy = /** @type {HTMLButtonElement} */ (find('copy'));

/** @typedef {import('../live/types.d.ts').Presented} Presented */
/** @typedef {{told: Presented | import('../live/types.d.ts').Voted,
 * send: import('../live/socket.js').Send}} Heard what the server says, and how to answer */
/** @type {Presented | null} */
let presented = null;
let vote = 0; // this browser's, of the question of this number
let voted = 0;
let step = ''; // of the lesson, on show
let joined = '';
/** @type {import('../live/socket.js').Send} */
let say = () => {};

/** @param {string} code */
function join(code) {
  joined = code;
  document.body.dataset.joined = '';
  find('enter').hidden = true;
  find('joined').hidden = false;
  write(find('joined-code'), code.toUpperCase());
  write(find('said'), '');
  const address = new URL(location.href);
  address.searchParams.set(CODE, code);
  history.replaceState(history.state, '', address);
  mount();
}

/** What the view is told: the code, and what the lesson's step wants to be seen. */
function mount() {
  const lesson = presented?.lesson;
  update({
    parentElement: view,
    data: { token: presented?.token ?? '', code: joined, socket: 'gandash/watch', title: t('The presented run'),
      lesson: lesson ? { step: lesson.key, layers: lesson.layers, curves: lesson.curves, watch: null } : undefined },
    setTriggerValue: (_, value) => {
      if (value && typeof value === 'object' && 'told' in value) hear(/** @type {Heard} */ (value));
    },
  }, base);
}

/** @param {Heard} heard */
function hear({ told, send }) {
  say = send;
  if (told.type === 'presented') return show(told);
  [voted, vote] = [told.question, told.option];
  showQuestion();
}

/** @param {string} why */
function leave(why) {
  teardown(view);
  presented = null;
  step = '';
  delete document.body.dataset.joined;
  delete document.body.dataset.taught;
  for (const id of ['lesson', 'question', 'joined']) find(id).hidden = true;
  find('enter').hidden = false;
  write(find('said'), why);
  field.value = joined;
  field.focus();
}

/** @param {Presented} told */
function show(told) {
  presented = told;
  write(find('joined-code'), told.code);
  const { lesson, question } = told;
  document.body.toggleAttribute('data-taught', Boolean(lesson ?? question));
  find('lesson').hidden = !lesson;
  const now = JSON.stringify(lesson);
  if (now !== step) {
    step = now;
    find('lesson').replaceChildren(...(lesson ? [
      element('p', { class: 'at' }, t('{lesson} · step {number} of {count}',
        { lesson: lesson.lesson, number: lesson.number, count: lesson.count })),
      element('h2', {}, lesson.title),
      worded(lesson.text, 'div'),
      ...(lesson.formula ? [formulaOf(lesson.formula)] : []),
    ] : []));
    mount(); // layers and curves of the step
  }
  if (question?.id !== voted) vote = 0;
  showQuestion();
}

/** @param {string} mathml */
function formulaOf(mathml) {
  const node = worded(mathml, 'div');
  node.className = 'formula';
  node.tabIndex = 0; // it may be wider than the page: the keys go through it
  node.setAttribute('role', 'group');
  node.setAttribute('aria-label', t('Formula'));
  return node;
}

let questions = new AbortController();

function showQuestion() {
  const question = presented?.question;
  find('question').hidden = !question;
  questions.abort();
  questions = new AbortController();
  if (!question) return find('question').replaceChildren();
  const own = question.id === voted ? vote : 0;
  const isOpen = !own && question.right === null;
  const cast = (/** @type {number} */ option) => say({ type: 'vote', question: question.id, option });
  const word = isOpen ? t('You vote once.')
    : question.right === null ? t('Your vote is in. Wait for the answer.') : '';
  find('question').replaceChildren(questionOf(question, own, isOpen ? cast : null, questions.signal),
    ...(word ? [element('p', {}, word)] : []));
}

/** The step on show, which may be one of the past. */
const stepOnShow = () => {
  const { shown, step: live } = /** @type {HTMLElement} */ (view.querySelector('.gd-live')).dataset;
  return Number(shown || live || 0);
};

async function takeCopy() {
  copy.disabled = true;
  write(find('said'), t('A run of your own is being made…'));
  try {
    const answer = await fetch(new URL('gandash/copy', document.baseURI), { method: 'POST',
      headers: { 'Accept-Language': tagOf(speaking()) },
      body: JSON.stringify({ token: presented?.token ?? '', step: stepOnShow() }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    location.assign(new URL(`./?run=${encodeURIComponent(text)}`, document.baseURI));
  } catch (error) {
    write(find('said'), /** @type {Error} */ (error).message);
    copy.disabled = false;
  }
}

// Over, or never begun: the view says so in its own words, and these are where the way on is.
new MutationObserver(() => {
  const live = /** @type {HTMLElement | null} */ (view.querySelector('.gd-live'));
  if (live?.dataset.status !== 'ended') return;
  const why = live.querySelector('.gd-card p')?.textContent ?? '';
  if (live.dataset.painted === '0') return leave(why);
  write(find('said'), why);
  copy.disabled = true;
}).observe(view, { subtree: true, attributeFilter: ['data-status'] });

/** The page's own words, which stand in it in English. */
function name() {
  document.title = t('gandash: look on live');
  write(copy, t('Take a copy'));
  write(find('another'), t('Another code'));
  write(/** @type {Node} */ (find('enter').querySelector('label')), t('Code'));
  write(/** @type {Node} */ (find('enter').querySelector('button')), t('Look on'));
  find('lesson').setAttribute('aria-label', t('The presenter’s lesson'));
  find('question').setAttribute('aria-label', t('Question to the room'));
}

const paint = () => applyTheme(document.body, readTheme(document.body));
paint();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  document.body.removeAttribute('style'); // the page's own colours are what is read
  paint();
});

find('enter').addEventListener('submit', event => {
  event.preventDefault();
  copy.disabled = false;
  join(field.value.trim());
});
find('another').addEventListener('click', () => leave(''));
copy.addEventListener('click', takeCopy);
await speak(wished());
name();
const given = new URLSearchParams(location.search).get(CODE)?.trim();
if (given) join(given);
else field.focus();
