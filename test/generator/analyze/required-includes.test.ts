import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDeclarations } from '../../../generator/c/parser/declarations.js';
import { preprocess } from '../../../generator/c/preprocessor/preprocessor.js';
import { openHeaders } from '../../../generator/cli/header-options.js';
import { filesOnDisk, systemRoots } from '../../../generator/headers/disk.js';
import { Resolver } from '../../../generator/headers/resolver.js';
import { openSet } from '../../../generator/headers/sets/open.js';
import { absentHeaders, definingHeaders } from '../../../generator/kernel/defining-headers.js';
import { targets } from '../../../generator/targets/targets.js';
import { x86_64 } from '../../../generator/targets/x86_64.js';
import { includeLines } from '../../../generator/verify/c-assertions.js';
import { verify } from '../../../generator/verify/verify.js';
import { headerSet } from '../../../tools/lib/header-sets.js';
import { modelOf } from '../../../tools/lib/headers-in-memory.js';
import { cc } from '../../../tools/lib/oracle-compiler.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { describeWithCompiler } from '../../helpers/compiler-suite.js';

const others = {
  'linux/ioctl.h': '#define _IOC_NONE 0\n#define _IOC_DIR(x) 0\n',
  'linux/if.h': '#define IFNAMSIZ 16\n#include <linux/limits.h>\n',
  'linux/limits.h': '#define PATH_MAX 4096\n',
  'asm/byteorder.h': '#define __LITTLE_ENDIAN_BITFIELD\n',
  'linux/time.h': 'struct timespec { long tv_sec; long tv_nsec; };\n',
  'linux/sockios.h': '#error is not for this\n',
};

/** The text of a header, its required includes, and the remaining omissions. */
const completed: readonly (readonly [
  what: string,
  main: string,
  requiredIncludes: readonly string[],
  left: string[],
])[] = [
  ['a name in a macro', '#define X _IOC_NONE\n', ['linux/ioctl.h'], []],
  ['a name in a function-like macro', '#define X(r) _IOC_DIR(r)\n', ['linux/ioctl.h'], []],
  ['a name in the body of a function', 'static inline void *f(void) { return NULL; }\n', ['stddef.h'], ['f']],
  ['a name in a dimension', 'struct s { char name[IFNAMSIZ]; };\n', ['linux/if.h'], []],
  ['a type', 'struct s { size_t a; };\n', ['stddef.h'], []],
  ['one type after the other', 'typedef uint8_t byte;\nstruct s { size_t a; };\n', ['stddef.h', 'stdint.h'], ['byte']],
  ['a struct by value', 'struct s { struct timespec t; };\n', ['linux/time.h'], []],
  ['a struct in a macro', '#define X sizeof(struct timespec)\n', ['linux/time.h'], []],
  ['a name that a required include defines', 'struct s { char a[IFNAMSIZ], b[PATH_MAX]; };\n', ['linux/if.h'], []],
  [
    'a header that it includes is not required again',
    '#include <linux/if.h>\nstruct s { char a[IFNAMSIZ]; };\n',
    [],
    [],
  ],
  ['a name that it defines itself', '#define IFNAMSIZ 8\nstruct s { char a[IFNAMSIZ]; };\n', [], []],
  [
    'a name that it declares itself',
    'typedef int size_t;\nenum { PATH_MAX };\n#define X PATH_MAX\nextern size_t x;\n',
    [],
    ['size_t', 'x'],
  ],
  ['a tag is not a name', 'struct s { int timespec; };\n#define X timespec\n', [], ['X']],
  ['a struct that is only pointed to', 'struct s { struct timespec *t; };\n', [], []],
  [
    'a name that the conditions of members test',
    'struct s {\n#if defined(__LITTLE_ENDIAN_BITFIELD)\n int a : 4;\n#elif defined(__BIG_ENDIAN_BITFIELD)\n int b : 4;\n#endif\n};\n',
    ['asm/byteorder.h'],
    [],
  ],
  [
    'a name that the condition of a whole declaration tests',
    '#ifdef __LITTLE_ENDIAN_BITFIELD\nstruct s { int a : 4; };\n#endif\n',
    ['asm/byteorder.h'],
    [],
  ],
  [
    'a name whose absence is an #error',
    'struct s {\n#if defined(__LITTLE_ENDIAN_BITFIELD)\n int a : 4;\n#else\n#error "fix asm/byteorder.h"\n#endif\n};\n',
    ['asm/byteorder.h'],
    [],
  ],
  ['a condition with an #else', '#ifdef __BIG_ENDIAN_BITFIELD\n#define X 1\n#else\n#define X 2\n#endif\n', [], []],
  ['a name that no header defines', '#define X nowhere\n', [], ['X']],
  ['a defining header that is not here', '#define X NLMSG_ALIGN\n', [], ['X']],
  ['a defining header that cannot be read', '#define X SIOCDEVPRIVATE\n', [], ['X']],
];

