/**
 * Emits the classes for arrays of one struct. V8 cannot inline the constructor of an element where the class is a value, so reading an
 * element of a `ViewArray` takes ten times as long as with a class for the struct.
 */

import type { References } from './module-context.js';

interface ArrayClass {
  /** The name of the class, and that of the class of its iterators. */
  readonly array: string;
  readonly iterator: string;
  /** The class of the elements, and its name in the module. */
  readonly className: string;
  readonly local: string;
  /** The size of an element in bytes. */
  readonly size: number;
}

export function emitArrayClass(
  { array, iterator, className, local, size }: ArrayClass,
  references: References,
): string {
  return `
class ${array} extends ${references.view('ViewArray')}<${className}> {
  override get(index: number): ${className} {
    return new ${local}(this.view, this.at(index, ${size}));
  }

  override elements(): ${references.view('ViewIterator')}<${className}> {
    return new ${iterator}(this);
  }
}

class ${iterator} extends ViewIterator<${className}> {
  override next() {
    const index = this.index++;
    const done = index >= this.length;
    return this.result(done, done ? undefined : new ${local}(this.view, this.offset + index * ${size}));
  }
}
`;
}
