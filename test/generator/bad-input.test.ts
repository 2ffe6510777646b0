import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { SourceError } from '../../generator/errors.js';
import { errorLinesOf, hasCompiler, needsCompiler } from '../../tools/lib/gcc.js';
import { type Headers, modelOf } from '../../tools/lib/headers-in-memory.js';

function errorOf(headers: Headers, header?: string, roots?: readonly string[]): SourceError {
  try {
    modelOf(headers, header, roots);
  } catch (error) {
    if (error instanceof SourceError) return error;
    throw error;
  }
  return expect.fail('it is taken for good');
}

/** A header's text, the location of the error, and the message. */
type Row = readonly [text: string, place: string, problem: string];

const never = (what: string): string => `#${what} is never closed; add the missing #endif`;
const unknownType = (name: string): string => `unknown type '${name}'; check for a missing #include`;
const twice = (name: string): string => `'${name}' is already defined at x.h:1; remove one of the definitions`;

const conditionals: readonly Row[] = [
  ['#if 1', '1:2', never('if')],
  ['int a;\n  #ifdef A\nint b;', '2:4', never('ifdef')],
  ['#ifndef A\n#if 1\n#endif\n', '1:2', never('ifndef')],
  ['#if 0\nint a;\n', '1:2', never('if')],
  ['#if 0\n#if 1\n#endif\n', '1:2', never('if')],
  ['#if 1\n#else\nint a;\n', '1:2', never('if')],
  ['#endif', '1:2', '#endif without an #if before it in this file'],
  ['int a;\n\t# endif', '2:4', '#endif without an #if before it in this file'],
  ['#if 1\n#endif\n#endif', '3:2', '#endif without an #if before it in this file'],
  ['#else', '1:2', '#else without an #if before it in this file'],
  ['#elif 1', '1:2', '#elif without an #if before it in this file'],
  ['#if 1\n#else\n#else\n#endif', '3:2', '#else after the #else of this #if'],
  ['#if 0\n#else\n#else\n#endif', '3:2', '#else after the #else of this #if'],
  ['#if 1\n#else\n#elif 1\n#endif', '3:2', '#elif after the #else of this #if'],
  ['#ifdef A\n#else\n#elif 1\n#endif', '3:2', '#elif after the #else of this #ifdef'],
  ['#if\n#endif', '1:2', '#if without an expression'],
  ['#if 0\n#elif\n#endif', '2:2', '#elif without an expression'],
  ['#define NOTHING\n#if NOTHING\n#endif', '2:2', '#if without an expression'],
  ['#ifdef\n#endif', '1:2', 'expected the name of a macro, found the end'],
  ['#ifndef 1\n#endif', '1:9', "expected the name of a macro, found '1'"],
  ['#if 1 +\n#endif', '1:7', 'expected an expression, found the end'],
  ['#if (1\n#endif', '1:6', "expected ')' for the '(' before it, found the end"],
  ['#if 1)\n#endif', '1:6', "expected the end of the condition, found ')'"],
  ['#if 1 2\n#endif', '1:7', "expected the end of the condition, found '2'"],
  ['#if 1 = 1\n#endif', '1:7', "expected the end of the condition, found '='"],
  ['#if 1 ? 2\n#endif', '1:9', "expected ':' for the '?' before it, found the end"],
  ['#if @\n#endif', '1:5', "expected an expression, found '@'"],
  ['#if 1 / 0\n#endif', '1:7', 'division by zero, in the condition of an #if'],
  ['#if 0\n#elif 5 % 0\n#endif', '2:9', 'division by zero, in the condition of an #elif'],
  ['#if 1.0\n#endif', '1:5', 'a floating-point value, not an integer, in the condition of an #if'],
  ['#if "a"\n#endif', '1:5', 'a string, not an integer, in the condition of an #if'],
  ["#if ''\n#endif", '1:5', 'empty character constant, in the condition of an #if'],
  ['#if 09\n#endif', '1:5', "'09' is not an integer constant, in the condition of an #if"],
  ['#if FUNCTION(1)\n#endif', '1:13', "calls 'FUNCTION', which is not defined, in the condition of an #if"],
  ['#if sizeof(int)\n#endif', '1:11', "calls 'sizeof', which is not defined, in the condition of an #if"],
  ['#if 1 ?: 2\n#endif', '1:8', "expected an expression, found ':'"],
  ['#if ()\n#endif', '1:6', "expected an expression, found ')'"],
  ['#if (int)1\n#endif', '1:10', "expected the end of the condition, found '1'"],
  ['#if 08\n#endif', '1:5', "'08' is not an integer constant, in the condition of an #if"],
  ['#if 1i + 1lul\n#endif', '1:5', "'1i' is not an integer constant, in the condition of an #if"],
  ["#if ''\n#endif", '1:5', 'empty character constant, in the condition of an #if'],
  ["#if u8'a'\n#endif", '1:7', "expected the end of the condition, found ''a''"],
  ['#if 0 && "a"\n#endif', '1:10', 'a string, not an integer, in the condition of an #if'],
  ['#if 0 && .5e3f\n#endif', '1:10', 'a floating-point value, not an integer, in the condition of an #if'],
  ['#if ++1\n#endif', '1:5', "expected an expression, found '++'"],
  ['#if 1 += 1\n#endif', '1:7', "expected the end of the condition, found '+='"],
  ['#if x[1]\n#endif', '1:6', "expected the end of the condition, found '['"],
  ['#if defined\n#endif', '1:5', "expected a name after 'defined'"],
  ['#if defined(\n#endif', '1:5', "expected a name after 'defined'"],
  ['#if defined 1\n#endif', '1:5', "expected a name after 'defined'"],
  ['#if defined(A\n#endif', '1:5', "expected ')' after 'defined('"],
  ['#if __has_include\n#endif', '1:5', "expected '(' after __has_include"],
  ['#if __has_include(\n#endif', '1:5', "the '(' after __has_include is never closed"],
  ['#if __has_include(x)\n#endif', '1:5', 'expected ("header") or (<header>) after __has_include'],
  ['#if __has_attribute\n#endif', '1:5', "expected '(' after __has_attribute"],
];

