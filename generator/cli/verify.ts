/** `kvm-uapi verify`: the model held against a C compiler. */

import { type HeaderOptions, openHeaders } from './header-options.js';

export interface VerifyCommandOptions extends HeaderOptions {
  /** The C compiler, where it is not to be the target's own. */
  readonly cc?: string;
}

export interface VerifyReport {
  readonly good: boolean;
  readonly report: string;
}

const mostFailures = 50;

export async function verify(options: VerifyCommandOptions): Promise<VerifyReport> {
  // Loaded by itself, as no other command waits for it.
  const { verify: verifyModel } = await import('../verify/verify.js');
  const headers = openHeaders(options);
  const [cc, ...flags] = options.cc === undefined ? headers.target.compiler.command : [options.cc];
  const reports: VerifyReport[] = [];
  for (const name of headers.names) {
    const model = headers.model(name);
    const result = await verifyModel(model, { cc, flags, includeDirs: headers.includeDirs });
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
