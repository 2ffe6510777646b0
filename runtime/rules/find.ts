/** Finds the rule that is broken when the kernel has refused an ioctl. */

import type { BrokenRule, IoctlTarget, Rules } from '../context.js';
import type { Facts } from './facts.js';
import type { Rule } from './rule.js';
import { sectionOf } from './sections.js';

/** A rule, and what may break it. */
interface Cause {
  readonly rule: Rule;
  readonly what: string;
}

/** The rules of an architecture, and the class of the facts that they need. */
export class RuleBook implements Rules {
  /** The rules by ioctl and errno. */
  readonly #byRefusal = new Map<string, Rule[]>();
  readonly #Facts: new (
    target: IoctlTarget,
  ) => Facts;

  constructor(rules: readonly Rule[], facts: new (target: IoctlTarget) => Facts) {
    for (const rule of rules) {
      const key = `${rule.ioctl} ${rule.code}`;
      this.#byRefusal.set(key, [...(this.#byRefusal.get(key) ?? []), rule]);
    }
    this.#Facts = facts;
  }

  /**
   * Finds out why the kernel has refused an ioctl. If a rule is certainly broken, the result names that rule. Otherwise it names the
   * possible causes.
   *
   * @param argument what the kernel got.
   * @param isUnannounced whether the kernel does not have the capability that announces the ioctl.
   * @returns undefined if no rule of this ioctl and this errno is broken.
   */
  broken(
    target: IoctlTarget,
    ioctl: string,
    code: string,
    argument: unknown,
    isUnannounced: boolean,
  ): BrokenRule | undefined {
    const all = this.#byRefusal.get(`${ioctl} ${code}`) ?? [];
    const candidates = isUnannounced ? all.filter((rule) => rule.withoutCapability) : all;
    try {
      return firstBroken(candidates, argument, new this.#Facts(target));
    } catch (error) {
      // Another thread can have changed a count in the argument, or a getter can have detached its buffer.
      if (error instanceof RangeError || error instanceof TypeError) return undefined;
      throw error;
    }
  }
}

function firstBroken(candidates: readonly Rule[], argument: unknown, facts: Facts): BrokenRule | undefined {
  const causes: Cause[] = [];
  for (const rule of candidates) {
    const what = rule.broken(argument, facts);
    if (what === undefined) continue;
    if (rule.isCertain) return certain({ rule, what });
    causes.push({ rule, what });
  }
  return causes.length === 0 ? undefined : possible(causes);
}

function certain({ rule, what }: Cause): BrokenRule {
  return {
    problem: `${what}; ${rule.rule}; ${rule.remedy}`,
    details: { rule: rule.rule, ...seeOf(rule) },
  };
}

function possible(causes: readonly Cause[]): BrokenRule {
  const [first] = causes as [Cause];
  const texts = causes.map(({ rule, what }) => `${what}; ${rule.rule}; ${rule.remedy}`);
  const [only] = texts;
  const problem =
    texts.length === 1
      ? `the likely cause: ${only}`
      : `one of: ${texts.map((text, index) => `(${index + 1}) ${text}`).join(' ')}`;
  return { problem, details: seeOf(first.rule) };
}

function seeOf(rule: Rule): { readonly see?: string } {
  const see = sectionOf(rule);
  return see === undefined ? {} : { see };
}
