/** A model as JSON: one line per item, so that a change of one item is a change of one line. */

import { GeneratorError } from '../errors.js';
import { MODEL_SCHEMA, type Model } from './model.js';

export function modelToJson(model: Model): string {
  const entries = Object.entries(model).map(([key, value]) => {
    if (!Array.isArray(value) || value.length === 0) return `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`;
    const items = value.map((item) => JSON.stringify(item));
    return `  ${JSON.stringify(key)}: [\n    ${items.join(',\n    ')}\n  ]`;
  });
  return `{\n${entries.join(',\n')}\n}\n`;
}

/** Reads what `modelToJson` wrote. `name` says in errors where it came from. */
export function modelFromJson(text: string, name: string): Model {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new GeneratorError(`${name}: not JSON: ${(error as Error).message}; run 'generate' again`);
  }
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (schema !== MODEL_SCHEMA) {
    throw new GeneratorError(
      `${name}: a model of schema ${MODEL_SCHEMA} is expected, found ${String(schema)}; run 'generate' again`,
    );
  }
  const model = value as Model;
  // Models of before functions had values are of the same schema, as who knows no values reads both alike.
  if (model.functions.some((macro) => !('value' in macro))) {
    throw new GeneratorError(`${name}: has function-like macros without values; run 'generate' again`);
  }
  return model;
}
