/** The kernel version that `linux/version.h` states; null when it states none. */
export function kernelVersionOf(text: string): string | null {
  const code = numberOf(text, 'LINUX_VERSION_CODE');
  if (code === undefined) return null;
  // The code has no room for a sublevel above 255; newer headers state it by itself too.
  return `${code >> 16}.${(code >> 8) & 0xff}.${numberOf(text, 'LINUX_VERSION_SUBLEVEL') ?? code & 0xff}`;
}

function numberOf(text: string, macro: string): number | undefined {
  const value = new RegExp(`^#define ${macro} (\\d+)$`, 'm').exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}
