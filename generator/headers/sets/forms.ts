/** The forms of header sets, with one reader each. The folders of a tree determine its form. */

import { architectureOfTriplet, architectures } from '../../targets/architectures.js';
import type { HeaderTree } from './tree.js';

/** The location of the headers of one kernel version in a tree. */
export interface Place {
  readonly form: string;
  /** The folder of `linux/kvm.h` and similar headers. */
  readonly common: string;
  /** The folder that contains `asm/`, by the kernel's name for the architecture. Never empty. */
  readonly asm: ReadonlyMap<string, string>;
}

interface Form {
  readonly name: string;
  readonly about: string;
  places(tree: HeaderTree): Place[];
}

const allArchitectures: Form = {
  name: 'all architectures',
  about: 'linux-libc-dev since 6.12, packed or installed: usr/include, usr/lib/linux/uapi/<architecture>/asm',
  places(tree) {
    const uapi = 'usr/lib/linux/uapi';
    const here = tree.list(uapi);
    const asm = architectures.filter(({ kernel }) => here.includes(kernel)).map(({ kernel }) => kernel);
    return placesOf(tree, this.name, 'usr/include', new Map(asm.map((kernel) => [kernel, `${uapi}/${kernel}`])));
  },
};

const multiarch: Form = {
  name: 'multiarch',
  about: 'linux-libc-dev before 6.12, packed or installed: usr/include, usr/include/<triplet>/asm',
  places(tree) {
    // Since 6.12, these folders contain links to the other form.
    if (allArchitectures.places(tree).length > 0) return [];
    return placesOf(tree, this.name, 'usr/include', asmByTriplet(tree, 'usr/include', ''));
  },
};

const plain: Form = {
  name: 'plain',
  about: 'make headers_install, or a system of one architecture: linux/ and asm/ in one folder',
  places: (tree) =>
    ['', 'include', 'usr/include'].flatMap((folder) => {
      const ptrace = tree.read(within(folder, 'asm/ptrace.h'));
      if (!ptrace) return [];
      const text = new TextDecoder().decode(ptrace);
      const kernel = architectures.find(({ ptraceMark }) => new RegExp(`\\b${ptraceMark}\\b`).test(text))?.kernel;
      return kernel === undefined ? [] : placesOf(tree, 'plain', folder, new Map([[kernel, folder]]));
    }),
};

const cross: Form = {
  name: 'cross',
  about: 'linux-libc-dev-<architecture>-cross, packed or installed: usr/<triplet>/include',
  places: (tree) =>
    [...asmByTriplet(tree, 'usr', '/include')].flatMap(([kernel, folder]) =>
      placesOf(tree, 'cross', folder, new Map([[kernel, folder]])),
    ),
};

/** All forms. A tree's own headers come before headers for cross compilers. */
export const forms: readonly Form[] = [allArchitectures, multiarch, plain, cross];

/** Returns all sets in a tree. */
export function placesIn(tree: HeaderTree): Place[] {
  return forms.flatMap((form) => form.places(tree));
}

/** Returns one location if the tree has the common headers and at least one architecture. Otherwise returns none. */
function placesOf(tree: HeaderTree, form: string, common: string, asm: ReadonlyMap<string, string>): Place[] {
  return asm.size > 0 && tree.read(within(common, versionHeader)) ? [{ form, common, asm }] : [];
}

/**
 * Returns the folders `<folder>/<triplet><below>` that contain `asm`. Each architecture has one folder: the first one
 * found.
 */
function asmByTriplet(tree: HeaderTree, folder: string, below: string): Map<string, string> {
  const asm = new Map<string, string>();
  for (const triplet of tree.list(folder)) {
    const kernel = architectureOfTriplet(triplet)?.kernel;
    const path = `${folder}/${triplet}${below}`;
    if (kernel !== undefined && !asm.has(kernel) && tree.list(`${path}/asm`).length > 0) asm.set(kernel, path);
  }
  return asm;
}

export const versionHeader = 'linux/version.h';

/** Returns a path inside a folder of a tree. */
export function within(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`;
}
