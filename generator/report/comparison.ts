/** Formats the differences between two models of one header. */

import { compareModels } from '../model/comparison.js';
import type { Model } from '../model/model.js';

const mostDifferences = 40;

/** Returns one line for each difference, up to the height of a screen. */
export function comparisonLines(before: Model, after: Model): string[] {
  const differences = compareModels(before, after);
  if (differences.length === 0) return ['  no declaration differs'];
  const lines = differences.slice(0, mostDifferences).map(({ item, change }) => `  ${item}: ${change}`);
  const rest = differences.length - lines.length;
  return rest > 0 ? [...lines, `  and ${rest} more`] : lines;
}