const directives: readonly Row[] = [
  ['/* open', '1:1', 'unterminated comment; add the missing */'],
  ['int a; /* closed */ /* open\n * more\n', '1:21', 'unterminated comment; add the missing */'],
  ['int a; // line\n\n  /* open /* again', '3:3', 'unterminated comment; add the missing */'],
  ['int a; /\\\n* open', '1:8', 'unterminated comment; add the missing */'],
  ['#bogus 1', '1:2', 'unknown directive #bogus'],
  ['int a;\n\t#  defin A 1', '2:5', 'unknown directive #defin'],
  ['#!/bin/sh', '1:2', 'unknown directive #!'],
  ['#error stop  here', '1:2', '#error stop here'],
  ['#if 1\n # error "quoted", don\'t\n#endif', '2:4', '#error "quoted", don\'t'],
  ['#error', '1:2', '#error'],
  ['#define', '1:2', 'expected the name of a macro, found the end'],
  ['#define 1 A', '1:9', "expected the name of a macro, found '1'"],
  ['#define "A" 1', '1:9', `expected the name of a macro, found '"A"'`],
  ['#define defined 1', '1:9', "'defined' cannot be the name of a macro"],
  ['#define A(', '1:10', 'expected the name of a parameter, found the end'],
  ['#define A(x', '1:11', "expected ',' between the parameters of a macro, found the end"],
  ['#define A(x,', '1:12', 'expected the name of a parameter, found the end'],
  ['#define A(x,) x', '1:13', "expected the name of a parameter, found ')'"],
  ['#define A(1) x', '1:11', "expected the name of a parameter, found '1'"],
  ['#define A(x y) x', '1:13', "expected ',' between the parameters of a macro, found 'y'"],
  ['#define A(x, x) x', '1:14', "two parameters called 'x'"],
  ['#define A(..., x) x', '1:14', "expected ')' after '...', found ','"],
  ['#define A(x..., y) x', '1:15', "expected ')' after '...', found ','"],
  ['#define A ## b', '1:11', "'##' cannot be at the start or the end of a macro"],
  ['#define A(x) x ##', '1:16', "'##' cannot be at the start or the end of a macro"],
  ['#undef', '1:2', 'expected the name of a macro, found the end'],
  ['#undef 1', '1:8', "expected the name of a macro, found '1'"],
  ['#include', '1:2', '#include without a header'],
  ['#include x.h', '1:10', 'expected "header" or <header>'],
  ['#include <x.h', '1:10', 'expected "header" or <header>'],
  ['#include "x.h', '1:10', 'expected "header" or <header>'],
  ['#define H 1\n#include H', '2:10', 'expected "header" or <header>'],
  ['#pragma push_macro(A)', '1:9', 'expected ("name") after push_macro'],
  ['int _Pragma(1);', '1:5', 'expected ("pragma") after _Pragma'],
  ['int _Pragma;', '1:5', "expected '(' after _Pragma"],
];

