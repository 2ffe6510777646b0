/**
 * The Worker of a `VcpuThread`. It runs the vCPU until the program returns 'stop', or until the order is to stop. It has no
 * `await` outside of functions, because a CommonJS bundle cannot contain one.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { useAddon } from '../addon.js';
import { describe, requireSynchronous } from '../arguments.js';
import { KvmArgumentError } from '../errors.js';
import type { Interruption } from '../exit/interruption.js';
import { hostArchitecture, hostEntry } from '../host-bindings.js';
import type { VcpuHandle } from '../kick.js';
import type { AnyVcpu } from '../vcpu.js';
import type { AnyVm } from '../vm.js';
import exitsProgram from './async-exits-program.js';
import {
  type ProgramOf,
  runningMessage,
  type StartProgram,
  setStage,
  stateOf,
  type WorkerInput,
  words,
} from './program.js';

const input = workerData as WorkerInput;
const { words: shared, program: address } = input;

const pollMs = 10;

function wrong(problem: string): KvmArgumentError {
  return new KvmArgumentError('VcpuThread', `${address}: ${problem}`);
}

type Start = StartProgram<unknown, AnyVcpu, unknown, AnyVm>;

/** The classes of this machine's architecture. Each import is a module of its own, so that the Worker loads one architecture. */
const architectures = {
  x86_64: () => import('../x86_64.js'),
  arm64: () => import('../arm64.js'),
  riscv64: () => import('../riscv64.js'),
} as const;

interface Classes {
  readonly Vcpu: { attach(handle: VcpuHandle): AnyVcpu };
  readonly Vm: { attach(vcpu: AnyVcpu): AnyVm };
}

async function classes(): Promise<Classes> {
  if (hostEntry === undefined) throw wrong(`the runtime has no classes for ${hostArchitecture}`);
  return (await architectures[hostEntry]()) as Classes;
}

async function loaded(): Promise<Start> {
  if (address === null) return exitsProgram as Start;
  const { default: start } = (await import(address)) as { readonly default?: unknown };
  if (typeof start === 'function') return start as Start;
  throw wrong(`the default export is ${describe(start)}; it must be a function that returns a VcpuProgram`);
}

async function started(start: Start, vcpu: AnyVcpu, vm: AnyVm): Promise<ProgramOf<unknown>> {
  const program = await start(vcpu, input.data, vm);
  const { onExit, onInterrupt } = Object(program) as { readonly [Name in keyof ProgramOf<unknown>]: unknown };
  if (typeof onExit !== 'function') {
    const rule = 'it must return an object with the method onExit';
    throw wrong(`the default export returned ${describe(program)}, whose onExit is ${describe(onExit)}; ${rule}`);
  }
  if (onInterrupt !== undefined && typeof onInterrupt !== 'function') {
    throw wrong(`onInterrupt is ${describe(onInterrupt)}; it must be a method, or undefined`);
  }
  return program;
}

/** Returns whether the answer is to stop. */
function isStop(method: keyof ProgramOf<unknown>, answer: unknown): boolean {
  if (answer === undefined) return false;
  if (answer === 'stop') return true;
  requireSynchronous('VcpuThread', `${address}: ${method}`, answer);
  throw wrong(`${method} returned ${describe(answer)}; it must return 'stop' or undefined`);
}

function interrupted(program: ProgramOf<unknown>, interruption: Interruption): boolean {
  if (interruption.cause === 'kick') return isStop('onInterrupt', program.onInterrupt?.(interruption));
  const order = Atomics.load(shared, words.order);
  if (stateOf(order) === 'stop') return true;
  if (stateOf(order) === 'pause') {
    parentPort?.postMessage(order);
    // The notification of this same order can arrive only now. Nothing but another order ends the pause.
    while (Atomics.load(shared, words.order) === order) Atomics.wait(shared, words.order, order);
  } else {
    // Another thread has paused the vCPU, and it does not notify this one when it resumes the vCPU.
    Atomics.wait(shared, words.order, order, pollMs);
  }
  return false;
}

/** Runs the vCPU once, and returns whether the thread stops. */
function step(vcpu: AnyVcpu, program: ProgramOf<unknown>): boolean {
  const result = vcpu.run();
  return result.reason === 'interrupted' ? interrupted(program, result) : isStop('onExit', program.onExit(result));
}

async function main(): Promise<void> {
  useAddon(input.addon);
  const { Vcpu, Vm } = await classes();
  const vcpu = Vcpu.attach(input.vcpu);
  const start = await loaded();
  setStage(shared, 'starting');
  const program = await started(start, vcpu, Vm.attach(vcpu));
  setStage(shared, 'running');
  parentPort?.postMessage(runningMessage);
  while (!step(vcpu, program));
  setStage(shared, 'stopped');
  vcpu.close();
  // The program may have left something that would keep the Worker alive. The program's exit code is kept.
  process.exit();
}

main().catch((error: unknown) => {
  // A rejection would not end the Worker under --unhandled-rejections=warn. An error that is thrown does.
  setImmediate(() => {
    throw error;
  });
});
