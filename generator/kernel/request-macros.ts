/**
 * The macros of `linux/ioctl.h` that make a request number. Those that end in `_BAD` take a size where the others take a type.
 * The source is the header itself, which defines them.
 */

export const requestMacros: readonly string[] = [
  '_IO',
  '_IOR',
  '_IOW',
  '_IOWR',
  '_IOC',
  '_IOR_BAD',
  '_IOW_BAD',
  '_IOWR_BAD',
];
