/** The names that emitted modules have for the items of a model. */

import { memberProperty, type Names, namesOf, secondProperty } from '../emit/export-names.js';
import type { EnumType, Member, Model, RecordType } from '../model/model.js';
import type { EmittedSymbol } from './changes.js';

/** The class that has the accessors of a scope's members, and its header. */
export interface ClassSymbol {
  readonly header: string;
  readonly export: string;
}

/** Finds the names of one model. They are computed on the first use, because most comparisons find few changes. */
export class Symbols {
  readonly #model: Model;
  #names: Names | undefined;

  constructor(model: Model) {
    this.#model = model;
  }

  get #known(): Names {
    this.#names ??= namesOf(this.#model);
    return this.#names;
  }

  /** Returns the class of a record. */
  classOf({ cName, location: { header } }: RecordType): ClassSymbol {
    return { header, export: this.#known.record(cName) };
  }

  /** Returns the class of an unnamed record that is the type of a member. */
  unnamedClass(member: Member, { header }: ClassSymbol): ClassSymbol {
    return { header, export: this.#known.unnamed(member) };
  }

  /** Returns the class of a record, its view and the classes of its unnamed records. */
  record(record: RecordType): EmittedSymbol[] {
    const own = this.classOf(record);
    const view = record.discriminator ? [{ ...own, export: this.#known.view(record.cName), is: 'view' as const }] : [];
    return [{ ...own, is: 'class' }, ...view, ...this.#unnamed(record.members, own)];
  }

  /** Returns the accessors of a member, and the classes of the unnamed records in it. */
  member(member: Member & { readonly name: string }, own: ClassSymbol): EmittedSymbol[] {
    // A record without members has no accessor.
    if (member.members?.length === 0) return [];
    const first: EmittedSymbol = { ...own, is: 'class', property: memberProperty(member.name) };
    const second = hasTwoForms(member) ? [{ ...first, property: secondProperty(member.name) }] : [];
    return [first, ...second, ...this.#unnamed([member], own)];
  }

  #unnamed(members: readonly Member[], own: ClassSymbol): EmittedSymbol[] {
    return members.flatMap((member): EmittedSymbol[] => {
      if (!member.members) return [];
      const inner = this.#unnamed(member.members, own);
      return member.name === null || member.members.length === 0
        ? inner
        : [{ ...this.unnamedClass(member, own), is: 'class' }, ...inner];
    });
  }

  enumeration({ cName, location: { header } }: EnumType): EmittedSymbol[] {
    return cName === null ? [] : [{ header, export: this.#known.enumeration(cName), is: 'enum' }];
  }

  /** Returns the export of a constant, an enumerator or an ioctl. `of` is the enum of an enumerator. */
  value(name: string, header: string, is: 'constant' | 'ioctl', of?: EnumType): EmittedSymbol[] {
    const own: EmittedSymbol = { header, export: this.#known.constant(name), is };
    const key = of ? this.enumeration(of).map((each) => ({ ...each, property: name })) : [];
    return [own, ...key];
  }

  functionMacro(name: string, header: string): EmittedSymbol[] {
    return [{ header, export: this.#known.functionMacro(name), is: 'function' }];
  }
}

/** Whether a member has an accessor with a bigint and one with a number. */
function hasTwoForms({ shape, dims, size, bit }: Member): boolean {
  if (dims) return false;
  const isWide = shape.is === 'u64' || shape.is === 's64' || (shape.is === 'pointer' && size === 8);
  return isWide && (bit === undefined || bit.width <= 53);
}
