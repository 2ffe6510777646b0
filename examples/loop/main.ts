// This program makes a block device of a file, with the bindings of linux/loop.h.
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Device } from 'kvm-uapi';
import { allocate, flagsOf } from './generated/support/index.js';
import * as loop from './generated/x86_64/linux/loop.js';

const path = join(tmpdir(), `kvm-uapi-loop-${process.pid}`);
writeFileSync(path, 'hello from a file\n'.padEnd(4096, '\0'));
const file = openSync(path, 'r');

// The ioctls of linux/loop.h are plain numbers. The bindings know their arguments from the kernel's source.
const control = Device.open('/dev/loop-control', loop);
const number = control.ioctl(loop.LOOP_CTL_GET_FREE);
control.close();

const disk = Device.open(`/dev/loop${number}`, loop);
const config = allocate(loop.LoopConfig);
config.fd = file;
config.info.lo_file_name.assign(Buffer.from('example'));
config.info.lo_flags = loop.LO_FLAGS_READ_ONLY | loop.LO_FLAGS_AUTOCLEAR;
disk.ioctl(loop.LOOP_CONFIGURE, config);

const status = allocate(loop.LoopInfo64);
disk.ioctl(loop.LOOP_GET_STATUS64, status);
console.log(`${flagsOf(loop, 'LO_FLAGS_', status.lo_flags)}, offset ${status.lo_offset}`);
console.log(readFileSync(disk.fd).subarray(0, 17).toString());

disk.ioctl(loop.LOOP_CLR_FD);
disk.close();
closeSync(file);
rmSync(path);
