/** What a page that replays a run offers to who drives it. */
declare global {
  interface Window {
    gandash: {
      picture(wanted: import('../live/picture.js').Wanted, step: number | null): Promise<string>;
      panels(): Promise<string[]>;
      steps(): number[];
    };
  }
}

export {};
