/** `kvm-uapi layout`: prints layouts as text or a model as JSON. */

import { GeneratorError, UsageError } from '../errors.js';
import { modelToJson } from '../model/json.js';
import { locationText } from '../model/locations.js';
import type { EnumType, Model, RecordType } from '../model/model.js';
import { type Selection, select } from '../model/selection.js';
import { describeName } from '../report/availability.js';
import {
  closestTypes,
  hasType,
  type Paint,
  type SelectedTypes,
  typesCalled,
  typesView,
  UnknownTypeError,
} from '../report/layout-view.js';
import { type HeaderOptions, type Headers, openHeaders } from './header-options.js';
import { styled } from './terminal.js';

export interface LayoutOptions extends HeaderOptions {
  /** The part of the headers to print if no names are given. The default is everything. */
  readonly selection?: Selection;
  readonly json: boolean;
  readonly colour: boolean;
}

const colours: Paint = {
  code: (text) => text,
  figures: (text) => styled('cyan', text),
  hole: (text) => styled('yellow', text),
};

export function layout(spellings: readonly string[], options: LayoutOptions): string {
  const names = spellings.map((name) => name.trim().replace(/\s+/g, ' '));
  const headers = openHeaders(options);
  const models = headers.requested.map(({ name }) => headers.model(name));
  const unknown = names.find((name) => !models.some((model) => hasType(model, name)));
  if (unknown !== undefined) throw unknownType(unknown, models, headers);
  if (options.json) return json(names, models, options.selection);
  const parts =
    names.length === 0
      ? select(models, options.selection ?? {})
      : models.map((model): SelectedTypes => typesCalled(model, names));
  return eachOnce(parts)
    .map((part) => typesView(part, options.colour ? colours : undefined))
    .join('\n')
    .trimEnd();
}

/** Removes the types that an earlier part has. Two headers can include the same third header. */
function eachOnce(parts: readonly SelectedTypes[]): SelectedTypes[] {
  const seen = new Set<string>();
  const isNew = ({ cName, location }: RecordType | EnumType): boolean => {
    const id = `${cName} ${locationText(location)}`;
    const known = seen.has(id);
    seen.add(id);
    return !known;
  };
  return parts
    .map(({ types, enums }) => ({ types: types.filter(isNew), enums: enums.filter(isNew) }))
    .filter(({ types, enums }) => types.length + enums.length > 0);
}

/** Returns the model of the named types and of the types that they need. Without names, returns the selected part. */
function json(names: readonly string[], models: readonly Model[], selection: Selection = {}): string {
  const [model, ...more] =
    names.length === 0 ? models : models.filter((each) => names.some((name) => hasType(each, name)));
  if (!model || more.length > 0) {
    const headers = models.map(({ header }) => `<${header}>`).join(' and ');
    throw new UsageError(`--json prints the model of exactly one header, not of ${headers}; name one with --header`);
  }
  const [part = model] = select([model], names.length > 0 ? { types: names } : selection);
  return modelToJson(part).trimEnd();
}

/**
 * Returns the error for a name that is not a type. It says what the name is, which header has the type, or suggests
 * types.
 */
function unknownType(name: string, models: readonly Model[], from: Headers): UsageError {
  const meaning = models.map((model) => describeName(name, model)).find((each) => each !== undefined);
  if (meaning !== undefined) return new UsageError(`'${name}' is not a type: ${meaning}; layout prints types`);
  const [type = '', member] = name.split('.');
  if (member !== undefined && models.some((model) => hasType(model, type))) {
    return new UsageError(`'${name}' is not a type: layout prints types with all their members; write '${type}'`);
  }
  const headers = models.map(({ header }) => header).join(', ');
  const other = models.map((model) => headerWith(name, model, from)).find((each) => each !== undefined);
  if (other !== undefined) {
    return new UsageError(`<${headers}> reads '${name}' from <${other}> but does not cover it; add --header ${other}`);
  }
  return new UnknownTypeError(name, headers, closestTypes(models, name));
}

/** Returns the header with a type among the headers that a model was read from. */
function headerWith(name: string, model: Model, from: Headers): string | undefined {
  const others = model.sources.map((source) => source.name).filter((other) => !model.coveredHeaders.includes(other));
  return others.find((other) => {
    try {
      return hasType(from.model(other), name);
    } catch (error) {
      // A header that cannot be read directly is not an answer.
      if (error instanceof GeneratorError) return false;
      throw error;
    }
  });
}
