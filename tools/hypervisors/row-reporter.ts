/** Reports the results of Vitest as rows. */

import type { Reporter, TestModule } from 'vitest/node';
import { printRow } from './rows.js';

export class RowReporter implements Reporter {
  onTestModuleEnd(module: TestModule): void {
    const tests = [...module.children.allTests()];
    const inState = (state: string): typeof tests => tests.filter((test) => test.result().state === state);
    const failures = inState('failed').map((test) => `${test.fullName}: ${test.result().errors?.[0]?.message ?? ''}`);
    printRow({
      name: module.relativeModuleId.replace(/\.js$/, '.ts'),
      passed: inState('passed').length,
      skipped: inState('skipped').length,
      milliseconds: Math.round(module.diagnostic().duration),
      // A file that cannot be imported has errors, but no tests.
      failures: [...failures, ...module.errors().map(({ message }) => message)],
    });
  }
}