const uses: readonly Row[] = [
  ['#define A(x) x\nint A(1, 2);', '2:5', 'macro A takes 1 argument, but 2 are given'],
  ['#define A(x, y) x\nint A(1);', '2:5', 'macro A takes 2 arguments, but 1 is given'],
  ['#define A(x, y) x\n\n  int A();', '3:7', 'macro A takes 2 arguments, but 1 is given'],
  ['#define A() x\nint A(1);', '2:5', 'macro A takes 0 arguments, but 1 is given'],
  ['#define A(x, y, ...) x\nint A(1);', '2:5', 'macro A takes at least 2 arguments, but 1 is given'],
  ['#define A(x) x\n#define B A(1, 2)\nint B;', '3:5', 'macro A takes 1 argument, but 2 are given'],
  ['#define A(x) x\nint A(1;\nint b;', '2:5', "the arguments of macro A are never closed; add the missing ')'"],
  ['#define A(x) x\nint b = A(A(1);\nint c;', '2:9', "the arguments of macro A are never closed; add the missing ')'"],
  ['#define A(x) x\n#if A(1\n#endif', '2:5', "the arguments of macro A are never closed; add the missing ')'"],
  ['#define A(x) x ## +\nint A(a);', '2:5', "'##' cannot paste 'a' and '+' into one token"],
  ['#define A(x) #y\nA(1)', '1:14', "'#' is not followed by a parameter"],
  ['#define A(x) #\nA(1)', '1:14', "'#' is not followed by a parameter"],
  ['#define A(...) __VA_OPT__(x\nA(1)', '1:26', '__VA_OPT__ is never closed'],
];

