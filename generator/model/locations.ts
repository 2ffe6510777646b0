/** Formats locations and origins for errors, reports and banners. */

import type { Location, Origin } from './model.js';

/** Returns a location as text: `linux/kvm.h:292`. */
export function locationText({ header, line }: Location): string {
  return `${header}:${line}`;
}

/** Returns an origin as text: `linux-libc-dev 6.1.187-1 (amd64)` or `a source tree`. */
export function originText(origin: Origin): string {
  return origin.kind === 'package' ? `${origin.name} ${origin.version} (${origin.architecture})` : 'a source tree';
}
