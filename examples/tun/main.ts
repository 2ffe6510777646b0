// This program creates a network interface with the bindings of linux/if_tun.h.
import { Device } from 'kvm-uapi';
import { allocate } from './generated/support/index.js';
import * as tun from './generated/x86_64/linux/if_tun.js';

const device = Device.open('/dev/net/tun', tun);
const features = allocate(tun.TUNGETFEATURES.argument);
device.ioctl(tun.TUNGETFEATURES, features);
if ((features.value & tun.IFF_TUN) === 0) throw new Error('this kernel has no tun interfaces');

const request = allocate(tun.Ifreq); // The header says that the argument is an `int`. The kernel takes a `struct ifreq`.
request.ifr_ifrn.ifrn_name.assign(new TextEncoder().encode('example%d'));
request.ifr_ifru.ifru_flags = tun.IFF_TUN | tun.IFF_NO_PI;
device.ioctl(tun.TUNSETIFF, request); // The kernel replaces %d by a number and writes the name back.

const name = new TextDecoder().decode(request.ifr_ifrn.ifrn_name.bytes()).replace(/\0+$/, '');
console.log(`made the interface ${name}; it goes when the device is closed`);
device.close();