const syntax: readonly Row[] = [
  ['struct s {\n  int a [[gnu::packed()]];\n};', '2:16', 'packed(): remove the empty parentheses'],
  ['struct __attribute__((packed(1))) s { int a; };', '1:23', 'attribute packed has 1 argument, but takes none'],
  ['__attribute__((format(printf, 1))) int f(char *, ...);', '1:16', 'attribute format has 2 arguments, but takes 3'],
  ['__attribute__((section(1))) extern int a;', '1:24', 'the argument of attribute section must be a string'],
  ['int a[*];', '1:6', "only a parameter of a function can have '[*]'"],
  [
    'int f(int a[2][static 3]);',
    '1:16',
    "only the outermost array of a parameter can have 'static' or qualifiers in its brackets",
  ],
  ['int f(int a,\n  int a);', '2:7', "parameter 'a' is already declared at x.h:1; rename one"],
  ['int f(int, void);', '1:12', "'void' must be the only parameter"],
  ['int f(static int a);', '1:7', "a parameter cannot be 'static'"],
  ['foo bar;', '1:1', unknownType('foo')],
  ['int a;\n  u32 b;', '2:3', unknownType('u32')],
  ['extern foo bar;', '1:8', unknownType('foo')],
  ['typedef const foo bar;', '1:15', unknownType('foo')],
  ['struct s {\n  u32 a;\n};', '2:3', unknownType('u32')],
  ['struct s { a; };', '1:12', unknownType('a')],
  ['int', '1:1', 'expected a name to declare, found the end'],
  ['int a', '1:5', "expected ';' after a declaration, found the end"],
  ['int a\n\n\n', '1:5', "expected ';' after a declaration, found the end"],
  ['int a = ;', '1:9', "expected a value after '=', found ';'"],
  ['int a =, b;', '1:8', "expected a value after '=', found ','"],
  ['int a int b;', '1:7', "expected ';' after a declaration, found 'int'"],
  ['int a b;', '1:7', "expected ';' after a declaration, found 'b'"],
  ['int 1;', '1:5', "expected a name to declare, found '1'"],
  ['int *;', '1:6', "expected a name to declare, found ';'"],
  ['int a, ;', '1:8', "expected a name to declare, found ';'"],
  ['int a = 1', '1:9', "a declaration has no ';' at its end; add the missing ';'"],
  ['int a = { 1, 2;', '1:9', "'{' is never closed; add the missing '}'"],
  ['typedef', '1:1', 'expected a declaration, found the end'],
  ['typedef int a b;', '1:15', "expected ';' after a declaration, found 'b'"],
  ['struct', '1:1', "expected a tag or '{' after 'struct', found the end"],
  ['struct;', '1:7', "expected a tag or '{' after 'struct', found ';'"],
  ['struct s { int a; }', '1:19', 'expected a name to declare, found the end'],
  ['struct s { int a; } b', '1:21', "expected ';' after a declaration, found the end"],
  ['struct s { int a }', '1:18', "expected ';' after a member, found '}'"],
  ['struct s { int a; ', '1:10', "'{' of struct s is never closed"],
  ['union {\n  struct s {\n    int a;\n  };\n', '1:7', "'{' of a union is never closed"],
  ['struct s { int 1; };', '1:16', "expected the name of a member, found '1'"],
  ['struct s { int a[; };', '1:18', "expected an expression, found ';'"],
  ['struct s { int a]; };', '1:17', "expected ';' after a member, found ']'"],
  ['struct s { int a[3;] };', '1:19', "expected ']' after a dimension, found ';'"],
  ['struct s { int (*a; };', '1:21', "found '}', but ')' must come first"],
  ['struct s { int a) };', '1:17', "expected ';' after a member, found ')'"],
  ['struct s { int a:; };', '1:18', "expected an expression, found ';'"],
  ['struct s { int a, ; };', '1:19', "expected the name of a member, found ';'"],
  ['struct s { int a = 1; };', '1:18', "expected ';' after a member, found '='"],
  ['struct s { typedef int t; };', '1:12', "a member cannot be 'typedef'"],
  ['struct s { static int a; };', '1:12', "a member cannot be 'static'"],
  ['struct s { int a; } }', '1:21', "expected a name to declare, found '}'"],
  ['struct s int a;', '1:10', "'int' after a type; check for a missing ';'"],
  ['struct s { int a; }\nint b;', '2:1', "'int' after a type; check for a missing ';'"],
  ['typedef int t;\nt unsigned a;', '2:3', "'unsigned' after a type; check for a missing ';'"],
  ['}', '1:1', "expected a declaration, found '}'"],
  [')', '1:1', "expected a declaration, found ')'"],
  ['int a[3}', '1:8', "expected ']' after a dimension, found '}'"],
  ['int a[1 +];', '1:10', "expected an expression, found ']'"],
  ['int (a;', '1:5', "'(' is never closed; add the missing ')'"],
  ['int f(int a;', '1:12', "expected ')' after the parameters of a function, found ';'"],
  ['int f(void) { if (1) { }', '1:13', "'{' is never closed; add the missing '}'"],
  ['int f(void) { (] }', '1:16', "found ']', but ')' must come first"],
  ['enum', '1:1', "expected a tag or '{' after 'enum', found the end"],
  ['enum;', '1:5', "expected a tag or '{' after 'enum', found ';'"],
  ['enum e { };', '1:10', "expected an enumerator, found '}'"],
  ['enum {', '1:6', 'expected an enumerator, found the end'],
  ['enum e { A', '1:10', "expected ',' or '}' after an enumerator, found the end"],
  ['enum e { A B };', '1:12', "expected ',' or '}' after an enumerator, found 'B'"],
  ['enum e { A = };', '1:14', "expected an expression, found '}'"],
  ['enum e { A,, B };', '1:12', "expected an enumerator, found ','"],
  ['enum e { 1 };', '1:10', "expected an enumerator, found '1'"],
  ['int int a;', '1:1', "'int int' is not a type"],
  ['long float a;', '1:1', "'long float' is not a type"],
  ['long long long a;', '1:1', "'long long long' is not a type"],
  ['signed unsigned a;', '1:1', "'signed unsigned' is not a type"],
  ['_Static_assert(1, "x")', '1:22', "expected ';' after _Static_assert(…), found the end"],
  ['_Static_assert 1;', '1:16', "expected '(' after _Static_assert, found '1'"],
  ['_Static_assert(1', '1:16', "expected ')' at the end of _Static_assert, found the end"],
  ['asm;', '1:4', "expected '(' after asm, found ';'"],
  ['asm("x"', '1:4', "'(' is never closed; add the missing ')'"],
  ['int a asm(;', '1:10', "'(' is never closed; add the missing ')'"],
  ['int a __attribute__;', '1:20', "expected '(' after __attribute__, found ';'"],
  ['int a __attribute__(packed);', '1:21', "expected '(' after __attribute__(, found 'packed'"],
  ['int a __attribute__((packed);', '1:20', "__attribute__((…)) needs two ')' at its end"],
  ['int a __attribute__((1));', '1:22', "expected the name of an attribute, found '1'"],
];

const again = "'t' has another type at x.h:1; declare it with one type, or rename one";
const usedEarly = (name: string): string => `'${name}' is used before its declaration at x.h:1; declare it first`;
const incomplete = 'the size of struct s is used before its definition at x.h:1; define it first';
const otherKind = (kind: string): string => `'t' is already declared as ${kind} at x.h:1; rename one`;

