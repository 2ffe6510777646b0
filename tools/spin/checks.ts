/** What the checker shows: the properties hold within bounds, every mutant is refuted, and the interesting states are reached. */

import type { Mechanism } from '../../runtime/x86_64.js';
import type { Edit } from './protocol-model.js';
import type { Bounds, Search } from './spin.js';

export const mechanisms: readonly Mechanism[] = ['immediate_exit', 'signal_mask'];

/** A complete search of the protocol as it is. */
export interface Check {
  readonly what: string;
  readonly bounds: Bounds;
  readonly search: Search;
}

/** Short searches. They are part of the tests. */
export const shortChecks: readonly Check[] = [
  { what: 'two kickers', bounds: { KICKERS: 2, RUNS: 2 }, search: 'states' },
  { what: 'a kicker and an exit', bounds: { KICKS: 2, RUNS: 2, EXITS: 1, IDLE: 1 }, search: 'states' },
  { what: 'a pause and a timeout', bounds: { KICKERS: 0, PAUSES: 1, TIMEOUTS: 1 }, search: 'states' },
  { what: 'an abort and a timeout', bounds: { KICKERS: 0, ABORTS: 1, TIMEOUTS: 1, RUNS: 3 }, search: 'states' },
  { what: 'two threads and a close', bounds: { THREADS: 2, RUNS: 1, CLOSES: 1 }, search: 'states' },
  { what: 'the ticker', bounds: { TICKS: 1, RUNS: 1, EXITS: 1 }, search: 'states' },
  { what: "a caller's flag", bounds: { KICKERS: 0, FLAGS: 2, STRAYS: 1, EXITS: 1, COMPLETES: 1 }, search: 'states' },
  { what: 'progress', bounds: { STRAYS: 1, EAGAINS: 1, COMPLETES: 1, RUNS: 2 }, search: 'cycles' },
];

/** Long searches. */
export const longChecks: readonly Check[] = [
  {
    what: 'two kickers, an exit and EAGAIN',
    bounds: { KICKERS: 2, RUNS: 2, EXITS: 1, EAGAINS: 1 },
    search: 'states',
  },
  { what: 'two kickers with two kicks each', bounds: { KICKERS: 2, KICKS: 2, RUNS: 2 }, search: 'states' },
  { what: 'a kick, an abort and a timeout', bounds: { ABORTS: 1, TIMEOUTS: 1, RUNS: 2 }, search: 'states' },
  { what: 'a kick, a pause and a timeout', bounds: { PAUSES: 1, TIMEOUTS: 1, RUNS: 2 }, search: 'states' },
  { what: 'two pauses', bounds: { KICKERS: 0, PAUSES: 2, EXITS: 1, RUNS: 2 }, search: 'states' },
  { what: 'an abort and a pause', bounds: { KICKERS: 0, ABORTS: 1, PAUSES: 1, EXITS: 1, RUNS: 2 }, search: 'states' },
  {
    what: 'stray signals, completeExit and a timeout',
    bounds: { STRAYS: 2, COMPLETES: 1, EXITS: 1, TIMEOUTS: 1, RUNS: 2 },
    search: 'states',
  },
  { what: 'the ticker, an exit and a close', bounds: { TICKS: 2, CLOSES: 1, EXITS: 1, RUNS: 2 }, search: 'states' },
  {
    what: 'two threads, a timeout and a close',
    bounds: { THREADS: 2, TIMEOUTS: 1, CLOSES: 1, RUNS: 1 },
    search: 'states',
  },
  { what: 'two threads and two kicks', bounds: { THREADS: 2, KICKS: 2, RUNS: 1 }, search: 'states' },
  {
    what: 'no signal to an idle thread',
    bounds: { KICKS: 2, EXITS: 1, EAGAINS: 1, RUNS: 2, IDLE: 1 },
    search: 'states',
  },
  {
    what: "a caller's flag, a kick, a stray signal and a timeout",
    bounds: { FLAGS: 2, STRAYS: 1, TIMEOUTS: 1, EXITS: 1, COMPLETES: 1, RUNS: 2 },
    search: 'states',
  },
  { what: "a caller's flag and two threads", bounds: { FLAGS: 2, THREADS: 2, EXITS: 1, RUNS: 1 }, search: 'states' },
  {
    what: 'progress',
    bounds: { STRAYS: 2, EAGAINS: 1, COMPLETES: 1, EXITS: 1, RUNS: 2 },
    search: 'cycles',
  },
];

/** A change of the protocol that violates a property. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The properties of which the checker finds one violated first. */
  readonly violates: readonly string[];
  readonly bounds?: Bounds;
  readonly search?: Search;
  /** The mechanisms with which the property is violated. */
  readonly mechanisms?: readonly Mechanism[];
}

const flagOnly: readonly Mechanism[] = ['immediate_exit'];
const maskOnly: readonly Mechanism[] = ['signal_mask'];

