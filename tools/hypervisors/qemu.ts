/** Runs a virtual machine under QEMU, which emulates all of the hardware, and reads what it prints. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What QEMU needs to start a kernel with an initramfs. */
export interface Machine {
  readonly program: string;
  /** The arguments for the hardware. The kernel and the console are added. */
  readonly hardware: readonly string[];
  /**
   * Whether each emulated processor has a host thread of its own (`multi`), or one thread takes turns between them (`single`). A turn ends
   * when the processor waits or gets a timer's interrupt, so a kick takes some milliseconds with `single`.
   */
  readonly threads: 'single' | 'multi';
  readonly memoryMiB: number;
  readonly kernel: string;
  readonly initramfs: string;
  /** The kernel's name of the console. */
  readonly console: string;
  /** Further options of the kernel. */
  readonly options: readonly string[];
}

/** How a virtual machine or a program has ended. */
export type Ending = 'ended' | 'timed out' | 'failed';

/** Resolves after the machine has ended. `line` gets every line that the machine prints on its console. */
export async function runMachine(machine: Machine, limitMs: number, line: (text: string) => void): Promise<Ending> {
  return runLimited([machine.program, ...argumentsOf(machine)], limitMs, line);
}

/** Resolves after the program has ended. `line` gets every line that it prints. */
export async function runLimited(
  [program = '', ...rest]: readonly string[],
  limitMs: number,
  line: (text: string) => void,
): Promise<Ending> {
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  let timedOut = false;
  // A program that the guest has stopped cannot end itself, so nothing milder than SIGKILL is certain.
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, limitMs);
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status));
  });
  createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY }).on('line', line);
  try {
    const status = await closed;
    if (timedOut) return 'timed out';
    return status === 0 ? 'ended' : 'failed';
  } finally {
    clearTimeout(timer);
  }
}

/** `panic=-1` and `-no-reboot` end QEMU after a panic. */
function argumentsOf({ hardware, threads, memoryMiB, kernel, initramfs, console, options }: Machine): string[] {
  const commandLine = [`console=${console} panic=-1 mitigations=off loglevel=3`, ...options].join(' ');
  return [
    ...['-accel', `tcg,thread=${threads}`, ...hardware, '-smp', '2', '-m', String(memoryMiB)],
    ...['-nographic', '-monitor', 'none', '-serial', 'stdio', '-net', 'none', '-no-reboot'],
    ...['-kernel', kernel, '-initrd', initramfs, '-append', commandLine],
  ];
}
