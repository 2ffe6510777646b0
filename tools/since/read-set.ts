/** Reads the names of a header set, for every target of the set. */

import { openHeaders } from '../../generator/cli/header-options.js';
import { MissingHeaderError } from '../../generator/errors.js';
import { recordIn } from '../../generator/headers/sets/store.js';
import { originText } from '../../generator/model/locations.js';
import type { Model } from '../../generator/model/model.js';
import { datedNames } from '../../generator/model/since.js';
import { targetsOf } from '../../generator/targets/architectures.js';
import type { SetNames } from './first-versions.js';

/**
 * The headers whose items have facts: those of the committed bindings, those of devices and memory that programs with KVM
 * use, and every header that a model of these headers covers. An item can move from one of them to another.
 */
export const datedHeaders: readonly string[] = [
  'asm-generic/kvm_para.h',
  'asm/bootparam.h',
  'asm/e820.h',
  'asm/ist.h',
  'asm/kvm.h',
  'asm/kvm_para.h',
  'asm/processor-flags.h',
  'asm/ptrace-abi.h',
  'asm/ptrace.h',
  'asm/setup_data.h',
  'linux/apm_bios.h',
  'linux/edd.h',
  'linux/filter.h',
  'linux/if_tun.h',
  'linux/iommufd.h',
  'linux/kvm.h',
  'linux/kvm_para.h',
  'linux/memfd.h',
  'linux/psp-sev.h',
  'linux/screen_info.h',
  'linux/serial_reg.h',
  'linux/sev-guest.h',
  'linux/userfaultfd.h',
  'linux/vfio.h',
  'linux/vhost.h',
  'linux/vhost_types.h',
  'linux/virtio_blk.h',
  'linux/virtio_config.h',
  'linux/virtio_console.h',
  'linux/virtio_ids.h',
  'linux/virtio_mmio.h',
  'linux/virtio_ring.h',
  'video/edid.h',
];

/** Returns the models of the headers that an imported set has for a target. */
function datedModels(root: string, arch: string): Model[] {
  const headers = openHeaders({ header: [], arch, include: [], from: root });
  return datedHeaders.flatMap((header) => {
    try {
      return [headers.model(header)];
    } catch (error) {
      // An older version, or another architecture, does not have the header.
      if (error instanceof MissingHeaderError) return [];
      throw error;
    }
  });
}

/** Reads an imported set. `root` is its folder. */
export function readSet(root: string): SetNames {
  const record = recordIn(root);
  if (!record) throw new Error(`${root}: is not an imported header set; use 'headers import'`);
  const { kernel, architectures } = record;
  const read = targetsOf(Object.keys(architectures)).map((target) => ({ target, models: datedModels(root, target) }));
  const covered = new Set(read.flatMap(({ models }) => models.flatMap(({ coveredHeaders }) => coveredHeaders)));
  const unlisted = [...covered].filter((header) => !datedHeaders.includes(header));
  if (unlisted.length > 0) throw new Error(`${root}: a model covers ${unlisted.join(', ')}; add it to datedHeaders`);
  const parts = Object.entries(architectures);
  return {
    set: {
      kernel,
      origin: [...new Set(parts.map(([, { origin }]) => originText(origin)))].join(', '),
      sha256: Object.fromEntries(parts.map(([name, { sha256 }]) => [name, sha256])),
    },
    targets: read.map(({ target, models }) => ({ target, names: new Set(models.flatMap(datedNames)) })),
  };
}
