/**
 * What changes of headers do to a TypeScript project, as a library. The package exports it as `kvm-uapi/impact`. Its types
 * need the package ts-morph, so it is not a part of `kvm-uapi/generator`.
 */

export { isBroken, type ProjectImpact, type ProjectImpactOptions, projectImpact } from './cli/impact.js';
export type { Impact, NewError, Place, Use } from './impact/findings.js';
