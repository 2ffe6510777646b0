// Runs a vCPU of another process: the child has inherited the file descriptor of its parent's vCPU. The child is a program
// in Perl, which every Debian has, because the addon makes ioctls only on files that it has opened itself.

import { spawnSync } from 'node:child_process';
import { Kvm } from '../../../dist/runtime/x86_64.js';
import { realMode } from '../../../dist/tools/guests/index.js';

const program = 'use Errno; open(my $vcpu, "+<&=", 3); ioctl($vcpu, $ARGV[0], 0); print((grep { $!{$_} } keys %!)[0])';

const kvm = Kvm.open();
const { vcpu } = realMode.out.load(kvm.createVm());
const { error, stdout, stderr } = spawnSync('perl', ['-e', program, String(vcpu.bindings.KVM_RUN.request)], {
  stdio: ['ignore', 'pipe', 'pipe', vcpu.fd],
  encoding: 'utf8',
});
if (error) throw error;
console.log(JSON.stringify(stderr ? { stderr } : { error: stdout }));
vcpu.close();
