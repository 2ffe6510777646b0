/** Ranges of guest-physical addresses, and which slots overlap. */

/** Guest-physical addresses from `start` up to `end`. */
export interface AddressRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** Shows a range of guest-physical addresses. */
export function rangeText({ start, end }: AddressRange): string {
  return `0x${start.toString(16)} to 0x${end.toString(16)}`;
}

/** The address space of a slot. Slots of different address spaces can have the same addresses. */
export function addressSpaceOf(slot: number): number {
  return slot >>> 16;
}

/** Why a slot is in no address space of a kernel. `spaces` is the value of KVM_CAP_MULTI_ADDRESS_SPACE. */
export function missingSpace(slot: number, spaces: number): string {
  const capability = 'KVM_CAP_MULTI_ADDRESS_SPACE';
  const has = spaces === 0 ? `does not have ${capability}` : `has the address spaces below ${spaces} (${capability})`;
  return `it is in address space ${addressSpaceOf(slot)}, and this kernel ${has}`;
}

/**
 * Why a slot with these addresses cannot be added, or undefined.
 *
 * @param taken the slots in use, by number.
 * @param number the number of the slot, or null for any free one.
 */
export function conflictOf(
  taken: ReadonlyMap<number, AddressRange>,
  number: number | null,
  range: AddressRange,
): string | undefined {
  if (number !== null && taken.has(number)) return `slot ${number} is in use; remove its memory first`;
  const space = addressSpaceOf(number ?? 0);
  for (const [slot, { start, end }] of taken) {
    if (addressSpaceOf(slot) !== space || range.start >= end || start >= range.end) continue;
    return `guest addresses ${rangeText(range)} overlap slot ${slot}`;
  }
  return undefined;
}
