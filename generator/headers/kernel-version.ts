/** Returns the kernel version that `linux/version.h` states, or null. */
export function kernelVersionOf(text: string): string | null {
  const code = numberOf(text, 'LINUX_VERSION_CODE');
  if (code === undefined) return null;
  // The version code cannot hold a sublevel above 255. Newer headers also define the sublevel separately.
  return `${code >> 16}.${(code >> 8) & 0xff}.${numberOf(text, 'LINUX_VERSION_SUBLEVEL') ?? code & 0xff}`;
}

function numberOf(text: string, macro: string): number | undefined {
  const value = new RegExp(`^#define ${macro} (\\d+)$`, 'm').exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}
