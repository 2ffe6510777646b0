/** `kvm-uapi verify`: checks the model with a C compiler. */

import type { Model } from '../model/model.js';
import { type Selection, select } from '../model/selection.js';
import type { VerifyResult } from '../verify/verify.js';
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
  readonly headers: readonly VerifiedHeader[];
}

/** The result for one header on one target. */
export interface VerifiedHeader {
  readonly header: string;
  readonly target: string;
  /** The number of assertions that hold. */
  readonly held: number;
  readonly total: number;
  /** The first line of the compiler's version text. */
  readonly compiler: string;
  /** The assertions that do not hold: the fact, its value in the model, and the message of the compiler. */
  readonly failures: VerifyResult['failures'];
}

const mostFailures = 50;

export async function verify(options: VerifyCommandOptions): Promise<VerifyReport> {
  // Loaded only here, because no other command needs it.
  const { verify: verifyModel } = await import('../verify/verify.js');
  const headers = openHeaders(options);
  const [cc, ...flags] = options.cc === undefined ? headers.target.compiler.command : [options.cc];
  const verified: VerifiedHeader[] = [];
  const read = headers.requested.map(({ name }) => headers.model(name));
  const models = select(read, options.selection ?? {});
  for (const [index, { name, path }] of headers.requested.entries()) {
    const model = models[index] as Model;
    const result = await verifyModel(model, { cc, flags, includeDirs: headers.includeDirs, path });
    const { held, total, failures, compiler } = result;
    verified.push({ header: name, target: model.target, held, total, compiler, failures });
  }
  const good = verified.every(({ held, total }) => held === total);
  return { good, report: verified.map(verifiedText).join('\n'), headers: verified };
}

function verifiedText({ header, target, held, total, compiler, failures }: VerifiedHeader): string {
  const shown = failures
    .slice(0, mostFailures)
    .map(({ item, expected, message }) => `  ${item}: the model says ${expected}; ${message}`);
  const rest = failures.length - shown.length;
  return [
    `<${header}> for ${target}: ${held} of ${total} assertions hold (${compiler})`,
    ...shown,
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ].join('\n');
}
