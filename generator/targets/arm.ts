/** The 32-bit Arm ABI (AAPCS, hard float) as GCC 12 implements it. */

import { unsignedWideCharacters } from './common/gnu.js';
import { ilp32, ilp32Macros } from './common/ilp32.js';
import type { Target } from './target.js';

export const arm: Target<'arm'> = {
  ...ilp32,
  name: 'arm',
  kernelArchitecture: 'arm',
  ptraceMark: 'ARM_cpsr',
  debian: { architecture: 'armhf', multiarch: 'arm-linux-gnueabihf' },
  otherPorts: [{ architecture: 'armel', multiarch: 'arm-linux-gnueabi' }],
  nodeArch: 'arm',
  compiler: { command: ['arm-linux-gnueabihf-gcc'], package: 'gcc-arm-linux-gnueabihf' },
  withoutKvm: 'KVM for 32-bit Arm was removed in Linux 5.7',
  byteOrder: 'little',
  charSigned: false,
  biggestAlignment: 8,
  mostVectorAlignment: 8,
  anonymousBitFieldsAlign: true,
  predefined: `${ilp32Macros}${unsignedWideCharacters}
__APCS_32__ 1
__ARMEL__ 1
__ARM_32BIT_STATE 1
__ARM_ARCH 7
__ARM_ARCH_ISA_ARM 1
__ARM_EABI__ 1
__ARM_PCS_VFP 1
__ARM_SIZEOF_MINIMAL_ENUM 4
__ARM_SIZEOF_WCHAR_T 4
__BIGGEST_ALIGNMENT__ 8
__BYTE_ORDER__ __ORDER_LITTLE_ENDIAN__
__SIZEOF_LONG_DOUBLE__ 8
__arm__ 1
__thumb__ 1
`,
};
