/** Parses declarations, and writes the parsed types in C again. */

import { Layout } from '../../generator/c/layout/layout.js';
import { parseDeclarations } from '../../generator/c/parser/declarations.js';
import type { CType, Declarations } from '../../generator/c/syntax.js';
import { x86_64 } from '../../generator/targets/x86_64.js';
import { preprocessedOf } from '../../tools/lib/headers-in-memory.js';

export interface ParsedHeader {
  readonly declarations: Declarations;
  readonly layout: Layout;
  /** The type of a typedef, a variable or a function, as a type name of C without the parameters. */
  typeName(name: string): string;
}

/** The declarations of one header for x86-64. */
export function parsed(text: string): ParsedHeader {
  const { declarations } = parseDeclarations(preprocessedOf({ 'x.h': text }).tokens);
  const layout = new Layout(declarations, x86_64);
  const typeName = (name: string): string => {
    const type = (declarations.typedefs.get(name) ?? declarations.objects.get(name))?.type;
    if (!type) throw new Error(`'${name}' is not declared`);
    return said(type, '', layout);
  };
  return { declarations, layout, typeName };
}

/** Writes a type in C. `inside` is the inner part of the declarator. */
function said(type: CType, inside: string, layout: Layout): string {
  switch (type.kind) {
    case 'void':
      return `void ${inside}`.trim();
    case 'scalar':
    case 'typedef':
      return `${type.name} ${inside}`.trim();
    case 'complex':
      return `_Complex ${type.of.name} ${inside}`.trim();
    case 'tag':
      return `${type.keyword} ${type.tag} ${inside}`.trim();
    case 'pointer': {
      const to = type.to.kind === 'typeof' ? layout.resolve(type.to) : type.to;
      return said(to, to.kind === 'array' || to.kind === 'function' ? `(*${inside})` : `*${inside}`, layout);
    }
    case 'array':
      return said(type.of, `${inside}[${layout.length(type.length) ?? ''}]`, layout);
    case 'function':
      return said(type.returns, `${inside}()`, layout);
    case 'typeof':
      return said(layout.resolve(type), inside, layout);
    case 'qualified': {
      const words = [type.const && 'const', type.volatile && 'volatile', type.restrict && 'restrict'];
      const qualifiers = [...words, type.atomic && '_Atomic'].filter((word) => word !== undefined).join(' ');
      const { of } = type;
      return of.kind === 'pointer'
        ? said(of, `${qualifiers} ${inside}`, layout)
        : `${qualifiers} ${said(of, inside, layout)}`;
    }
    default:
      throw new Error(`a type of kind '${type.kind}' cannot be said again`);
  }
}