const meaning: readonly Row[] = [
  ['int (*p)(\n  int[-1]);', '2:7', 'an array cannot have -1 elements'],
  ['typedef int t;\ntypedef long t;', '2:14', again],
  ['typedef int t;\ntypedef unsigned int t;', '2:22', again],
  ['typedef int t;\ntypedef int *t;', '2:14', again],
  ['typedef int *t;\ntypedef long *t;', '2:15', again],
  ['typedef int t[2];\ntypedef long t[2];', '2:14', again],
  ['typedef int t(void);\ntypedef long t(void);', '2:14', again],
  ['typedef struct { int a; } t;\ntypedef struct { int a; } t;', '2:27', again],
  ['typedef enum { A } t;\ntypedef enum { B } t;', '2:20', again],
  ['typedef struct a t;\ntypedef struct b t;', '2:18', again],
  ['typedef struct a t;\ntypedef union b t;', '2:17', again],
  ['typedef int t; typedef long other;\ntypedef other t;', '2:15', again],
  ['typedef int t;\nextern const int *t;', '2:19', otherKind('a typedef')],
  ['extern int t;\ntypedef int t;', '2:13', otherKind('a variable or a function')],
  ['enum { t };\nint t(void);', '2:5', otherKind('an enumerator')],
  ['int t(void);\nenum { t };', '2:8', otherKind('a variable or a function')],
  ['extern int t;\nextern long t;', '2:13', again],
  ['int t(int);\nint t(long);', '2:5', again],
  ['int t = 1;\nint t = 2;', '2:5', twice('t')],
  ['int t(void) { return 1; }\nint t(void) { return 2; }', '2:5', twice('t')],
  ['int t;\nstatic int t;', '2:12', "'t' is static, but is not static at x.h:1; declare it in one way"],
  [
    'extern int t;\nextern _Thread_local int t;',
    '2:26',
    "'t' is _Thread_local, but is not at x.h:1; declare it in one way",
  ],
  ['struct s;\nunion s *p;', '2:7', "'s' is the tag of a struct at x.h:1, not of a union; rename one"],
  ['struct t {\n  char a[sizeof(struct s)]; }; struct s { int a; };', '2:24', incomplete.replace(':1;', ':2;')],
  ['struct t { struct s a; }; struct s { int a; };', '1:19', incomplete],
  ['struct t { char c[A]; }; enum { A = 3 };', '1:19', usedEarly('A')],
  ['int *p = &x; int x;', '1:11', usedEarly('x')],
  ['static extern int a;', '1:8', "a declaration cannot be 'static' and 'extern'; remove one"],
  ['auto int a;', '1:10', "a variable outside of functions cannot be 'auto'; remove it"],
  ['_Thread_local int f(void);', '1:19', "a function cannot be '_Thread_local'; remove it"],
  ['typedef void v; int f(v, int);', '1:23', "'void' must be the only parameter"],
  ['int f(a) int b; { return 1; }', '1:14', "'b' is not a parameter of this function"],
  ['int f(a) char a[-1]; { return 1; }', '1:17', 'an array cannot have -1 elements'],
  ['__auto_type a = 1, b = 2;', '1:1', '__auto_type is only for one variable with a value; name the type'],
  ['__auto_type *a = 0;', '1:1', '__auto_type is only for one variable with a value; name the type'],
  ['union u { int a; int b[]; };', '1:22', 'an array without a length cannot be in a union'],
  ['typedef int list[]; union u { int a; list b; };', '1:43', 'an array without a length cannot be in a union'],
  ['struct s { int a[]; };', '1:16', 'an array without a length needs another member in its struct'],
  ['struct s { int : 3; int a[]; };', '1:25', 'an array without a length needs another member in its struct'],
  ['struct s {\n  struct nowhere a;\n};', '2:10', 'struct nowhere is not defined for x86_64: its size is unknown'],
  ['struct t; struct s { struct t a[2]; };', '1:29', 'struct t is not defined for x86_64: its size is unknown'],
  ['struct s { enum nowhere a; };', '1:17', 'enum nowhere is not defined for x86_64: its size is unknown'],
  [
    'union t { int a; }; struct s { struct t a; };',
    '1:39',
    "'t' is the tag of a union at x.h:1, not of a struct; rename one",
  ],
  ['struct s { int b[sizeof(struct t)]; };', '1:32', 'struct t is not defined for x86_64: its size is unknown'],
  ['struct s { struct s a; };', '1:8', 'struct s contains itself'],
  ['struct s { struct { struct s a[2]; }; };', '1:8', 'struct s contains itself'],
  ['struct t; struct s { struct t a; }; struct t { struct s b; };', '1:29', incomplete.replace('struct s', 'struct t')],
  ['union s { union s a; };', '1:7', 'union s contains itself'],
  ['struct s {\n  int a;\n  int a;\n};', '3:7', "two members called 'a'"],
  ['struct s { int a, *a; };', '1:20', "two members called 'a'"],
  ['struct s { int a; union { struct { int a; }; }; };', '1:40', "two members called 'a'"],
  ['struct s { int a; };\nstruct s { int a; };', '2:8', twice('s')],
  [
    'struct s { int a; };\nunion s { int a; };',
    '2:7',
    "'s' is the tag of a struct at x.h:1, not of a union; rename one",
  ],
  ['enum s { A };\nstruct s { int a; };', '2:8', "'s' is the tag of an enum at x.h:1, not of a struct; rename one"],
  ['enum s { A };\nenum s { B };', '2:6', twice('s')],
  ['enum s { A, A };', '1:13', twice('A')],
  ['enum { A };\nenum { B, A };', '2:11', twice('A')],
  ['struct s { int a[-1]; };', '1:18', 'an array cannot have -1 elements'],
  ['struct s { int a[1 - 2]; };', '1:20', 'an array cannot have -1 elements'],
  ['struct s { char a[sizeof(int) - 5]; };', '1:31', 'an array cannot have 18446744073709551615 elements'],
  ['struct s { int a[x]; };', '1:18', "'x' is not defined"],
  ['extern int x; struct s { int a[x]; };', '1:32', "'x' is not a constant"],
  ['struct s { int a[1.5]; };', '1:18', 'a floating-point value, not an integer'],
  ['struct s { int a[1 / 0]; };', '1:20', 'division by zero'],
  ['struct s { int a[]; int b; };', '1:16', 'an array without a length must be the last member'],
  ['struct s { int a[2][]; };', '1:16', 'an array whose elements are arrays without a length'],
  [
    'typedef int t __attribute__((aligned(8))); struct s { t a[2]; };',
    '1:57',
    'an array whose elements have 4 bytes and an alignment of 8; the size must be a multiple of the alignment',
  ],
  ['struct s { int a[0x7fffffffffffffff]; };', '1:18', 'an array cannot have 9223372036854775807 elements'],
  ['struct s { int a[1L << 32][1L << 32]; };', '1:16', 'an array too large to have a size'],
  ['struct s { int a:33; };', '1:18', 'a bit-field of 33 bits is wider than its type, which has 32 bits'],
  ['struct s { int a:-1; };', '1:18', 'a bit-field cannot have a width of -1 bits'],
  ['struct s { _Bool a:2; };', '1:20', 'a bit-field of 2 bits is wider than its type, which has 1 bits'],
  ['struct s { int a:0; };', '1:18', 'a bit-field of 0 bits cannot have a name'],
  ['struct s { float a:3; };', '1:18', 'a bit-field must have an integer type'],
  ['struct s { int *a:3; };', '1:17', 'a bit-field must have an integer type'],
  ['struct s { int a:x; };', '1:18', "'x' is not defined"],
  ['struct s { int a(void); };', '1:16', 'a member cannot be a function'],
  ['struct s { void a; };', '1:17', 'a member cannot be void'],
  ['enum e { A = B };', '1:14', "'B' is not defined"],
  ['enum e { A = A };', '1:14', usedEarly('A')],
  ['enum e { A = B, B = A };', '1:14', usedEarly('B')],
  ['enum e { A = 1.5 };', '1:14', 'a floating-point value, not an integer'],
  [
    'enum e { A = 0xffffffffffffffff, B };',
    '1:34',
    'the value 18446744073709551616 of this enumerator overflows unsigned long; state the value',
  ],
  ['struct s { int a; } __attribute__((aligned(3)));', '1:44', 'an alignment of 3; it must be a power of two'],
  ['struct s { int a __attribute__((aligned(-1))); };', '1:41', 'an alignment of -1; it must be a power of two'],
  [
    'struct s { int a __attribute__((aligned(0x20000000))); };',
    '1:41',
    'an alignment of 536870912; it must be at most 268435456',
  ],
  ['struct s { int a __attribute__((aligned(x))); };', '1:41', "'x' is not defined"],
  ['struct s { int a __attribute__((mode(XX))); };', '1:38', 'mode(XX) of this type is not a type of x86_64'],
  ['struct s { float a __attribute__((mode(SI))); };', '1:40', 'mode(SI) of this type is not a type of x86_64'],
  [
    'struct s { int a __attribute__((vector_size(3))); };',
    '1:45',
    'a vector of 3 bytes; the number of elements must be a power of two',
  ],
  ['struct s { __typeof__(x) a; };', '1:23', "'x' is not defined"],
];

