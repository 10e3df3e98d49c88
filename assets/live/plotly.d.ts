/** What is used of plotly.js, which comes with the plotly package: https://plotly.com/javascript/reference/ */

export interface Plotly {
  newPlot(node: HTMLElement, data: Trace[], layout: SizedLayout, config: object): Promise<Plot>;
  react(node: HTMLElement, data: Trace[], layout: SizedLayout, config: object): Promise<Plot>;
  purge(node: HTMLElement): void;
  toImage(node: HTMLElement,
    options: {format: 'svg'; width: number; height: number; imageDataOnly: true}): Promise<string>;
}

/** The element that a plot was drawn in. `plotly_relayout` gives what somebody changed, by its path in the layout. */
export interface Plot extends HTMLElement {
  on(event: 'plotly_relayout', listener: (changes: Record<string, unknown>) => void): void;
  on(event: 'plotly_doubleclick', listener: () => void): void;
}

export interface Stroke {
  width: number;
  color?: string;
  dash?: string;
}

/** A line as it is handed over. */
export interface Line {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  yaxis?: 'y' | 'y2';
  visible: boolean;
  line: Stroke & {shape?: 'linear' | 'hv'; simplify?: boolean};
  mode?: 'lines' | 'markers';
  marker?: {color: string; size: number; line?: Stroke};
  opacity?: number;
  fill?: 'tozeroy' | 'toself';
  fillcolor?: string;
  hoverinfo?: 'skip';
  hovertemplate?: string;
}

export interface Trace extends Line {
  type: 'scatter';
}

export interface Font {
  size: number;
  color: string;
  family?: string;
}

export interface Axis {
  range: [number, number];
  tickvals: number[];
  ticktext: string[];
  tickfont: Font;
  gridcolor?: string;
  [further: string]: unknown;
}

export interface Shape {
  type: string;
  layer?: string;
  xref?: string;
  yref?: string;
  x0: number;
  x1: number;
  y0: number;
  y1: number;
  line: Stroke;
  opacity?: number;
}

export interface Annotation {
  text: string;
  x: number;
  xanchor: string;
  xshift: number;
  font: Font;
  [further: string]: unknown;
}

export interface Layout {
  margin: {l: number; r: number; t: number; b: number};
  font: Font & {family: string};
  xaxis: Axis;
  yaxis: Axis;
  yaxis2?: Axis;
  shapes: Shape[];
  annotations: Annotation[];
  [further: string]: unknown;
}

export interface SizedLayout extends Layout {
  width: number;
  height: number;
}

declare global {
  interface Window {
    Plotly: Plotly;
  }
}
