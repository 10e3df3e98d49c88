// @ts-check
/**
 * The map of a sweep that fills in: what has come is asked for some times a second, and painted at most so often; no
 * script of Streamlit runs for it. See gandash/ui/own_sweeps.py for what is asked.
 */
import { unpack } from './bytes.js';
import { fitCanvas } from './canvas.js';
import { element, write } from './dom.js';
import { grouped } from './numbers.js';
import { readTheme } from './palette.js';
import { refusalIn } from './refusal.js';
import { Cells, nameOf, VERDICT } from './sweep-cells.js';
import { savePng, saveSvg } from './sweep-files.js';
import { CanvasPen } from './sweep-pens.js';
import { arrange, draw, groundOf, heightAt, inkOn, placeAt, viridis } from './sweep-picture.js';
import { inWords, progressOf, read, sentenceOf } from './sweep-words.js';
import { speak, speaking, t, tagOf } from './words.js';

const [ASK_MS, REST_MS, PAINT_MS] = [60, 2000, 50];
const ROOM_PX = 130; // below the map, for the legend and what is read off
const POINT_PX = 14; // from the pointer to what it reads
const FILES = { 'sweep.csv': 'CSV', 'sweep.parquet': 'Parquet', 'sweep.html': 'HTML' };
/** @type {Record<string, [number, number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowUp: [0, 1, 0], ArrowDown: [0, -1, 0],
  PageDown: [0, 0, 1], PageUp: [0, 0, -1] };

/** @typedef {{about: import('./sweep-cells.js').Told, edges: import('./sweep-picture.js').Edge[][]}} Foreseen
 *   a map that nobody has begun to fill
 * @typedef {{sweep: string, language: string, foreseen?: Foreseen}} Data `sweep` its id
 * @typedef {{data: Data, parentElement: HTMLElement}} Component
 * @typedef {import('./sweep-cells.js').Point} Point
 * @typedef {import('./sweep-picture.js').Place} Place
 * @typedef {import('./sweep-words.js').News} News */

/** @type {WeakMap<HTMLElement, View>} */
const views = new WeakMap();

class View {
  /** What it is that is shown. */
  key;
  #sweep;
  #foreseen;
  #ending = new AbortController();
  #root = element('section', { class: 'gd-sweep', 'data-testid': 'sweep-map' });
  #title = element('h2');
  #finding = element('p', { class: 'gd-sweep-finding' });
  #progress = element('p', { role: 'status' });
  #bar = element('i', { 'aria-hidden': 'true' });
  #act = /** @type {HTMLButtonElement} */ (element('button', { type: 'button', hidden: '' }));
  #colour = /** @type {HTMLSelectElement} */ (element('select'));
  #colourLabel = element('span');
  #filesLabel = element('span');
  #holder = element('div', { class: 'gd-sweep-holder', tabindex: 0, role: 'application' });
  #canvas = /** @type {HTMLCanvasElement} */ (element('canvas', { 'aria-hidden': 'true' }));
  #tip = element('div', { class: 'gd-sweep-tip', 'aria-hidden': 'true', hidden: '' });
  #legend = element('div', { class: 'gd-sweep-legend' });
  #read = element('p', { class: 'gd-sweep-read', 'aria-live': 'polite' });
  #words = element('span');
  #link = /** @type {HTMLButtonElement} */ (element('button', { type: 'button', hidden: '' }));
  #pen;
  /** @type {Cells | null} */
  #cells = null;
  /** @type {import('./sweep-picture.js').Edge[][]} */
  #edges = [];
  /** @type {Place | null} */
  #cursor = null;
  /** @type {News | null} */
  #told = null;
  #language = '';
  #known = 0;
  #painted = 0;
  #due = 0;
  #timer = 0;
  #asking = 0;

