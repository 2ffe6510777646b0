/** Random headers of structs, unions, enums, macros, ioctls and typedefs. */

import type { Random } from '../declarations/random.js';
import {
  type DeclaredHeader,
  type DeclaredRecord,
  type Field,
  type FieldType,
  type Group,
  type Item,
  isGroup,
  layoutOf,
  scalarSizes,
} from './declared.js';

const words = ['flags', 'base', 'index', 'offset', 'token', 'state', 'address', 'level', 'data', 'mode'];

/** Makes declarations with ids that no other declaration of the header has. A name contains its id, so it is unique. */
export class Maker {
  readonly random: Random;
  #next = 1;

  constructor(random: Random) {
    this.random = random;
  }

  id(): number {
    return this.#next++;
  }

  word(): string {
    return this.random.pick(words);
  }

  scalar(): string {
    return this.random.pick(Object.keys(scalarSizes));
  }

  header(): DeclaredHeader {
    const { random } = this;
    const header: DeclaredHeader = {
      ...{ typedefs: [], records: [], macros: [], enums: [], ioctls: [] },
      comment: '/* A comment. */',
    };
    header.typedefs.push(...random.some(1, 2, () => this.#typedef()));
    for (const _ of random.some(2, 5, () => 0)) header.records.push(this.record(header));
    header.macros.push(...random.some(2, 5, () => this.macro()));
    header.enums.push(...random.some(1, 2, () => this.#enum()));
    header.ioctls.push(...random.some(1, 4, () => this.ioctl(header)));
    return header;
  }

  #typedef(): DeclaredHeader['typedefs'][number] {
    const id = this.id();
    return { id, name: `own_${id}_t`, scalar: this.scalar() };
  }

  record(header: DeclaredHeader): DeclaredRecord {
    const id = this.id();
    const keyword = this.random.oneIn(5) ? 'union' : 'struct';
    const items = this.random.some(2, 6, () => this.#item(header));
    const record: DeclaredRecord = { id, tag: `own_${id}`, keyword, items };
    if (keyword === 'struct' && !this.random.oneIn(3)) this.#fillHoles(record, header);
    return record;
  }

  #item(header: DeclaredHeader): Item {
    if (!this.random.oneIn(8)) return this.field(header);
    const group: Group = {
      keyword: this.random.pick(['struct', 'union']),
      items: this.random.some(2, 3, () => this.field(header)),
    };
    return group;
  }

  field(header: DeclaredHeader): Field {
    const id = this.id();
    const field: Field = { id, name: `${this.word()}_${id}`, type: this.#type(header) };
    if (this.random.oneIn(6)) field.count = 1 + this.random.below(5);
    return field;
  }

  #type({ typedefs, records }: DeclaredHeader): FieldType {
    if (records.length > 0 && this.random.oneIn(6)) return { record: this.random.pick(records).id };
    if (this.random.oneIn(6)) return { typedef: this.random.pick(typedefs).id };
    return { scalar: this.scalar() };
  }

  /** Declares the holes between the members, and at times more bytes at the end, as padding. */
  #fillHoles(record: DeclaredRecord, header: DeclaredHeader): void {
    const before = [...record.items];
    record.items.splice(0);
    let end = 0;
    for (const item of before) {
      record.items.push(item);
      const { placed } = layoutOf(record, header);
      const start = startOf(item, placed);
      if (start > end) record.items.splice(-1, 0, this.#padding(start - end));
      const own = layoutOf({ keyword: 'struct', items: [item] }, header);
      end = start + own.size;
    }
    const { size, align } = layoutOf(record, header);
    const length = size - end + (this.random.oneIn(2) ? align * this.random.below(4) : 0);
    if (length > 0) record.items.push(this.#padding(length));
  }

  #padding(length: number): Field {
    const id = this.id();
    return {
      id,
      name: `${this.random.pick(['pad', 'reserved'])}${id}`,
      type: { scalar: '__u8' },
      count: length,
      isPadding: true,
    };
  }

  macro(): DeclaredHeader['macros'][number] {
    const id = this.id();
    // The value is unique, so that a rename of a macro is never ambiguous.
    const value = id * 1000 + this.random.below(1000);
    return { id, name: `M${id}_${this.word().toUpperCase()}`, value, isInAsm: this.random.oneIn(3) };
  }

  enumerator(): DeclaredHeader['enums'][number]['enumerators'][number] {
    const id = this.id();
    return { id, name: `E${id}_${this.word().toUpperCase()}` };
  }

  #enum(): DeclaredHeader['enums'][number] {
    const id = this.id();
    const enumerators = this.random.some(2, 5, () => this.enumerator());
    for (const each of enumerators.slice(1, 2)) each.value = 10 * id;
    return { id, tag: `own_enum_${id}`, enumerators };
  }

  ioctl({ records }: DeclaredHeader): DeclaredHeader['ioctls'][number] {
    const id = this.id();
    const direction = this.random.pick([1, 2, 3] as const);
    return {
      id,
      name: `IO${id}_${this.word().toUpperCase()}`,
      direction,
      nr: id,
      record: this.random.pick(records).id,
    };
  }
}

function startOf(item: Item, placed: readonly { readonly field: Field; readonly offset: number }[]): number {
  const ids = isGroup(item) ? item.items.map((each) => (each as Field).id) : [item.id];
  return Math.min(...placed.filter(({ field }) => ids.includes(field.id)).map(({ offset }) => offset));
}