/** Texts that GCC accepts but this generator refuses, because the layout could be wrong. */
const stricter: readonly Row[] = [
  [
    'struct s { int a; } __attribute__((scalar_storage_order("big-endian")));',
    '1:36',
    'scalar_storage_order of big-endian is not supported for x86_64, which is little-endian; use types such as __be32',
  ],
  ['struct s { char a[1L << 52], b; };', '1:8', 'a record too large to have a layout'],
];

const tables = { conditionals, directives, uses, syntax, meaning, stricter };

describe('an error in a header', () => {
  describe.each(Object.entries(tables))('%s', (_, rows) => {
    it.each(rows.map(([text, place, problem]) => [JSON.stringify(text), text, place, problem] as const))(
      'the error has the location and the message: %s',
      (_, text, place, problem) => {
        const error = errorOf({ 'x.h': text });
        expect(error.message).toBe(`/include/x.h:${place}: ${problem}`);
        const [line, column] = place.split(':').map(Number);
        expect(error).toMatchObject({ file: '/include/x.h', line, column, problem, exitCode: 2 });
      },
    );
  });

  it.each([
    ['linux/nowhere.h', 'install the Debian package linux-libc-dev, or name the folder that has it with --include'],
    ['asm/nowhere.h', 'install the Debian package linux-libc-dev, or name the folder that has it with --include'],
    ['asm/kvm.h', 'install the Debian package linux-libc-dev (for an architecture with KVM), or name'],
    ['sys/ioctl.h', 'install the Debian package libc6-dev, or name the folder that has it with --include'],
    ['string.h', 'install the Debian package libc6-dev, or name the folder that has it with --include'],
    ['my/own.h', 'name the folder that has it with --include'],
  ])('the error about <%s> names the folders and the package', (name, remedy) => {
    const error = errorOf({ 'a/x.h': `int a;\n  #include <${name}>\n` }, 'x.h', ['a', 'b']);
    expect(error).toMatchObject({ file: 'a/x.h', line: 2, column: 12 });
    expect(error.problem).toContain(`<${name}> not found in a, b; `);
    expect(error.problem).toContain(remedy);
    expect(error.problem.includes('Debian')).toBe(remedy.includes('Debian'));
  });

  it('the error about a missing requested header names the folders and the package', () => {
    const error = errorOf({ 'x.h': '' }, 'linux/kvm.h');
    expect(error.problem).toBe(
      '<linux/kvm.h> not found in /include; install the Debian package linux-libc-dev, or name the folder that has it with --include',
    );
    expect(errorOf({}, 'x.h', []).problem).toContain('<x.h> not found in any include folder (there are none)');
  });

  it('an error in an included header has the location in that header', () => {
    const headers = {
      'x.h': '#include "sub/y.h"\n',
      'sub/y.h': 'int a;\n#include <z.h>\n',
      'z.h': '\n\n  #error here\n',
    };
    expect(errorOf(headers).message).toBe('/include/z.h:3:4: #error here');
    const open = { 'x.h': '#include "sub/y.h"\n#endif\n', 'sub/y.h': '#if 1\nint a;\n' };
    expect(errorOf(open).message).toBe(`/include/sub/y.h:1:2: ${never('if')}`);
    const closed = { 'x.h': '#if 1\n#include "sub/y.h"\n', 'sub/y.h': '#endif\n' };
    expect(errorOf(closed).message).toBe('/include/sub/y.h:1:2: #endif without an #if before it in this file');
    const call = { 'x.h': '#define A(x) x\n#include "y.h"\n1)', 'y.h': 'int b;\nint A(\n' };
    expect(errorOf(call).message).toBe(
      "/include/y.h:2:5: the arguments of macro A are never closed; add the missing ')'",
    );
  });

  // Shows: security 9
  it('a recursive include is an error, directly and through other headers', () => {
    const self = errorOf({ 'x.h': 'int a;\n#include <x.h>\n' });
    expect(self).toMatchObject({ file: '/include/x.h', line: 2, column: 10 });
    expect(self.problem).toBe('recursive include: x.h → x.h → x.h → x.h → x.h → x.h → x.h; add an include guard');
    const cycle = errorOf({ 'x.h': '#include "y.h"\n', 'y.h': '#include "x.h"\n' });
    expect(cycle.problem).toMatch(
      /^recursive include: (?:x\.h → y\.h → |y\.h → x\.h → ){3}[xy]\.h; add an include guard$/,
    );
  });

  it.each([
    ['plain', [0x69, 0x0a, 0x61, 0x20, 0xff], '2:3', 'ff'],
    ['at the start', [0x80], '1:1', '80'],
    [
      'after characters of two, three and four bytes',
      [0xc3, 0xa9, 0xe6, 0x97, 0xa5, 0xf0, 0x9f, 0x98, 0x80, 0xfe],
      '1:5',
      'fe',
    ],
    ['a character cut short', [0x61, 0xe6, 0x97, 0x62], '1:2', 'e6'],
    ['a character cut short by the end', [0x61, 0x0a, 0x0a, 0xc3], '3:1', 'c3'],
    ['a byte too many', [0x61, 0xc3, 0xa9, 0xa9], '1:3', 'a9'],
    ['too long a form', [0x61, 0xc0, 0x80], '1:2', 'c0'],
    ['half of a pair', [0x61, 0x62, 0xed, 0xa0, 0x80], '1:3', 'ed'],
  ] as const)('the error about invalid UTF-8 has the location: %s', (_, bytes, place, byte) => {
    const error = errorOf({ 'x.h': Uint8Array.from(bytes) });
    expect(error.message).toBe(
      `/include/x.h:${place}: not UTF-8: byte 0x${byte}; only a comment or a string may have it`,
    );
  });
});

