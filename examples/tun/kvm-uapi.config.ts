import { defineConfig } from 'kvm-uapi/generator';

export default defineConfig({
  headers: ['linux/if_tun.h'],
  constants: ['TUNSETIFF', 'TUNGETIFF', 'TUNGETFEATURES', /^IFF_(TUN|NO_PI)$/],
});