/** Old `linux/if.h` needs `struct sockaddr` and does not include it. */
const oldIf = {
  'linux/if.h': '#define IFNAMSIZ 16\nstruct ifreq { struct sockaddr addr; };\n',
  'linux/limits.h': '#define PATH_MAX 4096\n',
};

describe('a required include that needs another header', () => {
  it('the other header is read before it', () => {
    const headers = { ...oldIf, 'sys/socket.h': 'struct sockaddr { short family; };\n' };
    const { requiredIncludes, types } = modelOf({ 'x.h': 'struct s { char name[IFNAMSIZ]; };\n', ...headers });
    expect([requiredIncludes, types.map(({ size }) => size)]).toEqual([['sys/socket.h', 'linux/if.h'], [16]]);
  });

  it('without the other header, it is not read, and the others are', () => {
    const main = '#define NAME IFNAMSIZ\n#define PATH PATH_MAX\nstruct s { int a; };\n';
    const { requiredIncludes, omissions, constants } = modelOf({ 'x.h': main, ...oldIf });
    expect([requiredIncludes, omissions.map(({ name }) => name), constants.map(({ name }) => name)]).toEqual([
      ['linux/limits.h'],
      ['NAME'],
      ['PATH'],
    ]);
  });

  it('without the other header, the error is the error of the requested header', () => {
    expect(() => modelOf({ 'x.h': 'struct s { char name[IFNAMSIZ]; };\n', ...oldIf })).toThrow(
      "/include/x.h:1:22: 'IFNAMSIZ' is not defined; <linux/if.h> defines it, but it cannot be read, or cannot be read together",
    );
  });
});

