/** `kvm-uapi verify`: checks the model with a C compiler. */

import type { Model } from '../model/model.js';
import { type Selection, select } from '../model/selection.js';
import { type HeaderOptions, openHeaders } from './header-options.js';

export interface VerifyCommandOptions extends HeaderOptions {
  /** The part of the headers to check. The default is everything. */
  readonly selection?: Selection;
  /** The C compiler. The default is the compiler of the target. */
  readonly cc?: string;
}

export interface VerifyReport {
  readonly good: boolean;
  readonly report: string;
}

const mostFailures = 50;

export async function verify(options: VerifyCommandOptions): Promise<VerifyReport> {
  // Loaded only here, because no other command needs it.
  const { verify: verifyModel } = await import('../verify/verify.js');
  const headers = openHeaders(options);
  const [cc, ...flags] = options.cc === undefined ? headers.target.compiler.command : [options.cc];
  const reports: VerifyReport[] = [];
  const read = headers.requested.map(({ name }) => headers.model(name));
  const models = select(read, options.selection ?? {});
  for (const [index, { name, path }] of headers.requested.entries()) {
    const model = models[index] as Model;
    const result = await verifyModel(model, { cc, flags, includeDirs: headers.includeDirs, path });
    const { held, total, failures, compiler } = result;
    const shown = failures
      .slice(0, mostFailures)
      .map(({ item, expected, message }) => `  ${item}: the model says ${expected}; ${message}`);
    const rest = failures.length - shown.length;
    const lines = [
      `<${name}> for ${model.target}: ${held} of ${total} assertions hold (${compiler})`,
      ...shown,
      ...(rest > 0 ? [`  and ${rest} more`] : []),
    ];
    reports.push({ good: held === total, report: lines.join('\n') });
  }
  return { good: reports.every(({ good }) => good), report: reports.map(({ report }) => report).join('\n') };
}
