/** What a page that replays a run offers to who drives it. */
declare global {
  interface Window {
    gandash: {
      picture(wanted: import('../live/picture.js').Wanted & { format: string }, step: number | null): Promise<string>;
      frame(wanted: import('../live/picture.js').Wanted): Promise<string | null>;
      panels(): Promise<string[]>;
      steps(): number[];
    };
  }
}

export {};
