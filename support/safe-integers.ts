/** Converts 64-bit integers to numbers. */

function unsafeInteger(value: bigint | number): RangeError {
  return new RangeError(`${value} is not a safe integer; use the bigint accessor`);
}

/** Converts a bigint to a number. @throws RangeError if a number cannot hold it exactly. */
export function toNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw unsafeInteger(value);
  return number;
}

/**
 * Checks a number for a 64-bit integer. @throws RangeError if it is not a safe integer, or if it is negative and
 * `signed` is false.
 */
export function checkNumber64(value: number, signed: boolean): void {
  if (!Number.isSafeInteger(value) || (!signed && value < 0)) throw unsafeInteger(value);
}
