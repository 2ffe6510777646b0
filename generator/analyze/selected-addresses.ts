/** Adds to ioctls what the kernel facts say about members that are addresses only for some values of another member. */

import { selectedAddressesIn } from '../kernel/addresses.js';
import type { Constant, Ioctl, RecordType } from '../model/model.js';

/** Headers of older kernels lack some of the constants. */
export function withSelectedAddresses(
  ioctls: readonly Ioctl[],
  records: readonly RecordType[],
  constants: readonly Constant[],
): Ioctl[] {
  const rowsOf = new Map(
    records.flatMap(({ cName, tag, location }) => {
      const rows = selectedAddressesIn.get(tag);
      return rows?.[0]?.headers.includes(location.header) ? [[cName, rows] as const] : [];
    }),
  );
  return ioctls.map((ioctl) => {
    const rows = rowsOf.get(recordOf(ioctl) ?? '') ?? [];
    const [first] = rows;
    if (!first) return ioctl;
    const values = rows.flatMap(({ constant }) => {
      const value = constants.find(({ name }) => name === constant)?.value;
      return value === undefined ? [] : [[constant, Number(value)] as const];
    });
    return { ...ioctl, pointersIf: { member: first.selectedBy, values: Object.fromEntries(values) } };
  });
}

/** Returns the C name of the record that an ioctl's argument points to. */
function recordOf({ passes, shape }: Ioctl): string | null {
  return passes === 'pointer' && shape !== null && 'cName' in shape ? shape.cName : null;
}
