/**
 * `stddef.h` and `stdarg.h`. A C library can ask for one name only: it defines `__need_size_t` before the include. Each
 * type has the guards of all systems that GCC knows, so that a library's own definition and this one do not collide.
 */

/** The guards of each type, of which one defined guard means that the type is defined. */
const guards: Readonly<Record<'ptrdiff_t' | 'size_t' | 'wchar_t', readonly string[]>> = {
  ptrdiff_t: [
    ...['_PTRDIFF_T', '_T_PTRDIFF_', '_T_PTRDIFF', '__PTRDIFF_T', '_PTRDIFF_T_', '_BSD_PTRDIFF_T_'],
    ...['___int_ptrdiff_t_h', '_GCC_PTRDIFF_T', '_PTRDIFF_T_DECLARED', '__DEFINED_ptrdiff_t'],
  ],
  size_t: [
    ...['__size_t__', '__SIZE_T__', '_SIZE_T', '_SYS_SIZE_T_H', '_T_SIZE_', '_T_SIZE', '__SIZE_T', '_SIZE_T_'],
    ...['_BSD_SIZE_T_', '_SIZE_T_DEFINED_', '_SIZE_T_DEFINED', '_BSD_SIZE_T_DEFINED_', '_SIZE_T_DECLARED'],
    ...['__DEFINED_size_t', '___int_size_t_h', '_GCC_SIZE_T', '_SIZET_', '__size_t'],
  ],
  wchar_t: [
    ...['__wchar_t__', '__WCHAR_T__', '_WCHAR_T', '_T_WCHAR_', '_T_WCHAR', '__WCHAR_T', '_WCHAR_T_'],
    ...['_WCHAR_T_DEFINED_', '_WCHAR_T_DEFINED', '_WCHAR_T_H', '___int_wchar_t_h'],
    ...['__INT_WCHAR_T_H', '_GCC_WCHAR_T', '_WCHAR_T_DECLARED', '__DEFINED_wchar_t'],
  ],
};

/** Returns the definition of a type, if the whole header or this type is asked for. */
function typeText(type: keyof typeof guards): string {
  const names = guards[type];
  const base = `__${type.slice(0, -'_t'.length).toUpperCase()}_TYPE__`;
  return `
#if defined _STDDEF_H || defined __need_${type}
#if ${names.map((name) => `!defined ${name}`).join(' && ')}
${names.map((name) => `#define ${name}`).join('\n')}
typedef ${base} ${type};
#endif
#undef __need_${type}
#endif`;
}

const needed = ['ptrdiff_t', 'size_t', 'wchar_t', 'NULL', 'wint_t'].map((name) => `defined __need_${name}`);

export const stddef: string = `
#if !(${needed.join(' || ')})
#define _STDDEF_H
#define _STDDEF_H_
#define _ANSI_STDDEF_H
#endif
${typeText('ptrdiff_t')}
${typeText('size_t')}
${typeText('wchar_t')}
#ifdef __need_wint_t
#ifndef _WINT_T
#define _WINT_T
typedef __WINT_TYPE__ wint_t;
#endif
#undef __need_wint_t
#endif
#if defined _STDDEF_H || defined __need_NULL
#undef NULL
#define NULL ((void *)0)
#undef __need_NULL
#endif
#ifdef _STDDEF_H
#undef offsetof
#define offsetof(TYPE, MEMBER) __builtin_offsetof(TYPE, MEMBER)
#ifndef _GCC_MAX_ALIGN_T
#define _GCC_MAX_ALIGN_T
typedef struct {
  long long __max_align_ll __attribute__((__aligned__(__alignof__(long long))));
  long double __max_align_ld __attribute__((__aligned__(__alignof__(long double))));
#ifdef __i386__
  __float128 __max_align_f128 __attribute__((__aligned__(__alignof__(__float128))));
#endif
} max_align_t;
#endif
#endif
`;

export const stdarg: string = `
#if !defined _STDARG_H
#ifndef __need___va_list
#define _STDARG_H
#define _ANSI_STDARG_H_
#endif
#undef __need___va_list
#ifndef __GNUC_VA_LIST
#define __GNUC_VA_LIST
typedef __builtin_va_list __gnuc_va_list;
#endif
#ifdef _STDARG_H
#define va_start(v, l) __builtin_va_start(v, l)
#define va_end(v) __builtin_va_end(v)
#define va_arg(v, l) __builtin_va_arg(v, l)
#define va_copy(d, s) __builtin_va_copy(d, s)
#define __va_copy(d, s) __builtin_va_copy(d, s)
#if !(defined _VA_LIST_ || defined _VA_LIST || defined _VA_LIST_DEFINED || defined _VA_LIST_T_H || defined __va_list__)
#define _VA_LIST_
#define _VA_LIST
#define _VA_LIST_DEFINED
#define _VA_LIST_T_H
#define __va_list__
typedef __gnuc_va_list va_list;
#endif
#endif
#endif
`;