describe('the required includes of a header', () => {
  it.each(completed)(
    'a header that forgets an include is read after its defining header: %s',
    (_, main, requiredIncludes, left) => {
      const model = modelOf({ 'x.h': main, ...others });
      expect(model.requiredIncludes ?? []).toEqual(requiredIncludes);
      expect(model.coveredHeaders[0]).toBe('x.h');
      expect(model.sources[0]?.name).toBe('x.h');
      expect(model.omissions.map(({ name }) => name)).toEqual(left);
      expect(includeLines(model)).toEqual([...requiredIncludes, 'x.h'].map((name) => `#include <${name}>`));
    },
  );

  it('a header is read after the header of the real arguments of its ioctls, or the ioctls are not exported', () => {
    const headers = {
      'linux/if_tun.h': "#define TUNSETIFF _IOW('T', 202, int)\n#define TUNATTACHFILTER _IOW('T', 213, long)\n",
      'linux/ioctl.h':
        '#define _IOC_READ 2\n#define _IOC_WRITE 1\n#define _IOW(t, n, s) ((1 << 30) | (sizeof(s) << 16) | ((t) << 8) | (n))\n' +
        ['DIR(r) ((r) >> 30)', 'TYPE(r) (((r) >> 8) & 255)', 'NR(r) ((r) & 255)', 'SIZE(r) (((r) >> 16) & 0x3fff)']
          .map((field) => `#define _IOC_${field}\n`)
          .join(''),
    };
    const whole = modelOf({ ...headers, 'linux/if.h': 'struct ifreq { char name[40]; };\n' });
    expect([whole.requiredIncludes, whole.coveredHeaders]).toEqual([
      ['linux/if.h', 'linux/ioctl.h'],
      ['linux/if_tun.h', 'linux/if.h'],
    ]);
    expect(whole.ioctls.map(({ argument, size }) => [argument, size])).toEqual([
      ['struct ifreq', 4],
      ['long', 8],
    ]);
    const { requiredIncludes, ioctls, omissions } = modelOf(headers);
    expect([requiredIncludes, ioctls.map(({ name }) => name)]).toEqual([['linux/ioctl.h'], ['TUNATTACHFILTER']]);
    expect(omissions).toEqual([
      {
        kind: 'ioctl',
        name: 'TUNSETIFF',
        reason: 'takes a struct ifreq, but <linux/if.h> could not be read',
        location: { header: 'linux/if_tun.h', line: 1 },
      },
    ]);
  });

  it('a header is not read after a header that conflicts with it', () => {
    const main = 'struct timespec { int other; };\n#define X IFNAMSIZ\n';
    const both = { 'linux/if.h': '#define IFNAMSIZ 16\nstruct timespec { long tv_sec; };\n' };
    const { requiredIncludes, omissions } = modelOf({ 'x.h': main, ...both });
    expect([requiredIncludes, omissions.map(({ reason }) => reason)]).toEqual([
      undefined,
      ["'IFNAMSIZ' is not defined"],
    ]);
  });

  it('a header is read after the second defining header if the first conflicts with it', () => {
    const main = 'struct timeval { int other; };\nstruct s { struct timespec t; char a[IFNAMSIZ]; };\n';
    const both = { 'sys/time.h': 'struct timespec { int a; };\nstruct timeval { int a; };\n' };
    expect(modelOf({ 'x.h': main, ...others, ...both }).requiredIncludes).toEqual(['linux/if.h', 'linux/time.h']);
  });

  it('a header is not read after a header that conflicts with another required include', () => {
    const main = '#define X IFNAMSIZ\n#define Y PATH_MAX\n';
    const both = {
      'linux/if.h': '#define IFNAMSIZ 16\nstruct twice { int a; };\n',
      'linux/limits.h': '#define PATH_MAX 4096\nstruct twice { int a; };\n',
    };
    const { requiredIncludes, omissions } = modelOf({ 'x.h': main, ...both });
    expect([requiredIncludes, omissions.map(({ name }) => name)]).toEqual([['linux/if.h'], ['Y']]);
  });

  it('a header is not read after a header that adds an undefined type', () => {
    const main = '#define X IFNAMSIZ\n#ifdef IFNAMSIZ\nnowhere_t a;\n#endif\n';
    const { requiredIncludes, omissions } = modelOf({ 'x.h': main, 'linux/if.h': '#define IFNAMSIZ 16\n' });
    expect([requiredIncludes, omissions.map(({ name }) => name)]).toEqual([undefined, ['X']]);
  });

  it('a complete header has no required includes', () => {
    expect('requiredIncludes' in modelOf({ 'x.h': 'struct s { int a; };', ...others })).toBe(false);
  });

  it.each([
    [
      'struct s { domid_t d; };',
      "1:12: unknown type 'domid_t'; check for a missing #include; <xen/interface/xen.h> defines it, only the kernel's source tree contains it",
    ],
    [
      'struct s { struct sockaddr a; };',
      '1:19: struct sockaddr is not defined for x86_64: its size is unknown; <sys/socket.h> defines it, but it cannot be read, or cannot be read together with this header; if it is missing, use --include to name its folder',
    ],
    ['struct s { other_t o; };', "1:12: unknown type 'other_t'; check for a missing #include"],
  ])('the error names the defining header: %s', (main, problem) => {
    expect(() => modelOf({ 'x.h': main })).toThrow(`/include/x.h:${problem}`);
  });

  it('the error names the only header that may include this one', () => {
    const headers = {
      'linux/patchkey.h': '#ifndef INDIRECT\n#error "included directly"\n#endif\n#define PATCH 1\n',
      'linux/soundcard.h': '#define INDIRECT\n#include "patchkey.h"\n#define S 1\n',
    };
    const problem =
      '#error "included directly"; only <linux/soundcard.h> may include <linux/patchkey.h>; use <linux/soundcard.h>, whose';
    expect(() => modelOf(headers)).toThrow(`/include/linux/patchkey.h:2:2: ${problem}`);
    expect(modelOf(headers, 'linux/soundcard.h').coveredHeaders).toEqual(['linux/soundcard.h', 'linux/patchkey.h']);
  });
});

