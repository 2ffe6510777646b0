/** The rules of x86-64: as those of all architectures, and with the facts of x86-64. */

import * as shared from '../../rules/rule.js';
import type { Facts } from './facts.js';

/** What is particular to a rule. */
export type Row<T> = shared.Row<T, Facts>;

/** A rule with the error that the kernel always returns when the rule is broken. */
export function rule<Name extends shared.IoctlName>(
  ioctl: Name,
  code: shared.Code,
  row: Row<shared.ArgumentOf<Name>>,
): shared.Rule {
  return shared.rule(ioctl, code, row);
}

/** A rule whose breach is only a possible cause of the error. It counts if no certain rule is broken. */
export function possibleRule<Name extends shared.IoctlName>(
  ioctl: Name,
  code: shared.Code,
  row: Row<shared.ArgumentOf<Name>>,
): shared.Rule {
  return shared.possibleRule(ioctl, code, row);
}
