/** `stdatomic.h`. The functions are macros, as in GCC. */

const arithmetic: readonly (readonly [name: string, type: string])[] = [
  ['bool', '_Bool'],
  ['char', 'char'],
  ['schar', 'signed char'],
  ['uchar', 'unsigned char'],
  ['short', 'short'],
  ['ushort', 'unsigned short'],
  ['int', 'int'],
  ['uint', 'unsigned int'],
  ['long', 'long'],
  ['ulong', 'unsigned long'],
  ['llong', 'long long'],
  ['ullong', 'unsigned long long'],
];

/** The names of typedefs of the library, whose types are predefined macros. */
const named = [
  ...['char16', 'char32', 'wchar'],
  ...['least', 'fast'].flatMap((kind) =>
    [8, 16, 32, 64].flatMap((width) => [`int_${kind}${width}`, `uint_${kind}${width}`]),
  ),
  ...['intptr', 'uintptr', 'size', 'ptrdiff', 'intmax', 'uintmax'],
];

const orders = ['relaxed', 'consume', 'acquire', 'release', 'acq_rel', 'seq_cst'];
const lockFree = ['BOOL', 'CHAR', 'CHAR16_T', 'CHAR32_T', 'WCHAR_T', 'SHORT', 'INT', 'LONG', 'LLONG', 'POINTER'];

/** A value of the type that a pointer points to, without qualifiers. */
const value = '__typeof__((void)0, *(PTR)) __atomic_value';

/** Each function: its parameters without memory orders, its orders, and its statements. */
const functions: readonly (readonly [name: string, parameters: string, orders: string, body: string])[] = [
  ['store', 'PTR, VAL', 'MO', `({ ${value} = (VAL); __atomic_store((PTR), &__atomic_value, (MO)); })`],
  ['load', 'PTR', 'MO', `({ ${value}; __atomic_load((PTR), &__atomic_value, (MO)); __atomic_value; })`],
  [
    ...(['exchange', 'PTR, VAL', 'MO'] as const),
    `({ ${value} = (VAL), __atomic_old; __atomic_exchange((PTR), &__atomic_value, &__atomic_old, (MO)); __atomic_old; })`,
  ],
  ...(['strong', 'weak'] as const).map(
    (strength, weak) =>
      [
        `compare_exchange_${strength}`,
        'PTR, VAL, DES',
        'SUC, FAIL',
        `({ ${value} = (DES); __atomic_compare_exchange((PTR), (VAL), &__atomic_value, ${weak}, (SUC), (FAIL)); })`,
      ] as const,
  ),
  ...['add', 'sub', 'or', 'xor', 'and'].map(
    (operation) => [`fetch_${operation}`, 'PTR, VAL', 'MO', `__atomic_fetch_${operation}((PTR), (VAL), (MO))`] as const,
  ),
  ['flag_test_and_set', 'PTR', 'MO', '__atomic_test_and_set((PTR), (MO))'],
  ['flag_clear', 'PTR', 'MO', '__atomic_clear((PTR), (MO))'],
];

export const stdatomic: string = [
  '#ifndef _STDATOMIC_H',
  '#define _STDATOMIC_H',
  `typedef enum { ${orders.map((order) => `memory_order_${order} = __ATOMIC_${order.toUpperCase()}`).join(', ')} } memory_order;`,
  ...arithmetic.map(([name, type]) => `typedef _Atomic ${type} atomic_${name};`),
  ...named.map((name) => `typedef _Atomic __${name.toUpperCase()}_TYPE__ atomic_${name}_t;`),
  'typedef _Atomic struct { _Bool __val; } atomic_flag;',
  '#define ATOMIC_FLAG_INIT { 0 }',
  '#define ATOMIC_VAR_INIT(VALUE) (VALUE)',
  ...lockFree.map((type) => `#define ATOMIC_${type}_LOCK_FREE __GCC_ATOMIC_${type}_LOCK_FREE`),
  '#define kill_dependency(Y) __extension__ ({ __auto_type __kill_dependency_tmp = (Y); __kill_dependency_tmp; })',
  'extern void atomic_thread_fence(memory_order);',
  '#define atomic_thread_fence(MO) __atomic_thread_fence(MO)',
  'extern void atomic_signal_fence(memory_order);',
  '#define atomic_signal_fence(MO) __atomic_signal_fence(MO)',
  '#define atomic_is_lock_free(OBJ) __atomic_is_lock_free(sizeof(*(OBJ)), (OBJ))',
  '#define atomic_init(PTR, VAL) atomic_store_explicit(PTR, VAL, __ATOMIC_RELAXED)',
  'extern _Bool atomic_flag_test_and_set(volatile atomic_flag *);',
  'extern _Bool atomic_flag_test_and_set_explicit(volatile atomic_flag *, memory_order);',
  'extern void atomic_flag_clear(volatile atomic_flag *);',
  'extern void atomic_flag_clear_explicit(volatile atomic_flag *, memory_order);',
  ...functions.flatMap(([name, parameters, orderParameters, body]) => {
    const sequential = orderParameters.replace(/\w+/g, '__ATOMIC_SEQ_CST');
    return [
      `#define atomic_${name}_explicit(${parameters}, ${orderParameters}) __extension__ ${body}`,
      `#define atomic_${name}(${parameters}) atomic_${name}_explicit(${parameters}, ${sequential})`,
    ];
  }),
  '#endif',
].join('\n');
