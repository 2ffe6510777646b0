/** How objects are printed that hold something of the kernel's until they are closed. */

import { custom, type Inspect, type InspectOptions, showMembers, shownOrError } from '../support/inspect.js';

/**
 * Has `util.inspect`, and with it `console.log`, show the objects of a class by members that are known without asking the
 * kernel. What getting them throws is shown in their place: that the object is closed.
 */
export function printBy<T extends object>(
  { name, prototype }: { readonly name: string; readonly prototype: T },
  members: (object: T) => object,
): void {
  Object.defineProperty(prototype, custom, {
    value(this: T, depth: number | null, options: InspectOptions, inspect: Inspect): string {
      // What stands for an error is an object too.
      const shownMembers = (): object => shownOrError(() => members(this)) as object;
      return showMembers(name, shownMembers, depth, options, inspect);
    },
  });
}
