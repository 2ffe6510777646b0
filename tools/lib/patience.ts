/** Waiting for what must happen. */

/** After so long something hangs. Nothing is measured with it. */
export const watchdogMs = 30_000;

/** Something did not come. What is left of it would disturb whatever is tried next. */
export class HangError extends Error {
  override readonly name = 'HangError';
}

/** Waits for a promise that must be settled. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HangError(`${what}: that has not come`)), watchdogMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Waits until something is so. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + watchdogMs; !isSo(); await new Promise((resolve) => setTimeout(resolve, 0))) {
    if (Date.now() > end) throw new HangError(`${what}: that has not come`);
  }
}
