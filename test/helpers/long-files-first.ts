/** Starts the long test files of each project first. A long file that starts last leaves a processor idle until it ends. */

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take more than about 10 s on a quiet machine, the longest first. */
const longFiles: readonly string[] = [
  'protocol/model.test.ts',
  'generator/limits.test.ts',
  'layout/declarations/x86_64.test.ts',
  'layout/declarations/i386.test.ts',
  'e2e/generate.test.ts',
  'evaluator/constant-places.test.ts',
  'headers/freestanding.test.ts',
];

/** Returns the place of a file in the list. Files that are not in the list come last. */
function placeOf({ moduleId }: TestSpecification): number {
  const index = longFiles.findIndex((name) => moduleId.endsWith(`/${name}`));
  return index < 0 ? longFiles.length : index;
}

export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}