describe('the table of defining headers', () => {
  it('the table has each row once', () => {
    const rows = definingHeaders.map(({ header, architecture }) => `${header} ${architecture}`);
    expect(new Set(rows).size).toBe(rows.length);
  });

  it.each(definingHeaders.filter(({ header }) => !absentHeaders.has(header)))(
    '$header defines the names of its row',
    async (defining) => {
      const target = targets.find(({ kernelArchitecture }) => kernelArchitecture === defining.architecture) ?? x86_64;
      const { roots } = openSet((await headerSet('newest')).root, '', target);
      const resolver = new Resolver(filesOnDisk, [...roots, ...systemRoots(target)]);
      const { tokens, macros } = preprocess(defining.header, resolver, target);
      const { typedefs, tags, enumerators } = parseDeclarations(tokens).declarations;
      const isDefined = (name: string): boolean =>
        macros.has(name) || typedefs.has(name) || enumerators.has(name) || tags.has(name.split(' ')[1] ?? '');
      const lacking = defining.names.filter((name) => !isDefined(name));
      expect(lacking).toHaveLength(defining.isEither ? defining.names.length - 1 : 0);
    },
  );
});

/** One header for each way in which an installed header can forget an include. */
const real = [
  'asm-generic/ucontext.h',
  'linux/acrn.h',
  'linux/atalk.h',
  'linux/errqueue.h',
  'linux/hdlc/ioctl.h',
  'linux/omapfb.h',
  'linux/sctp.h',
  'linux/sysctl.h',
];

describe('the models of one run', () => {
  it('a header that is given as a path becomes a required include of the headers after it', () => {
    const folder = temporaryFolder();
    const files = {
      'own/a.h': 'struct a { char name[IFNAMSIZ]; };\n',
      'own/linux/if.h': '#error is broken\n',
      'include/linux/if.h': '#define IFNAMSIZ 16\n',
    };
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    const headers = openHeaders({ header: ['a.h'], arch: 'x86_64', include: [join(folder, 'own')] });
    expect(() => headers.model('a.h')).toThrow(/IFNAMSIZ/);
    expect(headers.model(join(folder, 'include/linux/if.h')).header).toBe('linux/if.h');
    expect(headers.model('a.h').requiredIncludes).toEqual(['linux/if.h']);
  });
});

describeWithCompiler('the models of headers with required includes', [], () => {
  it.each(real)('the compiler agrees with the model of %s', async (header) => {
    const model = openHeaders({ header: [header], arch: 'x86_64', include: [] }).model(header);
    expect(model.requiredIncludes).not.toBe(undefined);
    const { held, total, failures } = await verify(model, { cc: cc.cc, includeDirs: [] });
    expect(failures).toEqual([]);
    expect(held).toBe(total);
  });
});