describe.skipIf(!hasCompiler)(`the same errors in GCC ${needsCompiler}`, () => {
  const rows = Object.entries(tables).flatMap(([table, list]) =>
    table === 'stricter' ? [] : list.map(([text, place]) => ({ table, text, line: Number(place.split(':')[0]) })),
  );
  /** Returns the lines of the errors in each text. */
  let lines: readonly (readonly number[])[];
  beforeAll(() => {
    lines = errorLinesOf(rows.map(({ text }) => `${text}\n`));
  });
  it.each(rows.map((row, index) => [JSON.stringify(row.text), row, index] as const))(
    'GCC reports an error too: %s',
    (_, { table, line }, index) => {
      expect(lines[index]).not.toEqual([]);
      // Compilers report a wrong declaration at different lines. They agree about directives.
      if (table === 'conditionals' || table === 'uses') expect(lines[index]).toContain(line);
    },
  );
});

const sample = `
#ifndef SAMPLE_H
#define SAMPLE_H
#define SIZE(t) sizeof(t)
#define FLAG (1 << 3)
#define CAT(a, b...) a ## b
#if defined(FLAG) && SIZE != 2 || __has_include(<x.h>)
typedef unsigned int u32; typedef struct { u32 a : 3, : 0, b : 5; } __attribute__((packed, aligned(4))) bits;
#else
#error "never"
#endif
enum color { RED, GREEN = 5, BLUE = GREEN + FLAG };
#pragma pack(push, 2)
struct point { int x, y; union { char c[SIZE(u32) * 2]; double d; } __attribute__((aligned(8))); };
#pragma pack(pop)
extern struct point *(*table[3])(int, void (*)(const char *, ...)), origin __asm__("o");
static inline int f(int a) { return a ? (a) : "x"[0]; }
struct list { u32 count; struct point p; __typeof__(origin.x) q; bits entries[]; };
_Static_assert(sizeof(struct point) == 16, "size");
#define NAME "a" "b"
#define VALUE ((u32)-1 > RED ? 'c' : 0x10ULL)
#define TYPE struct point
#endif
`;
const tokens = sample.match(/\n|\w+|"[^"\n]*"|'[^'\n]*'|[^\w\s]|[ \t]+/g) ?? [];
const spare = [
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  ';',
  ',',
  ':',
  '#',
  '##',
  '\n',
  '"',
  "'",
  '/*',
  '*',
  '...',
  '1',
  'x',
  '@',
].concat([
  'int',
  'struct',
  'enum',
  'typedef',
  'sizeof',
  '#if',
  '#endif',
  '#define',
  '__attribute__',
  'RED',
  'SIZE',
  'CAT',
]);
const change = fc.record({
  at: fc.nat(tokens.length - 1),
  how: fc.constantFrom('leave out', 'say twice', 'put before', 'put in its place'),
  other: fc.oneof(fc.constantFrom(...spare), fc.constantFrom(...tokens)),
});

