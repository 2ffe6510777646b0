/** Locations and origins as text, for errors, reports and banners. */

import type { Location, Origin } from './model.js';

/** `linux/kvm.h:292` */
export function locationText({ header, line }: Location): string {
  return `${header}:${line}`;
}

/** `linux-libc-dev 6.1.187-1 (amd64)`, or `a source tree`. */
export function originText(origin: Origin): string {
  return origin.kind === 'package' ? `${origin.name} ${origin.version} (${origin.architecture})` : 'a source tree';
}
