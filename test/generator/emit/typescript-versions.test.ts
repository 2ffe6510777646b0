/** The emitted modules of many headers compile with every supported TypeScript version and run on this Node. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openHeaders } from '../../../generator/cli/header-options.js';
import { openModel } from '../../../generator/core.js';
import { packageRoot } from '../../../generator/headers/disk.js';
import type { Model } from '../../../generator/model/model.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { installedHeaders } from '../../../tools/lib/installed-headers.js';
import { complaints, exercise, typeScripts, writeWorkspace } from '../../../tools/lib/typescript-workspace.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { shapesModel } from '../../helpers/committed-models.js';

/** Headers, by the construct that only they contain. */
const chosen: Readonly<Record<string, string>> = {
  'packed to two, to four, and in every other combination':
    'linux/batadv_packet.h linux/adfs_fs.h linux/target_core_user.h linux/elf.h linux/usb/ch9.h mtd/mtd-abi.h',
  'bit-fields of either byte order': 'linux/ip.h linux/ipv6.h linux/tcp.h linux/icmpv6.h linux/igmp.h linux/ppp_defs.h',
  'groups, flexible arrays and arrays of no elements': 'linux/in.h linux/bpf.h linux/cdrom.h linux/fs.h linux/fiemap.h',
  'anonymous members within each other':
    'linux/perf_event.h linux/io_uring.h linux/videodev2.h linux/rtnetlink.h linux/ethtool.h linux/input.h',
  'arrays of arrays, and of structs': 'linux/joystick.h linux/hdreg.h linux/soundcard.h linux/media.h sound/asound.h',
  'ioctls by the hundred': 'linux/btrfs.h linux/vfio.h linux/vhost.h linux/dvb/dmx.h',
  'constants by the thousand': 'linux/input-event-codes.h linux/nl80211.h linux/map_to_7segment.h linux/kd.h',
  'names that collide': 'linux/if.h linux/stat.h linux/signal.h linux/socket.h linux/netfilter/x_tables.h',
  'floating point, and text': 'linux/utsname.h linux/auxvec.h linux/can.h linux/fuse.h linux/loop.h linux/if_tun.h',
};

/** This version writes the JavaScript, because it is the fastest. */
const newest = typeScripts[typeScripts.length - 1] as (typeof typeScripts)[number];

const here = new Set(installedHeaders(x86_64));
const names = Object.values(chosen).flatMap((list) => list.split(' '));

/** The models of the committed bindings. */
function committed(): Model[] {
  const folder = join(packageRoot(), 'generated');
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.model.json'),
  );
  return paths.sort().map((path) => openModel(readFileSync(join(folder, path), 'utf8'), path));
}

describe('modules of many headers', () => {
  const folder = temporaryFolder();
  const out = join(folder, 'out');
  let modules: number;
  let foundByNewest: readonly string[];

  beforeAll(async () => {
    const headers = names.filter((name) => here.has(name));
    // Without headers, only the committed bindings are checked.
    if (here.size > 0) expect(headers.length).toBeGreaterThanOrEqual(40);
    const own = committed();
    expect(own.length).toBeGreaterThanOrEqual(10);
    const opened = openHeaders({ header: headers, arch: x86_64.name, include: [] });
    modules = writeWorkspace(folder, [...own, shapesModel(), ...headers.map((name) => opened.model(name))]);
    const wrong = "import { KvmRun } from './0/x86_64/linux/kvm.js';\n\nexport const size: string = KvmRun.$size;\n";
    writeFileSync(join(folder, 'wrong.ts'), wrong);
    foundByNewest = await complaints(folder, newest, out);
  }, 600_000);

  it.concurrent.each(typeScripts)(
    'modules compile with TypeScript $version, and a wrong use does not',
    async (each) => {
      const found = each === newest ? foundByNewest : await complaints(folder, each);
      expect(found).toEqual(["wrong.ts(3,14): error TS2322: Type 'number' is not assignable to type 'string'."]);
    },
    600_000,
  );

  it(`the modules run on Node ${process.versions.node}, with every accessor`, () => {
    const exercised = exercise(out);
    expect(exercised.modules).toBe(modules + 1);
    expect(exercised.classes).toBeGreaterThan(here.size > 0 ? 2000 : 1000);
    expect(exercised.accessors).toBeGreaterThan(4 * exercised.classes);
  });
});
