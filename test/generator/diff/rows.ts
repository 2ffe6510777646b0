/**
 * Pairs of small headers and their changes, written by hand from docs/compatibility.md. A change is spelled as its class,
 * with `!` if it breaks, and its name. `→` names the new name of a rename, and `<` names the cause.
 */

export interface Row {
  /** What the header did, as the end of a test title. */
  readonly title: string;
  readonly before: string;
  readonly after: string;
  readonly changes: readonly string[];
}

const ioctls = `
#define GET _IOR('x', 1, struct s)
`;

export const rows: readonly Row[] = [
  {
    title: 'a part of padding that became a member is one change',
    before: 'struct s { __u8 request; __u8 padding1[7]; __u32 reason; };',
    after: 'struct s { __u8 request; __u8 immediate_exit; __u8 padding1[6]; __u32 reason; };',
    changes: ['padding struct s.immediate_exit'],
  },
  {
    title: 'all of padding that became a member is one change',
    before: 'struct s { __u32 a; __u32 pad; __u64 b; };',
    after: 'struct s { __u32 a; __u32 flags; __u64 b; };',
    changes: ['padding struct s.flags'],
  },
  {
    title: 'padding whose rest has another name is part of the change of the new member',
    before: 'struct s { __u32 a; __u32 reserved[4]; };',
    after: 'struct s { __u32 a; __u32 flags; __u32 reserved1[3]; };',
    changes: ['padding struct s.flags'],
  },
  {
    title: 'two members in one padding are two changes',
    before: 'struct s { __u64 a; __u64 reserved[4]; };',
    after: 'struct s { __u64 a; __u64 b; __u64 c; __u64 reserved[2]; };',
    changes: ['padding struct s.b', 'padding struct s.c'],
  },
  {
    title: 'a member in a hole is one change',
    before: 'struct s { __u8 a; __u64 b; };',
    after: 'struct s { __u8 a; __u32 c; __u64 b; };',
    changes: ['padding struct s.c'],
  },
  {
    title: 'a bit-field in the free bits of a unit is one change',
    before: 'struct s { __u32 a : 3; __u32 : 29; };',
    after: 'struct s { __u32 a : 3; __u32 b : 1; __u32 : 28; };',
    changes: ['padding struct s.b'],
  },
  {
    title: 'padding with another name is one change that breaks nothing',
    before: 'struct s { __u32 a; __u32 pad; };',
    after: 'struct s { __u32 a; __u32 reserved; };',
    changes: ['padding struct s.pad → struct s.reserved'],
  },
  {
    title: 'padding with another type is one change that breaks nothing',
    before: 'struct s { __u32 a; __u32 pad; };',
    after: 'struct s { __u32 a; __u8 pad[4]; };',
    changes: ['padding struct s.pad'],
  },
  {
    title: 'padding that is declared where a hole was is one change that breaks nothing',
    before: 'struct s { __u32 a; __u64 b; };',
    after: 'struct s { __u32 a; __u32 pad; __u64 b; };',
    changes: ['padding struct s.pad'],
  },
  {
    title: 'a member that became padding is removed',
    before: 'struct s { __u8 a; __u8 b; __u8 pad[6]; };',
    after: 'struct s { __u8 a; __u8 pad[7]; };',
    changes: ['!removed struct s.b'],
  },
  {
    title: 'a member beside padding in a new anonymous union took the padding',
    before: 'struct s { __u32 a; __u32 pad; };',
    after: 'struct s { __u32 a; union { __u32 pad; __u32 devid; }; };',
    changes: ['padding struct s.devid'],
  },
  {
    title: 'an anonymous struct around members has no effect',
    before: 'struct s { __u32 a; __u32 b; __u32 c; };',
    after: 'struct s { __u32 a; struct { __u32 b; __u32 c; }; };',
    changes: ['none struct s.b', 'none struct s.c'],
  },
  {
    title: 'an anonymous struct around padding has no effect',
    before: 'struct s { __u32 a; __u32 pad; };',
    after: 'struct s { __u32 a; struct { __u32 pad; }; };',
    changes: ['none struct s.pad'],
  },
  {
    title: 'a member beside another one in a new anonymous union is an addition',
    before: 'struct s { __u32 a; __u64 b; };',
    after: 'struct s { __u32 a; union { __u64 b; __u8 bytes[8]; }; };',
    changes: ['addition struct s.bytes', 'none struct s.b'],
  },
  {
    title: 'a member of a union that changes no size is an addition',
    before: 'struct s { union { struct { __u64 a; } hw; char padding[256]; }; };',
    after: 'struct s { union { struct { __u64 a; } hw; struct { __u32 b; } io; char padding[256]; }; };',
    changes: ['addition struct s.io'],
  },
  {
    title: 'an unnamed struct that became a union has no effect on the member that it had',
    before: 'struct s { __u64 a; struct { __u64 gfn; } info; };',
    after: 'struct s { __u64 a; union { __u64 gfn; __u64 hva; } info; };',
    changes: ['none struct s.info', 'addition struct s.info.hva'],
  },
  {
    title: 'a member of an unnamed struct that took its padding is one change',
    before: 'struct s { __u64 a; struct { __u32 b; __u32 pad; } io; };',
    after: 'struct s { __u64 a; struct { __u32 b; __u32 c; } io; };',
    changes: ['padding struct s.io.c'],
  },
  {
    title: 'a member at the end changes the size of the struct and the numbers of its ioctls',
    before: `struct s { __u64 a; };${ioctls}`,
    after: `struct s { __u64 a; __u64 b; };${ioctls}`,
    changes: ['!size GET < struct s', '!size struct s', 'addition struct s.b'],
  },
  {
    title: 'a struct that contains a larger struct follows it',
    before: 'struct i { __u32 a; }; struct s { struct i i; __u32 b; };',
    after: 'struct i { __u32 a; __u32 c; }; struct s { struct i i; __u32 b; };',
    changes: [
      '!moved struct s.b < struct s.i',
      '!size struct i',
      '!size struct s < struct i',
      '!size struct s.i < struct i',
      'addition struct i.c',
    ],
  },
  {
    title: 'an inserted member moves the members after it',
    before: 'struct s { __u32 a; __u32 b; __u32 c; };',
    after: 'struct s { __u32 a; __u32 x; __u32 b; __u32 c; };',
    changes: [
      '!moved struct s.b < struct s.x',
      '!moved struct s.c < struct s.x',
      '!size struct s',
      'addition struct s.x',
    ],
  },
  {
    title: 'members that change places are moved',
    before: 'struct s { __u32 a; __u32 b; };',
    after: 'struct s { __u32 b; __u32 a; };',
    changes: ['!moved struct s.a', '!moved struct s.b'],
  },
  {
    title: 'an unnamed struct moves as a whole',
    before: 'struct s { __u32 a; struct { __u32 b; __u32 c; } io; __u32 d; };',
    after: 'struct s { __u32 d; __u32 a; struct { __u32 b; __u32 c; } io; };',
    changes: ['!moved struct s.a', '!moved struct s.d', '!moved struct s.io'],
  },
  {
    title: 'a wider member changes the sizes of the member and of the struct',
    before: 'struct s { __u32 a; };',
    after: 'struct s { __u64 a; };',
    changes: ['!size struct s', '!size struct s.a'],
  },
  {
    title: 'a longer array changes the sizes of the member and of the struct',
    before: 'struct s { __u32 a[2]; };',
    after: 'struct s { __u32 a[3]; };',
    changes: ['!size struct s', '!size struct s.a'],
  },
  {
    title: 'a wider bit-field changes its size',
    before: 'struct s { __u32 a : 3; };',
    after: 'struct s { __u32 a : 4; };',
    changes: ['!size struct s.a'],
  },
  {
    title: 'a packed struct with another alignment has another size or alignment',
    before: 'struct s { __u32 a; };',
    after: 'struct s { __u32 a; } __attribute__((packed));',
    changes: ['!size struct s'],
  },
  {
    title: 'a flexible array at the end is an addition',
    before: 'struct s { __u32 n; };',
    after: 'struct s { __u32 n; __u32 entries[]; };',
    changes: ['addition struct s.entries'],
  },
  {
    title: 'an array of zero elements that became flexible has no effect',
    before: 'struct s { __u32 n; __u32 entries[0]; };',
    after: 'struct s { __u32 n; __u32 entries[]; };',
    changes: ['none struct s.entries'],
  },
  {
    title: 'a struct that says its own size and grows at its end breaks nothing',
    before: 'struct s { __u32 argsz; __u32 flags; };',
    after: 'struct s { __u32 argsz; __u32 flags; __u64 offset; };',
    changes: ['size struct s', 'addition struct s.offset'],
  },
  {
    title: 'a member with another sign has another type',
    before: 'struct s { __u32 a; };',
    after: 'struct s { __s32 a; };',
    changes: ['!type struct s.a'],
  },
  {
    title: 'a member with another spelling of the same type has no effect',
    before: 'struct s { __u32 a; };',
    after: 'struct s { unsigned int a; };',
    changes: ['none struct s.a'],
  },
  {
    title: 'a member that is an enum instead of an integer breaks nothing',
    before: 'enum e { E_A }; struct s { __u32 a; };',
    after: 'enum e { E_A }; struct s { enum e a; };',
    changes: ['type struct s.a'],
  },
  {
    title: 'an array with other elements has another type',
    before: 'struct s { __u32 a[4]; };',
    after: 'struct s { __u64 a[2]; } __attribute__((aligned(4), packed));',
    changes: ['!type struct s.a'],
  },
  {
    title: 'a member that is gone is removed, and what follows is moved',
    before: 'struct s { __u32 a; __u32 b; __u64 c; __u64 d; };',
    after: 'struct s { __u32 a; __u32 b; __u64 d; };',
    changes: ['!removed struct s.c', '!moved struct s.d < struct s.c', '!size struct s'],
  },
  {
    title: 'a member with another name is one change',
    before: 'struct s { __u32 a; __u64 old; };',
    after: 'struct s { __u32 a; __u64 fresh; };',
    changes: ['!removed struct s.old → struct s.fresh'],
  },
  {
    title: 'a struct with another name is one change, and its uses follow it',
    before: `struct s { __u64 a; }; struct t { struct s s; };${ioctls}`,
    after: `struct u { __u64 a; }; struct t { struct u s; };\n#define GET _IOR('x', 1, struct u)\n`,
    changes: ['!removed struct s → struct u', 'type GET < struct s', 'type struct t.s < struct s'],
  },
  {
    title: 'a typedef of a scalar with another name is one change, and its uses follow it',
    before: 'typedef __u64 old_t; struct s { old_t a; };',
    after: 'typedef __u64 new_t; struct s { new_t a; };',
    changes: ['removed old_t → new_t', 'none struct s.a < old_t'],
  },
  {
    title: 'a struct that only one side has is one change',
    before: 'struct s { __u32 a; };',
    after: 'struct s { __u32 a; }; struct t { __u64 x; __u8 y; };',
    changes: ['addition struct t'],
  },
  {
    title: 'a union that became a struct has another type',
    before: 'typedef union { __u32 a; } s;',
    after: 'typedef struct { __u32 a; } s;',
    changes: ['!type s'],
  },
  {
    title: 'a new constant is an addition',
    before: '#define A 1\n',
    after: '#define A 1\n#define B 136\n',
    changes: ['addition B'],
  },
  {
    title: 'a constant with another value breaks',
    before: '#define A 1\n',
    after: '#define A 2\n',
    changes: ['!value A'],
  },
  {
    title: 'a counter that grows breaks nothing',
    before: '#define A_MAX 1\n#define NR_B 2\n',
    after: '#define A_MAX 2\n#define NR_B 3\n',
    changes: ['value A_MAX', 'value NR_B'],
  },
  {
    title: 'a counter that shrinks breaks',
    before: '#define A_MAX 2\n',
    after: '#define A_MAX 1\n',
    changes: ['!value A_MAX'],
  },
  {
    title: 'a mask with more flags breaks nothing, and one with fewer flags breaks',
    before: '#define A_MASK 3\n#define B_MASK 3\n',
    after: '#define A_MASK 7\n#define B_MASK 5\n',
    changes: ['!value B_MASK', 'value A_MASK'],
  },
  {
    title: 'a version that grows with compatible changes breaks nothing',
    before: '#define A_VERSION_MAJOR 1\n#define A_VERSION_MINOR 1\n',
    after: '#define A_VERSION_MAJOR 2\n#define A_VERSION_MINOR 2\n',
    changes: ['!value A_VERSION_MAJOR', 'value A_VERSION_MINOR'],
  },
  {
    title: 'a constant that became a bigint has another type',
    before: '#define A 1\n#define B 1\n',
    after: '#define A 1ull\n#define B 1u\n',
    changes: ['!type A', 'type B'],
  },
  {
    title: 'a constant with another name is one change',
    before: '#define X_OLD_NAME 77\n',
    after: '#define X_NEW_NAME 77\n',
    changes: ['!removed X_OLD_NAME → X_NEW_NAME'],
  },
  {
    title: 'a constant with another name and another value is two changes',
    before: '#define X_OLD_NAME 77\n',
    after: '#define X_NEW_NAME 78\n',
    changes: ['!removed X_OLD_NAME', 'addition X_NEW_NAME'],
  },
  {
    title: 'a macro that became an enumerator has no effect',
    before: '#define A 1\n',
    after: 'enum { A = 1 };\n#define A A\n',
    changes: ['none A'],
  },
  {
    title: 'a new enumerator is an addition',
    before: 'enum e { A, B, E_MAX };',
    after: 'enum e { A, B, C, E_MAX };',
    changes: ['value E_MAX', 'addition C'],
  },
  {
    title: 'an inserted enumerator changes the values after it',
    before: 'enum e { A, B };',
    after: 'enum e { X, A, B };',
    changes: ['!value A', '!value B', 'addition X'],
  },
  {
    title: 'an enum with another name is one change, and its enumerators follow it',
    before: 'enum e { A, B };',
    after: 'enum f { A, B };',
    changes: ['!removed enum e → enum f', 'none A < enum e', 'none B < enum e'],
  },
  {
    title: 'an enum that got a name is an addition',
    before: 'enum { A };',
    after: 'enum e { A };',
    changes: ['addition enum e', 'none A'],
  },
  {
    title: 'an ioctl with another direction has another number',
    before: `struct s { __u64 a; };${ioctls}`,
    after: `struct s { __u64 a; };\n#define GET _IOWR('x', 1, struct s)\n`,
    changes: ['!value GET'],
  },
  {
    title: 'an ioctl with another command number has another number',
    before: `struct s { __u64 a; };${ioctls}`,
    after: `struct s { __u64 a; };\n#define GET _IOR('x', 2, struct s)\n`,
    changes: ['!value GET'],
  },
  {
    title: 'an ioctl with another argument of the same size has another type',
    before: `struct s { __u64 a; }; struct t { __u32 a[2]; };${ioctls}`,
    after: `struct s { __u64 a; }; struct t { __u32 a[2]; };\n#define GET _IOR('x', 1, struct t)\n`,
    changes: ['!type GET'],
  },
  {
    title: 'an ioctl with an argument of another size has another size',
    before: `struct s { __u64 a; }; struct t { __u32 a[3]; };${ioctls}`,
    after: `struct s { __u64 a; }; struct t { __u32 a[3]; };\n#define GET _IOR('x', 1, struct t)\n`,
    changes: ['!size GET'],
  },
  {
    title: 'an ioctl with another name is one change',
    before: `struct s { __u64 a; };${ioctls}`,
    after: `struct s { __u64 a; };\n#define X_FETCH _IOR('x', 1, struct s)\n`,
    changes: ['!removed GET → X_FETCH'],
  },
  {
    title: 'a constant that became a function-like macro has another type',
    before: '#define F 1\n',
    after: '#define F(a) ((a) + 1)\n',
    changes: ['!type F'],
  },
  {
    title: 'a function-like macro with another expression has another value',
    before: '#define F(a) ((a) + 1)\n#define G(a) ((a) + 1)\n',
    after: '#define F(a) ((a) + 2)\n#define G(b) ((b) + 1)\n',
    changes: ['!value F', 'none G'],
  },
  {
    title: 'a value that can no longer be expressed is removed',
    before: '#define F 1\n',
    after: 'int f(void);\n#define F f()\n',
    changes: ['!removed F', 'addition f'],
  },
  {
    title: 'a comment, an empty line and another order of constants have no effect',
    before: '#define A 1\n#define B 2\nstruct s { __u32 a; };\n',
    after: '/* text */\n\n#define B 2\n#define A 1\nstruct s { __u32 a; /* more */ };\n',
    changes: [],
  },
];
