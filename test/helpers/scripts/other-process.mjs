// Runs a vCPU of another process: the child has inherited the file descriptor of its parent's vCPU.

import { spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { addon } from '../../../dist/runtime/addon.js';
import { errnoName } from '../../../dist/runtime/errors.js';
import { Kvm } from '../../../dist/runtime/index.js';
import { realMode } from '../../../dist/tools/guests/index.js';

const inherited = 3;

if (process.argv[2] === 'child') {
  const result = addon().ioctl(inherited, Number(process.argv[3]), 0);
  console.log(JSON.stringify({ error: errnoName(-result) }));
} else {
  const kvm = Kvm.open();
  const { vcpu } = realMode.out.load(kvm.createVm());
  const fd = readdirSync('/proc/self/fd').find((each) => linkOf(each).includes('kvm-vcpu'));
  const arguments_ = [fileURLToPath(import.meta.url), 'child', String(vcpu.bindings.KVM_RUN.request)];
  const { stdout, stderr } = spawnSync(process.execPath, arguments_, {
    stdio: ['ignore', 'pipe', 'pipe', Number(fd)],
    encoding: 'utf8',
  });
  console.log(stdout || JSON.stringify({ stderr }));
  vcpu.close();
}

function linkOf(fd) {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // This file descriptor was the one of the listing itself, which is closed now.
    return '';
  }
}
