/** Converts a model to and from JSON. Each item has one line, so a change of one item is a change of one line. */

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

/** Reads the output of `modelToJson`. `name` names the source of the text in errors. */
export function modelFromJson(text: string, name: string): Model {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new GeneratorError(`${name}: is not valid JSON: ${(error as Error).message}; run 'generate' again`);
  }
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (schema !== MODEL_SCHEMA) {
    throw new GeneratorError(
      `${name}: expected a model of schema ${MODEL_SCHEMA}, found ${String(schema)}; run 'generate' again`,
    );
  }
  const model = value as Model;
  // Models from before functions had values have the same schema. A reader that ignores the values reads both forms.
  if (model.functions.some((macro) => !('value' in macro))) {
    throw new GeneratorError(`${name}: has function-like macros without values; run 'generate' again`);
  }
  return model;
}
