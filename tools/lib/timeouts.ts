/** Waits with a limit. */

const { KVM_UAPI_WATCHDOG_MS = '30000' } = process.env;

/**
 * After this time a test counts as hanging. It is not part of any measurement. On an emulated machine, everything takes many times as
 * long.
 */
export const watchdogMs: number = Number(KVM_UAPI_WATCHDOG_MS);

/** A wait has timed out. The code that still runs would disturb the next attempt. */
export class HangError extends Error {
  override readonly name = 'HangError';
}

/** Waits until a promise is settled. @throws HangError if it is not settled in time. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HangError(`${what}: timed out after ${watchdogMs} ms`)), watchdogMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits until a condition holds. @throws HangError if it does not hold in time. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + watchdogMs; !isSo(); await new Promise((resolve) => setTimeout(resolve, 0))) {
    if (Date.now() > end) throw new HangError(`${what}: timed out after ${watchdogMs} ms`);
  }
}
