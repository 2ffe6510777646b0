/**
 * The macros of `linux/ioctl.h` that make a request number. The macros that end in `_BAD` take a size instead of a
 * type. The source is the header, which defines the macros.
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
