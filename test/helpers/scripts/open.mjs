// Opens a device, as the user AS_USER if that is set, and prints the error if it fails.

import { Kvm } from '../../../dist/runtime/x86_64.js';

const { DEVICE: path = '/dev/kvm', AS_USER } = process.env;

function failure(device) {
  try {
    Kvm.open({ path: device }).close();
    return 'none';
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

if (AS_USER !== undefined) {
  // The other user may not be able to read the addon, so the addon is loaded before.
  failure('');
  process.setgid(Number(AS_USER));
  process.setuid(Number(AS_USER));
}
console.log(JSON.stringify({ failure: failure(path) }));
