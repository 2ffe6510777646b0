/** `kvm-uapi layout`: what the model says, for a reader or as JSON. */

import { styleText } from 'node:util';
import { UsageError } from '../errors.js';
import { modelToJson } from '../model/json.js';
import { layoutView, type Paint } from '../report/layout-view.js';
import { type HeaderOptions, openHeaders } from './header-options.js';

export interface LayoutOptions extends HeaderOptions {
  readonly json: boolean;
  readonly colour: boolean;
}

const colours: Paint = {
  code: (text) => text,
  figures: (text) => styleText('cyan', text),
  hole: (text) => styleText('yellow', text),
};

export function layout(names: readonly string[], options: LayoutOptions): string {
  const headers = openHeaders(options);
  const [first, ...more] = headers.names.map((name) => headers.model(name));
  if (options.json) {
    if (!first || more.length > 0) throw new UsageError('--json prints the model of one header; name one --header');
    if (names.length > 0) throw new UsageError('--json prints the whole model and cannot be combined with type names');
    return modelToJson(first).trimEnd();
  }
  const models = first ? [first, ...more] : [];
  return models
    .map((model) => layoutView(model, names, options.colour ? colours : undefined))
    .join('\n')
    .trimEnd();
}
