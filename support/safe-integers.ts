/** 64-bit integers as numbers. */

function unsafeInteger(value: bigint | number): RangeError {
  return new RangeError(`${value} is not a safe integer; use the bigint accessor`);
}

/** @throws RangeError unless a number holds it exactly. */
export function toNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw unsafeInteger(value);
  return number;
}

/** @throws RangeError unless a number is a safe integer of its sign. */
export function checkNumber64(value: number, signed: boolean): void {
  if (!Number.isSafeInteger(value) || (!signed && value < 0)) throw unsafeInteger(value);
}
