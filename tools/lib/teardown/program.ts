/** The program of a guest that has no exits. After a kick, the program does its part of the action of `end.ts`. */

import type { StartVcpuProgram } from '../../../runtime/x86_64.js';

export interface ProgramData {
  /** An action of endings.ts, or `stop`. */
  readonly action: string;
}

const actions: Readonly<Record<string, () => 'stop' | undefined>> = {
  stop: () => 'stop',
  'process.exit in a Worker': () => process.exit(5),
  'throw in a Worker'() {
    throw new Error('on purpose');
  },
};

const start: StartVcpuProgram<ProgramData> = (_vcpu, { action }) => ({
  onExit: () => undefined,
  onInterrupt: () => actions[action]?.(),
});

export default start;
