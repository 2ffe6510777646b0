/** Printing of objects that keep something of the kernel open. */

import { custom, type Inspect, type InspectOptions, showMembers, shownOrError } from '../support/inspect.js';

/**
 * Makes `util.inspect`, and so `console.log`, show the objects of a class with members that are known without an ioctl. If
 * `members` throws, the error is shown instead: for example that the object is closed.
 */
export function printBy<T extends object>(
  { name, prototype }: { readonly name: string; readonly prototype: T },
  members: (object: T) => object,
): void {
  Object.defineProperty(prototype, custom, {
    value(this: T, depth: number | null, options: InspectOptions, inspect: Inspect): string {
      // An error is shown as an object too.
      const shownMembers = (): object => shownOrError(() => members(this)) as object;
      return showMembers(name, shownMembers, depth, options, inspect);
    },
  });
}
