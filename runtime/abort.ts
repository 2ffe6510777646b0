/** Waits for an AbortSignal that many threads and reads share. */

/** The callbacks of each signal. Node warns of a leak when a signal has more than ten listeners, so it has one. */
const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls a function once when the signal aborts.
 *
 * @returns a function that ends the wait.
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => {};
  const waiting = callbacks.get(signal) ?? listen(signal);
  // Each wait has a function of its own, because two waits may have the same callback.
  const call = (): void => callback();
  waiting.add(call);
  return () => {
    waiting.delete(call);
    if (waiting.size === 0 && callbacks.delete(signal)) signal.removeEventListener('abort', callAll);
  };
}

function listen(signal: AbortSignal): Set<() => void> {
  const waiting = new Set<() => void>();
  callbacks.set(signal, waiting);
  signal.addEventListener('abort', callAll);
  return waiting;
}

function callAll(this: AbortSignal): void {
  for (const call of [...(callbacks.get(this) ?? [])]) call();
}
