// Opens a device, as another user where AS_USER says so, and tells what is said where that fails.

import { Kvm } from '../../../dist/runtime/index.js';

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
  // The other user may not get at the addon: it is loaded before.
  failure('');
  process.setgid(Number(AS_USER));
  process.setuid(Number(AS_USER));
}
console.log(JSON.stringify({ failure: failure(path) }));
