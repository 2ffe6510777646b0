/**
 * Emits function-like macros as functions. A function has one overload for each type of result that the arguments can
 * cause.
 */

import type { FunctionMacro, IntegerKind } from '../model/model.js';
import { docstring, documented } from './docs.js';
import { localName, secondProperty } from './export-names.js';
import { call, MacroCode } from './macro-code.js';
import { anyArguments, isOne, type Kinds, kindsOf, narrow, s32, s64, type Type, typeOf, wide } from './macro-types.js';

/** If numbers give a number and a bigint argument gives a bigint, each case has an overload. */
function signaturesOf(
  macro: FunctionMacro,
  kinds: Kinds,
): { readonly parameters: readonly Type[]; readonly result: Type }[] {
  const free = anyArguments(macro);
  const signature = (parameters: readonly Kinds[]): ReturnType<typeof signaturesOf>[number] => ({
    parameters: parameters.map(typeOf),
    result: typeOf(kindsOf(macro.value, parameters)),
  });
  const general = { parameters: free.map(typeOf), result: typeOf(kinds) };
  if (general.result !== 'number | bigint') return [general];
  const numbers = free.map(() => narrow);
  const withBigint = (parameters: readonly Kinds[], index: number): Kinds[] => parameters.with(index, wide);
  const ofNumbers = signature(numbers).result;
  const deciding = free.map((_, index) => signature(withBigint(numbers, index)).result !== ofNumbers);
  const special = [
    signature(free.map((kinds, index) => (deciding[index] ? narrow : kinds))),
    ...free.flatMap((_, index) => (deciding[index] ? [signature(withBigint(free, index))] : [])),
  ];
  return [...special.filter(({ result }) => result !== general.result), general];
}

const kindNames: Readonly<Record<IntegerKind, string>> = {
  bool: '0 or 1',
  u8: 'unsigned, 8 bits',
  s8: 'signed, 8 bits',
  u16: 'unsigned, 16 bits',
  s16: 'signed, 16 bits',
  u32: 'unsigned, 32 bits',
  s32: 'signed, 32 bits',
  u64: 'unsigned, 64 bits',
  s64: 'signed, 64 bits',
};

function describeResult({ value }: FunctionMacro, kinds: Kinds): string {
  if (value.is === 'convert') return kindNames[value.to];
  if (value.is === 'integer') return kindNames[value.kind];
  if (!isOne(kinds)) return 'of a type that depends on the arguments';
  return `${kinds & (s32 | s64) ? 'signed' : 'unsigned'}, ${kinds & wide ? 64 : 32} bits`;
}

/** Returns the function for a macro, under its exported name. */
export function emitFunction(macro: FunctionMacro, exportName: string): string {
  const { name, parameters } = macro;
  const names = parameters.map(localName);
  const locals = parameters.map(secondProperty);
  const code = new MacroCode(macro, locals);
  const signatures = signaturesOf(macro, code.kinds);
  const general = signatures.at(-1) as (typeof signatures)[number];
  const head = ({ parameters: types, result }: typeof general, end: string): string => {
    const list = names.map((parameter, index) => `${parameter}: ${types[index]}`);
    const line = `export function ${exportName}(${list.join(', ')}): ${result}${end}`;
    if (line.length <= 120) return `${line}\n`;
    return `export function ${exportName}(\n${list.map((parameter) => `  ${parameter},\n`).join('')}): ${result}${end}\n`;
  };
  const overloads = signatures.length > 1 ? signatures.map((signature) => head(signature, ';')).join('') : '';
  const checks = names.map((parameter, index) => {
    const checked = call('argument', `'${name}'`, parameter);
    return code.used.has(index) ? `  const ${locals[index]} = ${checked};\n` : `  ${checked};\n`;
  });
  const doc = `\`${name}(${parameters.join(', ')})\`: ${describeResult(macro, code.kinds)}.`;
  return `
${docstring(documented(doc, macro))}
${overloads}${head(general, ' {')}${checks.join('')}  return ${code.result};
}
`;
}