function changed(changes: readonly { readonly at: number; readonly how: string; readonly other: string }[]): string {
  const list = [...tokens];
  for (const { at, how, other } of changes) {
    const token = list[at] ?? '';
    list[at] = { 'leave out': '', 'say twice': `${token} ${token}`, 'put before': `${other} ${token}` }[how] ?? other;
  }
  return list.join('');
}

describe('a randomly changed header', () => {
  it('the unchanged header has no error', () => {
    const { types, constants, omissions } = modelOf({ 'x.h': changed([]) });
    expect(types.map(({ tag }) => tag)).toEqual(['bits', 'point', 'list']);
    expect(constants.map(({ name }) => name)).toEqual(['FLAG', 'NAME', 'VALUE']);
    const names = omissions.map(({ name }) => name);
    expect(names).toEqual(['SAMPLE_H', 'SIZE', 'CAT', 'TYPE', 'u32', 'table', 'origin', 'f']);
  });

  // Shows: security 7
  it('the changed header has no error, or an error with a location in it', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const text = changed(changes);
        const lines = text.split('\n');
        try {
          modelOf({ 'x.h': text });
        } catch (error) {
          expect(error).toBeInstanceOf(SourceError);
          const { file, line, column, problem } = error as SourceError;
          expect(file).toBe('/include/x.h');
          expect(column).toBeGreaterThan(0);
          expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
          expect(problem).not.toBe('');
        }
      }),
      { numRuns: 500 },
    );
  });
});
