/** Views between other bytes. The tests check that the kernel does not write to the other bytes. */

import type { View } from '../../support/index.js';

/** Makes a view in the middle of other bytes, and a function that returns whether these bytes are unchanged. */
export function guarded<T extends View>(
  make: (view: DataView, offset: number) => T,
  size: number,
): { readonly view: T; readonly intact: () => boolean } {
  const guard = 256;
  const bytes = new Uint8Array(guard + size + guard).fill(0xa5);
  bytes.fill(0, guard, guard + size);
  const intact = (): boolean =>
    [...bytes.subarray(0, guard), ...bytes.subarray(guard + size)].every((byte) => byte === 0xa5);
  return { view: make(new DataView(bytes.buffer), guard), intact };
}
