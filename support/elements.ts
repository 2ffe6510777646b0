/**
 * The iterators of arrays. V8 makes fast code for a method from the classes that the method has seen. If one method read the
 * elements of all classes, each element would cost ten times as much, and a generator costs that much again. So each class of
 * arrays has a class of iterators.
 */

interface Elements<T> {
  readonly length: number;
  get(index: number): T;
}

/** Returns the elements of an array in order. An element is read when it is requested. */
export abstract class ElementIterator<T> implements IterableIterator<T> {
  declare protected readonly array: Elements<T>;
  declare protected readonly length: number;
  declare protected index: number;

  constructor(array: Elements<T>) {
    this.array = array;
    this.length = array.length;
    this.index = 0;
  }

  abstract next(): IteratorResult<T, undefined>;

  /** Returns the result of `next`. It is made in one place, so that V8 can remove the object. */
  protected result(done: boolean, value: T | undefined): IteratorResult<T, undefined> {
    return { done, value } as IteratorResult<T, undefined>;
  }

  [Symbol.iterator](): this {
    return this;
  }
}

export class BoolIterator extends ElementIterator<boolean> {
  override next(): IteratorResult<boolean, undefined> {
    const index = this.index++;
    const done = index >= this.length;
    return this.result(done, done ? undefined : this.array.get(index));
  }
}

export class U8Iterator extends ElementIterator<number> {
  override next(): IteratorResult<number, undefined> {
    const index = this.index++;
    const done = index >= this.length;
    return this.result(done, done ? undefined : this.array.get(index));
  }
}

export class S8Iterator extends ElementIterator<number> {
  override next(): IteratorResult<number, undefined> {
    const index = this.index++;
    const done = index >= this.length;
    return this.result(done, done ? undefined : this.array.get(index));
  }
}

export class U16Iterator extends ElementIterator<number> {
  override next(): IteratorResult<number, undefined> {
    const index = this.index++;
    const done = index >= this.length;
    return this.result(done, done ? undefined : this.array.get(index));
  }
}

export class S16Iterator extends ElementIterator<number> {
  override next(): IteratorResult<number, undefined> {
    const index = this.index++;
    const done = index >= this.length;
    return this.result(done, done ? undefined : this.array.get(index));
  }
}

export class U32Iterator extends ElementIterator<number> {
  override next(): IteratorResult<number, undefined> {
    const index = this.index++;
    const done = index >= this.length;
    return this.result(done, done ? undefined : this.array.get(index));
  }
}

export class S32Iterator extends ElementIterator<number> {
  override next(): IteratorResult<number, undefined> {
    const index = this.index++;
    const done = index >= this.length;
    return this.result(done, done ? undefined : this.array.get(index));
  }
}

export class F32Iterator extends ElementIterator<number> {
  override next(): IteratorResult<number, undefined> {
    const index = this.index++;
    const done = index >= this.length;
    return this.result(done, done ? undefined : this.array.get(index));
  }
}

export class F64Iterator extends ElementIterator<number> {
  override next(): IteratorResult<number, undefined> {
    const index = this.index++;
    const done = index >= this.length;
    return this.result(done, done ? undefined : this.array.get(index));
  }
}

export class U64Iterator extends ElementIterator<bigint> {
  override next(): IteratorResult<bigint, undefined> {
    const index = this.index++;
    const done = index >= this.length;
    return this.result(done, done ? undefined : this.array.get(index));
  }
}

export class S64Iterator extends ElementIterator<bigint> {
  override next(): IteratorResult<bigint, undefined> {
    const index = this.index++;
    const done = index >= this.length;
    return this.result(done, done ? undefined : this.array.get(index));
  }
}

export class NestedIterator<T> extends ElementIterator<T> {
  override next(): IteratorResult<T, undefined> {
    const index = this.index++;
    const done = index >= this.length;
    return this.result(done, done ? undefined : this.array.get(index));
  }
}

interface Views<T> extends Elements<T> {
  readonly view: DataView;
  readonly offset: number;
}

/** The iterator of an array of structs. Emitted modules have a class of their own for each struct. */
export class ViewIterator<T> extends ElementIterator<T> {
  declare protected readonly view: DataView;
  declare protected readonly offset: number;

  constructor(array: Views<T>) {
    super(array);
    this.view = array.view;
    this.offset = array.offset;
  }

  override next(): IteratorResult<T, undefined> {
    const index = this.index++;
    const done = index >= this.length;
    return this.result(done, done ? undefined : this.array.get(index));
  }
}
