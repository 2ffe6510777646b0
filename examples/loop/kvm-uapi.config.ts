import { defineConfig } from 'kvm-uapi/generator';

export default defineConfig({
  headers: ['linux/loop.h'],
});