  /** @param {HTMLElement} parent @param {Data} data */
  constructor(parent, data) {
    const { sweep, language, foreseen } = data;
    this.key = keyOf(data);
    this.#sweep = sweep;
    this.#foreseen = foreseen;
    const { signal } = this.#ending;
    this.#pen = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d'));
    const files = element('span', { class: 'gd-sweep-files' }, this.#filesLabel,
      this.#button('PNG', () => this.#take(savePng)), this.#button('SVG', () => this.#take(saveSvg)),
      ...Object.entries(FILES).map(([file, name]) => this.#file(file, name)));
    const label = element('label', {}, this.#colourLabel, this.#colour);
    this.#holder.append(this.#canvas, this.#tip);
    this.#read.append(this.#words, ' ', this.#link);
    const bar = element('div', { class: 'gd-sweep-bar' }, this.#act, this.#progress, element('b', {}, this.#bar), label,
      files);
    bar.hidden = Boolean(foreseen); // of a map that waits there is nothing to be told, chosen or taken away
    this.#root.append(this.#title, this.#finding, bar, this.#holder, this.#legend, this.#read);
    parent.append(this.#root);
    this.#act.addEventListener('click', () => this.#press(), { signal });
    this.#link.addEventListener('click', () => this.#open(false), { signal });
    this.#colour.addEventListener('change', () => this.#repaint(), { signal });
    this.#holder.addEventListener('pointermove', event => this.#point(event), { signal });
    this.#holder.addEventListener('pointerleave', () => { this.#tip.hidden = true; }, { signal });
    this.#holder.addEventListener('click', event => this.#click(event), { signal });
    this.#holder.addEventListener('keydown', event => this.#key(event), { signal });
    const sized = new ResizeObserver(() => this.#repaint());
    sized.observe(this.#root);
    signal.addEventListener('abort', () => sized.disconnect());
    window.addEventListener('resize', () => this.#repaint(), { signal });
    this.#language = language;
    void speak(language).then(() => {
      this.#name();
      void this.#begin();
    });
  }

  /** All words anew where another language is spoken; what is shown stays. @param {string} language */
  async speak(language) {
    if (language === this.#language) return;
    this.#language = language;
    await speak(language);
    this.#name();
    if (!this.#cells) return;
    this.#cells.speak();
    this.#entitle(this.#cells);
    const shown = this.#colour.value;
    this.#colour.replaceChildren();
    this.#offer(shown);
    if (this.#told) this.#tell(this.#told);
    if (this.#cursor) this.#choose(this.#cursor);
    this.#tip.hidden = true;
    this.#repaint();
  }

  /** The words that stand there whatever is shown. */
  #name() {
    write(this.#filesLabel, t('Take away'));
    write(this.#colourLabel, t('Colour'));
    write(this.#link, t('Open in the lab'));
    this.#colour.setAttribute('aria-label', t('Colour'));
    this.#holder.setAttribute('aria-label', t('The map'));
  }

  /** @param {Cells} cells */
  #entitle({ about }) {
    write(this.#title, about.title);
    write(this.#finding, about.finding);
    this.#finding.hidden = !about.finding || Boolean(this.#foreseen); // who chooses has just read it
  }

  dispose() {
    this.#ending.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#asking);
    this.#root.remove();
  }

  /** @param {string} what */
  #address(what) {
    return new URL(`./gandash/sweeps/${this.#sweep}/${what}`.replace(/\/$/, ''), document.baseURI).href;
  }

  /** What is taken away as it is shown, in the language that is spoken then.
   * @param {string} file @param {string} name */
  #file(file, name) {
    const link = /** @type {HTMLAnchorElement} */ (element('a', { download: file }, name));
    link.href = this.#address(`files/${file}`);
    link.addEventListener('click', () => {
      link.href = this.#address(`files/${file}?colour=${this.#colour.value}&lang=${tagOf(speaking())}`);
    }, { signal: this.#ending.signal });
    return link;
  }

  /** @param {string} name @param {() => void} act */
  #button(name, act) {
    const node = element('button', { type: 'button' }, name);
    node.addEventListener('click', act, { signal: this.#ending.signal });
    return node;
  }

  /** @param {string} what @param {string} [method] */
  async #ask(what, method = 'GET') {
    const { signal } = this.#ending;
    const response = await fetch(this.#address(what), { signal, method, credentials: 'same-origin' });
    if (!response.ok) throw new Error(await refusalIn(response));
    return response;
  }

  async #begin() {
    if (this.#foreseen) {
      this.#cells = new Cells(this.#foreseen.about);
      this.#edges = this.#foreseen.edges;
      this.#entitle(this.#cells);
      this.#offer(VERDICT);
      this.#root.dataset.state = 'foreseen';
      this.#repaint();
      return;
    }
    try {
      this.#cells = new Cells(await (await this.#ask('')).json());
      this.#entitle(this.#cells);
      this.#offer(this.#cells.about.colour);
      void this.#news();
      for (let z = 0; z < this.#cells.sizes[2]; z++) this.#edges[z] = await (await this.#ask(`edges/${z}`)).json();
      this.#root.dataset.edges = String(this.#edges.flat().length);
      this.#repaint();
    } catch (error) {
      this.#fail(error);
      if (!this.#cells) this.#asking = window.setTimeout(() => this.#begin(), REST_MS);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#ending.signal.aborted) return;
    const problem = inWords(error).replace(/[.。]$/, '');
    write(this.#progress, t('The map cannot be had: {problem}. Trying again…', { problem }));
  }

  /** What has come since; and again, sooner while it is played. */
  async #news() {
    clearTimeout(this.#asking);
    let wait = REST_MS;
    try {
      if (!document.hidden && this.#cells) {
        const packet = unpack(await (await this.#ask(`cells/${this.#known}`)).arrayBuffer());
        const news = /** @type {News} */ (/** @type {unknown} */ (packet.label));
        const { cell, verdict, numbers } = packet.arrays;
        if (news.start < this.#known) this.#known = 0; // the server has begun anew: it tells all of them once more
        else {
          this.#cells.take(cell, verdict, numbers);
          this.#known = news.count;
        }
        this.#tell(news);
        if (cell.length) this.#repaint();
        if (news.state === 'playing' || news.state === 'stopping') wait = ASK_MS;
      }
    } catch (error) {
      this.#fail(error);
    }
    if (!this.#ending.signal.aborted) this.#asking = window.setTimeout(() => this.#news(), wait);
  }

  /** @param {News} news */
  #tell(news) {
    this.#told = news;
    const { state } = news;
    const cells = /** @type {Cells} */ (this.#cells);
    const { about, count } = cells;
    write(this.#progress, progressOf(news, cells));
    this.#bar.style.width = `${100 * count / about.count}%`;
    this.#act.hidden = state === 'done';
    this.#act.disabled = state === 'stopping';
    write(this.#act, state === 'playing' || state === 'stopping' ? t('Stop') : t('Go on'));
    Object.assign(this.#root.dataset, { state, count });
  }

  async #press() {
    this.#act.disabled = true;
    try {
      await this.#ask(this.#told?.state === 'playing' ? 'stop' : 'go-on', 'POST');
      void this.#news();
    } catch (error) {
      write(this.#words, inWords(error));
      this.#act.disabled = false;
    }
  }

  /** The colours there are to choose from. @param {string} [chosen] */
  #offer(chosen = this.#colour.value) {
    const cells = /** @type {Cells} */ (this.#cells);
    const names = [...new Set([...cells.colours(), chosen])];
    if (names.length === this.#colour.options.length) return;
    this.#colour.replaceChildren(...names.map(name => element('option', { value: name }, nameOf(name))));
    this.#colour.value = chosen;
  }

  // ----------------------------------------------------------------------------------------------------------- painted

  /** Soon, and not more often than the eye needs. */
  #repaint() {
    if (this.#timer || this.#ending.signal.aborted) return;
    const wait = Math.max(0, this.#due - performance.now());
    this.#timer = window.setTimeout(() => requestAnimationFrame(() => {
      this.#timer = 0;
      this.#due = performance.now() + PAINT_MS;
      this.#paint();
    }), wait);
  }

  #paint() {
    const cells = this.#cells;
    if (!cells || !this.#root.isConnected) return;
    const began = performance.now();
    this.#offer();
    const theme = readTheme(this.#root);
    const room = window.innerHeight - this.#holder.getBoundingClientRect().top - window.scrollY - ROOM_PX;
    this.#holder.style.height = `${heightAt(cells, this.#holder.clientWidth, room)}px`;
    if (!fitCanvas(this.#pen)) return;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    this.#pen.clearRect(0, 0, width, height);
    const layout = arrange(cells, width, height);
    draw(new CanvasPen(this.#pen, theme.font), cells, layout, this.#colour.value, theme, this.#edges, this.#cursor);
    this.#explain(cells, theme);
    const took = (performance.now() - began).toFixed(1);
    Object.assign(this.#root.dataset, { painted: ++this.#painted, paintMs: took });
  }

  /** @param {Cells} cells @param {import('./palette.js').Theme} theme */
  #explain(cells, theme) {
    const colour = this.#colour.value;
    const rows = [];
    if (colour === VERDICT) {
      cells.tally().forEach((count, i) => {
        const verdict = cells.about.verdicts[i];
        const mark = swatch(groundOf(verdict, theme), verdict.letter);
        const many = this.#foreseen ? '' : grouped(count);
        if (count || this.#foreseen) rows.push(element('span', {}, mark, ` ${verdict.name} ${many}`));
      });
    } else {
      const [low, high] = cells.limits(colour);
      const stops = Array.from({ length: 9 }, (_, i) => viridis(i / 8)).join(',');
      const ramp = element('i', { class: 'gd-sweep-ramp', style: `background:linear-gradient(90deg,${stops})` });
      rows.push(element('span', {}, `${nameOf(colour)} ${read(low)} `, ramp, ` ${read(high)}`));
    }
    rows.push(...this.#seeds(cells));
    const sides = colour === VERDICT ? t('curves at the sides: share converged or with all modes found')
      : t('curves at the sides: median over the row or column');
    rows.push(element('span', { class: 'gd-sweep-quiet' }, sides));
    if (this.#edges.flat().length) {
      const line = element('i', { class: 'gd-sweep-line', style: `background:${theme.text}` });
      rows.push(element('span', {}, line, t('where theory draws the line: a round comes nearer on one side of it')));
    }
    this.#legend.replaceChildren(...rows);
  }

  /** @param {Cells} cells */
  #seeds({ about }) {
    return about.seeds > 1 ? [element('span', { class: 'gd-sweep-quiet' },
      t('each cell: most of {count} seeds, or their median; a bar where not all agree', { count: about.seeds }))] : [];
  }

  // ------------------------------------------------------------------------------------------------------ what is read

  /** @param {Place} place @returns {Point | null} */
  #pointAt([x, y, z]) {
    return this.#cells?.at(x, y, z, this.#colour.value) ?? null;
  }

  /** @param {Place} place */
  #sentence(place) {
    return sentenceOf(/** @type {Cells} */ (this.#cells), place, this.#pointAt(place));
  }

  /** @param {MouseEvent} event */
  #placeOf(event) {
    const cells = /** @type {Cells} */ (this.#cells);
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return cells && placeAt(arrange(cells, width, height), event.clientX - left, event.clientY - top);
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const place = this.#placeOf(event);
    this.#tip.hidden = !place || event.pointerType === 'touch';
    this.#holder.style.cursor = place && this.#pointAt(place) ? 'pointer' : '';
    if (!place || this.#tip.hidden) return;
    write(this.#tip, this.#sentence(place));
    const { left, top, width, height } = this.#holder.getBoundingClientRect();
    const [x, y] = [event.clientX - left + POINT_PX, event.clientY - top + POINT_PX];
    const { offsetWidth: w, offsetHeight: h } = this.#tip;
    const [atX, atY] = [Math.max(0, Math.min(x, width - w)), y + h > height ? y - h - 2 * POINT_PX : y];
    this.#tip.style.transform = `translate(${atX}px, ${atY}px)`;
  }

  /** A mouse opens at once; a finger chooses first, since it has nothing to hover with. @param {MouseEvent} event */
  #click(event) {
    const place = this.#placeOf(event);
    if (!place) return;
    this.#choose(place);
    const isTouch = event instanceof PointerEvent && event.pointerType === 'touch';
    if (!isTouch) void this.#open(event.ctrlKey || event.metaKey);
  }

  /** @param {Place} place */
  #choose(place) {
    this.#cursor = place;
    write(this.#words, this.#sentence(place));
    this.#link.hidden = !this.#pointAt(place);
    this.#repaint();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const arrow = ARROWS[event.key];
    if (event.key === 'Enter' && this.#cursor) void this.#open(event.ctrlKey || event.metaKey);
    if (!arrow || !this.#cells) return;
    event.preventDefault();
    const { sizes } = this.#cells;
    const from = this.#cursor ?? [-arrow[0], -arrow[1], -arrow[2]];
    const to = from.map((at, i) => Math.min(sizes[i] - 1, Math.max(0, at + arrow[i])));
    this.#choose([to[0], to[1], to[2]]);
  }

  /** The very game, in the lab. @param {boolean} isBeside in another tab */
  async #open(isBeside) {
    const point = this.#cursor && this.#pointAt(this.#cursor);
    if (!point) return;
    try {
      const { link } = await (await this.#ask(`games/${point.cell}`)).json();
      const address = new URL(`./?game=${link}`, document.baseURI).href;
      if (isBeside) window.open(address, '_blank', 'noopener');
      else location.assign(address);
    } catch (error) {
      write(this.#words, inWords(error));
    }
  }

  /** As a picture. @param {(map: import('./sweep-files.js').Map) => void} save */
  #take(save) {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const cells = /** @type {Cells} */ (this.#cells);
    save({ cells, width, height, colour: this.#colour.value, theme: readTheme(this.#root), edges: this.#edges });
  }
}

/** @param {string} colour @param {string} letter */
const swatch = (colour, letter) => element('i', { class: 'gd-sweep-swatch',
  style: `background:${colour};color:${inkOn(colour)}`,
  'aria-hidden': 'true' }, letter);

/** @param {Data} data */
const keyOf = ({ sweep, foreseen }) => sweep || JSON.stringify(foreseen);

/** @param {Component} component */
export function update({ data, parentElement }) {
  const view = views.get(parentElement);
  if (view?.key === keyOf(data)) {
    void view.speak(data.language);
    return;
  }
  view?.dispose();
  views.set(parentElement, new View(parentElement, data));
}

/** @param {HTMLElement} parentElement */
export function teardown(parentElement) {
  views.get(parentElement)?.dispose();
  views.delete(parentElement);
}
