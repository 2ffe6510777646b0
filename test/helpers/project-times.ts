/** Prints the results and the time of each project when a run of the tests ends, whichever reporters are chosen. */

import type { Plugin } from 'vitest/config';
import type { Reporter, TestModule } from 'vitest/node';

/** The results of a project. Times are in milliseconds. */
interface Results {
  readonly started: number;
  ended: number;
  passed: number;
  failed: number;
  skipped: number;
}

class ProjectTimes implements Reporter {
  readonly #projects = new Map<string, Results>();

  onTestModuleQueued({ project }: TestModule): void {
    if (this.#projects.has(project.name)) return;
    const now = performance.now();
    this.#projects.set(project.name, { started: now, ended: now, passed: 0, failed: 0, skipped: 0 });
  }

  onTestModuleEnd(module: TestModule): void {
    const results = this.#projects.get(module.project.name);
    if (!results) return;
    results.ended = performance.now();
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state !== 'pending') results[state]++;
    }
  }

  onTestRunEnd(): void {
    // The default reporter prints its summary first.
    setImmediate(() => {
      for (const [name, { started, ended, passed, failed, skipped }] of this.#projects) {
        const seconds = ((ended - started) / 1000).toFixed(1);
        console.error(`project ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${seconds} s`);
      }
    });
  }
}

/** Adds the reporter to the reporters of the configuration and of the command line. */
export const projectTimes: Plugin = {
  name: 'kvm-uapi:project-times',
  configureVitest({ vitest }) {
    const { reporters } = vitest.config;
    if (!reporters.some((each) => each instanceof ProjectTimes)) reporters.push(new ProjectTimes());
  },
};