/** Each step of the protocol, left out. */
const withoutStep: readonly Mutant[] = [
  { name: 'without K1', edits: [{ leaveOut: 'K1' }], violates: ['lost'] },
  { name: 'without K2', edits: [{ leaveOut: 'K2' }], violates: ['idle_thread'], bounds: { IDLE: 1, EXITS: 1 } },
  { name: 'without K3', edits: [{ leaveOut: 'K3' }], violates: ['lost'] },
  { name: 'without R1', edits: [{ leaveOut: 'R1' }], violates: ['lost'] },
  { name: 'without R2', edits: [{ replace: 'R2', by: 'next = NONE' }], violates: ['late', 'lost'] },
  { name: 'without R3', edits: [{ leaveOut: 'R3' }], violates: ['late', 'lost'] },
  { name: 'without R4', edits: [{ replace: 'R4', by: 'status = EINTR' }], violates: ['progress'], search: 'cycles' },
  { name: 'without R5', edits: [{ leaveOut: 'R5' }], violates: ['idle_thread'], bounds: { IDLE: 1, EXITS: 1 } },
  { name: 'without R6', edits: [{ leaveOut: 'R6' }], violates: ['progress'], bounds: { STRAYS: 1 }, search: 'cycles' },
  { name: 'without R7', edits: [{ leaveOut: 'R7' }], violates: ['progress'], search: 'cycles' },
  { name: 'without flag', edits: [{ leaveOut: 'flag' }], violates: ['late', 'lost'], mechanisms: flagOnly },
  {
    name: 'without caller_flag',
    edits: [{ leaveOut: 'caller_flag' }],
    violates: ['kept'],
    bounds: { KICKERS: 0, FLAGS: 1, STRAYS: 1 },
  },
  {
    name: 'without thread_mask',
    edits: [{ leaveOut: 'thread_mask' }],
    violates: ['late', 'lost'],
    mechanisms: maskOnly,
  },
  {
    name: 'without mask_inside',
    edits: [{ leaveOut: 'mask_inside' }],
    violates: ['late', 'lost'],
    mechanisms: maskOnly,
  },
  {
    name: 'without reset_in_flight',
    edits: [{ leaveOut: 'reset_in_flight' }],
    violates: ['lost', 'one_signal'],
    bounds: { KICKS: 2 },
    mechanisms: flagOnly,
  },
  {
    name: 'without one_in_flight',
    edits: [{ leaveOut: 'one_in_flight' }],
    violates: ['one_signal'],
    bounds: { KICKERS: 2 },
  },
  { name: 'without forget', edits: [{ leaveOut: 'forget' }], violates: ['thread_lives'], bounds: { CLOSES: 1 } },
  { name: 'without ticker', edits: [{ leaveOut: 'ticker' }], violates: ['lost'], bounds: { KICKERS: 0, TICKS: 1 } },
];

/** Steps in another order. A weaker memory order permits the first two. */
const reordered: readonly Mutant[] = [
  { name: 'R2 before R1', edits: [{ move: 'R2', before: 'R1' }], violates: ['late', 'lost'] },
  { name: 'K2 before K1', edits: [{ move: 'K2', before: 'K1' }], violates: ['lost'] },
  { name: 'R3 after R4', edits: [{ move: 'R3', after: 'R4' }], violates: ['late', 'lost'] },
  {
    name: 'reset_in_flight after R2',
    edits: [{ move: 'reset_in_flight', after: 'R2' }],
    violates: ['lost', 'one_signal'],
    bounds: { KICKS: 2 },
    mechanisms: flagOnly,
  },
  {
    name: 'in_flight is set after the signal is sent',
    edits: [{ move: 'mark_in_flight', after: 'send' }],
    violates: ['late', 'lost', 'one_signal'],
    bounds: { KICKS: 2 },
  },
  {
    name: 'armed_ is set after the timer',
    edits: [{ move: 'armed', after: 'set_timer' }],
    violates: ['lost'],
    bounds: { KICKERS: 0, TIMEOUTS: 1 },
    mechanisms: flagOnly,
  },
];

