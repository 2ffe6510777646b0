/** The declarations that all random declarations share. */

import { preamble as records } from '../records.js';

export const preamble: string = `#include <stddef.h>
#include <linux/ioctl.h>
${records}
typedef unsigned char octet;
typedef struct { short a; long b; } unnamed_pair;
typedef int triple[3];
typedef void (*callback)(int, const char *);
typedef struct pair *pair_pointer;
struct bits { unsigned low : 3; int middle : 17; unsigned long long high : 40; char last; };
struct nested { struct pair first; union mixed second; struct { int x; short y[2]; } inner[2]; char tail; };
enum large { LARGE_A = 5, LARGE_B = 1000 };
static const int speeds[] = { 300, 1200, 9600, [7] = 115200 };
static const char greeting[] = "hello" " world";
#define SEVEN 7
#define TWICE(x) ((x) * 2)
`;

/** The headers that the shared declarations include, except those of the compiler. */
export const included: Readonly<Record<string, string>> = {
  'linux/ioctl.h': `#ifndef KVM_UAPI_IOCTL_H
#define KVM_UAPI_IOCTL_H
#define _IOC_NONE 0U
#define _IOC_WRITE 1U
#define _IOC_READ 2U
#define _IOC_SIZEMASK 0x3fff
#define _IOC(dir, type, nr, size) (((dir) << 30) | ((type) << 8) | ((nr) << 0) | ((size) << 16))
#define _IO(type, nr) _IOC(_IOC_NONE, (type), (nr), 0)
#define _IOR(type, nr, size) _IOC(_IOC_READ, (type), (nr), (sizeof(size)))
#define _IOW(type, nr, size) _IOC(_IOC_WRITE, (type), (nr), (sizeof(size)))
#define _IOWR(type, nr, size) _IOC(_IOC_READ | _IOC_WRITE, (type), (nr), (sizeof(size)))
#define _IOC_DIR(nr) (((nr) >> 30) & 3)
#define _IOC_TYPE(nr) (((nr) >> 8) & 255)
#define _IOC_NR(nr) ((nr) & 255)
#define _IOC_SIZE(nr) (((nr) >> 16) & _IOC_SIZEMASK)
#endif
`,
};
