// @ts-check
/** A run as the browser knows it. */

/** @typedef {import('./types.d.ts').RunState} RunState */
/** @typedef {import('./types.d.ts').Status | 'connecting' | 'unreached' |
 * 'recorded' | 'growing'} Status where a run stands, as the browser knows it: `growing`, somebody else plays and
 * records it */
/** @typedef {Omit<RunState, 'status'> & {status: Status}} Run */

/** The run before the server has spoken. @type {Run} */
export const NO_RUN = {
  type: 'run', role: 'watch', generation: -1, status: 'connecting', reason: '', notice: '', step: 0, speed: null,
    examined: {}, durations: {}, games: [], record: '', link: null, followed: 0,
};

/** Whether it goes on by itself. @param {Status} status */
export const moves = status => status === 'running' || status === 'growing';
