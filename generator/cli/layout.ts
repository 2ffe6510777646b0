/** `kvm-uapi layout`: prints layouts as text or a model as JSON. */

import { GeneratorError, UsageError } from '../errors.js';
import { modelToJson } from '../model/json.js';
import { locationText } from '../model/locations.js';
import type { EnumType, Model, RecordType } from '../model/model.js';
import { type Selection, select } from '../model/selection.js';
import { describeName } from '../report/availability.js';
import { byteMap, type MapOptions } from '../report/byte-map.js';
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
  readonly colour: boolean;
}

const colours: Paint = {
  code: (text) => text,
  figures: (text) => styled('cyan', text),
  hole: (text) => styled('yellow', text),
};

/** The styles of spans in a map. Neighbours have different colours. */
const memberStyles = [
  ['black', 'bgCyan'],
  ['black', 'bgGreen'],
  ['white', 'bgBlue'],
] as const;
const spanStyles = {
  union: ['black', 'bgMagenta'],
  hole: ['black', 'bgYellow'],
  padding: ['black', 'bgRed'],
} as const;

/** Draws the bytes of structs and unions. An enum has no map. */
export function layoutMap(
  spellings: readonly string[],
  { columns = 80, ...options }: LayoutOptions & { readonly columns?: number | undefined },
): string {
  const paint: MapOptions['paint'] = (text, kind, index) =>
    styled([...(kind === 'member' ? (memberStyles[index % memberStyles.length] ?? []) : spanStyles[kind])], text);
  const types = partsOf(spellings, options).flatMap((part) => part.types);
  if (types.length === 0) throw new UsageError('a map has structs and unions; name one of them');
  return types.map((type) => byteMap(type, { columns, ...(options.colour ? { paint } : {}) })).join('\n\n');
}

export function layout(spellings: readonly string[], options: LayoutOptions): string {
  return partsOf(spellings, options)
    .map((part) => typesView(part, options.colour ? colours : undefined))
    .join('\n')
    .trimEnd();
}

/** Returns the model of the named types and of the types that they need as JSON. Without names, returns the selected part. */
export function layoutJson(spellings: readonly string[], options: LayoutOptions): string {
  const { names, models } = namedIn(spellings, options);
  return json(names, models, options.selection);
}

/** Returns the types with the given names, header by header. */
function partsOf(spellings: readonly string[], options: LayoutOptions): SelectedTypes[] {
  const { names, models } = namedIn(spellings, options);
  return eachOnce(
    names.length === 0 ? select(models, options.selection ?? {}) : models.map((model) => typesCalled(model, names)),
  );
}

/** Reads the models of the headers. @throws UsageError for a name that none of them has. */
function namedIn(
  spellings: readonly string[],
  options: LayoutOptions,
): { readonly names: readonly string[]; readonly models: readonly Model[] } {
  const names = spelledTypes(spellings);
  const headers = openHeaders(options);
  const models = headers.requested.map(({ name }) => headers.model(name));
  const unknown = names.find((name) => !models.some((model) => hasType(model, name)));
  if (unknown !== undefined) throw unknownType(unknown, models, headers);
  return { names, models };
}

/** Returns names of types with one space between their words. */
export function spelledTypes(spellings: readonly string[]): string[] {
  return spellings.map((name) => name.trim().replace(/\s+/g, ' '));
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
export function unknownType(name: string, models: readonly Model[], from: Headers): UsageError {
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
