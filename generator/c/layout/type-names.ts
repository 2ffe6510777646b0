/** C types as a reader of the header knows them. */

import type { CType } from '../syntax.js';

/** The type of a declaration without its array dimensions: `__u64`, `struct kvm_regs`, `void *`. */
export function spellType(type: CType): string {
  switch (type.kind) {
    case 'void':
      return 'void';
    case 'scalar':
    case 'typedef':
      return type.name;
    case 'tag':
      return `${type.keyword} ${type.tag}`;
    case 'unnamed record':
      return type.record.keyword;
    case 'unnamed enum':
      return 'enum';
    case 'pointer':
      return spellPointer(type);
    case 'array':
      return spellType(type.of);
    case 'vector':
      return `${spellType(type.of)} __attribute__((vector_size(…)))`;
    case 'function':
      return `${spellType(type.returns)} ()`;
    case 'typeof':
      return 'typeof (…)';
  }
}

function spellPointer(type: Extract<CType, { kind: 'pointer' }>): string {
  const { to } = type;
  if (to.kind === 'function') return `${spellType(to.returns)} (*)()`;
  const target = `${type.toConst ? 'const ' : ''}${spellType(to)}`;
  return target.endsWith('*') ? `${target}*` : `${target} *`;
}
