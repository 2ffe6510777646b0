/** Compares function-like macros. */

import type { FunctionMacro, Model } from '../model/model.js';
import type { ChangeOf, FunctionFacts } from './changes.js';
import { similarPairs } from './similar-names.js';
import type { Symbols } from './symbols.js';

type FunctionChange = ChangeOf<'function'>;

export function functionChanges(
  before: Model,
  after: Model,
  symbols: { readonly before: Symbols; readonly after: Symbols },
): FunctionChange[] {
  const [old, now] = [before, after].map(({ functions }) => new Map(functions.map((macro) => [macro.name, macro])));
  const gone = before.functions.filter(({ name }) => !now?.has(name));
  const added = after.functions.filter(({ name }) => !old?.has(name));
  const renames = new Map([...similarPairs(gone, added)].filter(([from, to]) => bodyOf(from) === bodyOf(to)));
  const newNames = new Set(renames.values());
  const symbolsOf = (from: FunctionMacro | undefined, to: FunctionMacro | undefined): FunctionChange['symbols'] => ({
    before: from ? symbols.before.functionMacro(from.name, from.location.header) : [],
    after: to ? symbols.after.functionMacro(to.name, to.location.header) : [],
  });
  const changes: FunctionChange[] = gone.map((macro) => {
    const other = renames.get(macro);
    return {
      ...{ class: 'removed', breaking: true, kind: 'function', name: macro.name, before: factsOf(macro) },
      after: other ? factsOf(other) : null,
      differs: other ? ['name'] : [],
      ...(other
        ? { renamed: { name: other.name, because: 'both have the same value, and the names are similar' } }
        : {}),
      symbols: symbolsOf(macro, other),
    };
  });
  for (const macro of added) {
    if (newNames.has(macro)) continue;
    changes.push({
      ...{ class: 'addition', breaking: false, kind: 'function', name: macro.name, before: null },
      ...{ after: factsOf(macro), differs: [], symbols: symbolsOf(undefined, macro) },
    });
  }
  for (const macro of before.functions) {
    const other = now?.get(macro.name);
    if (!other) continue;
    const [from, to] = [factsOf(macro), factsOf(other)];
    const differs = (['parameters', 'value', 'header'] as const).filter(
      (key) => JSON.stringify(from[key]) !== JSON.stringify(to[key]),
    );
    if (differs.length === 0) continue;
    changes.push({
      ...judge(from, to),
      ...{ kind: 'function', name: other.name, before: from, after: to, differs, symbols: symbolsOf(macro, other) },
    });
  }
  return changes;
}

function judge(old: FunctionFacts, now: FunctionFacts): Pick<FunctionChange, 'class' | 'breaking' | 'reason'> {
  const [from, to] = [old.parameters.length, now.parameters.length];
  if (from !== to)
    return { class: 'value', breaking: true, reason: `the number of parameters is ${to} instead of ${from}` };
  if (JSON.stringify(old.value) !== JSON.stringify(now.value)) {
    return { class: 'value', breaking: true, reason: 'the expression is another one' };
  }
  if (old.header === now.header) return { class: 'none', breaking: false, reason: 'the parameters have other names' };
  return { class: 'none', breaking: false, reason: `<${now.header}> defines it instead of <${old.header}>` };
}

/** Returns what two macros must share to be one macro with two names. */
function bodyOf({ parameters, value }: FunctionMacro): string {
  return JSON.stringify([parameters.length, value]);
}

function factsOf({ parameters, value, location: { header } }: FunctionMacro): FunctionFacts {
  return { parameters, value, header };
}