/** Mistakes in a step. */
const mistaken: readonly Mutant[] = [
  {
    name: 'clear_before_entry',
    edits: [{ insert: 'immediate_exit = false', before: 'R4' }],
    violates: ['late', 'lost'],
    mechanisms: flagOnly,
  },
  {
    name: 'pending signals are taken before R4',
    edits: [{ insert: 'take_pending(is_timer)', before: 'R4' }],
    violates: ['late', 'lost'],
    mechanisms: maskOnly,
  },
  {
    name: "the handler overwrites the caller's flag",
    edits: [{ replace: 'handler_flag', by: 'set_flag(); caller_flag = false' }],
    violates: ['kept'],
    bounds: { KICKERS: 0, FLAGS: 1, STRAYS: 1 },
    mechanisms: flagOnly,
  },
  {
    name: "the end of a run drops the caller's flag",
    edits: [{ replace: 'end_flag', by: 'immediate_exit = false; caller_flag = false' }],
    violates: ['kept'],
    bounds: { KICKERS: 0, FLAGS: 1, EXITS: 1 },
  },
  {
    name: 'the handler does not set the flag',
    edits: [{ leaveOut: 'handler_flag' }],
    violates: ['lost'],
    mechanisms: flagOnly,
  },
  { name: 'the handler finds no vCPU', edits: [{ leaveOut: 'set_current' }], violates: ['lost'], mechanisms: flagOnly },
  {
    name: 'the handler finds the vCPU after its run',
    edits: [{ leaveOut: 'reset_current' }],
    violates: ['open'],
    mechanisms: flagOnly,
  },
  {
    name: 'signals are sent without the mutex',
    edits: [{ leaveOut: 'mutex' }],
    violates: ['late', 'thread_lives', 'one_signal', 'lost'],
    bounds: { CLOSES: 1 },
  },
  {
    name: 'forget_thread does not take the mutex',
    edits: [{ leaveOut: 'forget_locks' }],
    violates: ['thread_lives'],
    bounds: { CLOSES: 1 },
  },
  {
    name: 'deliver consumes kicks that it does not deliver',
    edits: [{ replace: 'consume', by: 'delivered = requested' }],
    violates: ['late', 'lost'],
    bounds: { STRAYS: 1 },
  },
  {
    name: 'a run with an exit consumes kicks',
    edits: [{ replace: 'exit', by: 'next = NONE; delivered = requested' }],
    violates: ['late', 'lost'],
    bounds: { EXITS: 1 },
  },
  { name: 'deliver does not consume the kick', edits: [{ leaveOut: 'consume' }], violates: ['kick_once'] },
  {
    name: 'an abort interrupts any run',
    edits: [{ replace: 'abort_number', by: 'aborted > 0' }],
    violates: ['own_abort'],
    bounds: { KICKERS: 0, ABORTS: 1 },
  },
  {
    name: 'the end of one pause ends all pauses',
    edits: [{ replace: 'resume', by: 'atomic { pausers = 1; resume() }' }],
    violates: ['late', 'lost'],
    bounds: { KICKERS: 0, PAUSES: 2 },
  },
  {
    name: 'a pause does not end',
    edits: [{ replace: 'resume', by: 'resume(); pausers++' }],
    violates: ['resumed'],
    bounds: { KICKERS: 0, PAUSES: 1 },
  },
  {
    name: 'begin does not reset the timeout',
    edits: [{ leaveOut: 'reset_timed_out' }],
    violates: ['own_timeout', 'late'],
    bounds: { KICKERS: 0, TIMEOUTS: 1, EXITS: 1 },
  },
  {
    name: 'the timer continues after the run',
    edits: [{ leaveOut: 'disarm' }],
    violates: ['own_timeout', 'late', 'thread_lives'],
    bounds: { KICKERS: 0, TIMEOUTS: 2, EXITS: 1 },
  },
  {
    name: 'disarm leaves the signal of the timer pending',
    edits: [{ leaveOut: 'disarm_takes' }],
    violates: ['own_timeout'],
    bounds: { KICKERS: 0, TIMEOUTS: 2, EXITS: 1 },
    mechanisms: maskOnly,
  },
  {
    name: 'claim keeps the timer of another thread',
    edits: [{ leaveOut: 'delete_timer' }],
    violates: ['thread_lives', 'lost'],
    bounds: { KICKERS: 0, THREADS: 2, RUNS: 1, TIMEOUTS: 2 },
  },
  {
    name: 'a kicker releases the record before it signals',
    edits: [{ move: 'release', before: 'K1' }],
    violates: ['open', 'thread_lives'],
    bounds: { RUNS: 1 },
  },
  {
    name: 'completeExit makes no request at R3',
    edits: [{ replace: 'R3', by: 'if :: next != NONE -> immediate_exit = !MASK :: else fi' }],
    violates: ['complete'],
    bounds: { KICKERS: 0, COMPLETES: 1 },
  },
];

export const mutants: readonly Mutant[] = [...withoutStep, ...reordered, ...mistaken];

/** Bounds that reach each state, by its name. */
export const reachedStates: Readonly<
  Record<string, { readonly bounds: Bounds; readonly mechanisms?: readonly Mechanism[] }>
> = {
  kick: { bounds: {} },
  abort: { bounds: { KICKERS: 0, ABORTS: 1 } },
  timeout: { bounds: { KICKERS: 0, TIMEOUTS: 1 } },
  pause: { bounds: { KICKERS: 0, PAUSES: 1 } },
  completed: { bounds: { COMPLETES: 1 } },
  canceled: { bounds: { KICKERS: 0, TICKS: 1 } },
  retried: { bounds: { STRAYS: 1 } },
  guest_entered: { bounds: {} },
  signal_in_guest: { bounds: {} },
  signal_between_runs: { bounds: {}, mechanisms: flagOnly },
  exit_with_request: { bounds: { EXITS: 1 } },
  caller_flag_taken: { bounds: { KICKERS: 0, FLAGS: 1 } },
};
