/**
 * The header sets that the facts come from, by their names in the catalogue. Each kernel architecture has a set of each
 * version. Before 6.12, a package has the headers of one port. Where Debian has no port of a target in a suite, the package for cross
 * compilers has its headers.
 */
export const sinceSetNames = [
  'bullseye-amd64',
  'bullseye-arm64',
  'bullseye-armhf',
  'bullseye-s390x-cross',
  'bullseye-ppc64el-cross',
  'bullseye-mips64el-cross',
  'bullseye-riscv64-cross',
  'bookworm-amd64',
  'bookworm-arm64',
  'bookworm-armhf',
  'bookworm-s390x',
  'bookworm-ppc64el',
  'bookworm-mips64el',
  'bookworm-riscv64-cross',
  'trixie',
  'forky',
  'newest',
] as const;
