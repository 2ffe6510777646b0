/** The program of a `VcpuThread`, and what the Worker gets to run it. */

import type { UnrecognizedExit } from '../exit/exits.js';
import type { Interruption } from '../exit/interruption.js';
import type { VcpuHandle } from '../kick.js';

/**
 * The answer of a program. A method may also return nothing. A Promise is not an answer, and does not compile.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: without void a method of a class that returns nothing does not compile
type Answer = 'stop' | undefined | void;

/**
 * The program that runs in the Worker of a `VcpuThread`. All calls are synchronous. When a call returns, the next run begins.
 * If a call returns 'stop', the thread ends. If a call returns anything else than 'stop' or undefined, such as a Promise, the
 * thread ends with a `KvmArgumentError`. `Exit` are the exits of an architecture.
 */
export interface ProgramOf<Exit> {
  /** The runtime calls this method at each exit. The method serves the exit in place. */
  onExit(exit: Exit | UnrecognizedExit): Answer;
  /** The runtime calls this method when the vCPU was kicked. Without this method the vCPU continues. */
  onInterrupt?(interruption: Interruption): Answer;
}

/**
 * The default export of a program's module, for the classes `Vcpu` and `Vm` of an architecture. It is called once, in the
 * Worker.
 */
export type StartProgram<Exit, Vcpu, Data, Vm> = (
  vcpu: Vcpu,
  data: Data,
  vm: Vm,
) => ProgramOf<Exit> | Promise<ProgramOf<Exit>>;

/** What the Worker gets as `workerData`. */
export interface WorkerInput {
  /** The path of the addon of the other thread. */
  readonly addon: string;
  readonly vcpu: VcpuHandle;
  /** The address of the program's module. Null for the program of `Vcpu.exits`. */
  readonly program: string | null;
  readonly data: unknown;
  /** The words that both threads use, each at its place of `words`. */
  readonly words: Int32Array;
}

/** The words that both threads use, by their index: the order, as `orderWord` makes it, and the stage of the Worker. */
export const words = { order: 0, stage: 1 } as const;

/** Makes the words of a new thread. */
export function newWords(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Object.keys(words).length * Int32Array.BYTES_PER_ELEMENT));
}

/**
 * How far the Worker is: it loads the module of the program, it calls the default export, it runs the vCPU, or it has stopped
 * because of the program or of an order. The first one is the number 0.
 */
const stages = ['loading', 'starting', 'running', 'stopped'] as const;
export type Stage = (typeof stages)[number];

/** Sets the stage. */
export function setStage(shared: Int32Array, stage: Stage): void {
  Atomics.store(shared, words.stage, stages.indexOf(stage));
}

/** Returns the stage. */
export function stageOf(shared: Int32Array): Stage {
  return stages[Atomics.load(shared, words.stage)] as Stage;
}

/** The message of the Worker when it has reached the stage `running`. All its other messages are orders that it executes. */
export const runningMessage: Stage = 'running';

/** What the Worker does while its vCPU is paused. */
const threadStates = ['run', 'pause', 'stop'] as const;
export type ThreadState = (typeof threadStates)[number];

/** The order to be in a state, as one word. No two orders are the same word, so the Worker can wait for the next order. */
export function orderWord(number: number, state: ThreadState): number {
  return (number << 2) | threadStates.indexOf(state);
}

/** Returns the state of an order. */
export function stateOf(order: number): ThreadState {
  return threadStates[order & 3] as ThreadState;
}
