/**
 * The builtins that GCC 12 knows on every target: the names for which `__has_builtin` is not 0. Builtins for single
 * instructions of a processor are left out, because no header of the kernel or of a library tests for them.
 */

import { madeOnce, type Names, namesIn } from './names.js';

/** Functions of the C library. Each of them is also a builtin with the prefix `__builtin_`. */
const libraryFunctions = `
_Exit __clear_cache __fprintf_chk __memcpy_chk __memmove_chk __mempcpy_chk __memset_chk __printf_chk __snprintf_chk
__sprintf_chk __stpcpy_chk __stpncpy_chk __strcat_chk __strcpy_chk __strncat_chk __strncpy_chk __vfprintf_chk
__vprintf_chk __vsnprintf_chk __vsprintf_chk _exit abort abs acos acosf acosh acoshf acoshl acosl aligned_alloc alloca
asin asinf asinh asinhf asinhl asinl atan atan2 atan2f atan2l atanf atanh atanhf atanhl atanl bcmp bcopy bzero cabs
cabsf cabsl cacos cacosf cacosh cacoshf cacoshl cacosl calloc carg cargf cargl casin casinf casinh casinhf casinhl
casinl catan catanf catanh catanhf catanhl catanl cbrt cbrtf cbrtl ccos ccosf ccosh ccoshf ccoshl ccosl ceil ceilf
ceilf32 ceilf32x ceilf64 ceill cexp cexpf cexpl cimag cimagf cimagl clog clog10 clog10f clog10l clogf clogl conj conjf
conjl copysign copysignf copysignf32 copysignf32x copysignf64 copysignl cos cosf cosh coshf coshl cosl cpow cpowf
cpowl cproj cprojf cprojl creal crealf creall csin csinf csinh csinhf csinhl csinl csqrt csqrtf csqrtl ctan ctanf
ctanh ctanhf ctanhl ctanl dcgettext dgettext drem dremf dreml erf erfc erfcf erfcl erff erfl execl execle execlp execv
execve execvp exit exp exp10 exp10f exp10l exp2 exp2f exp2l expf expl expm1 expm1f expm1l fabs fabsf fabsf32 fabsf32x
fabsf64 fabsl fdim fdimf fdiml feclearexcept fegetenv fegetexceptflag fegetround feholdexcept feraiseexcept fesetenv
fesetexceptflag fesetround fetestexcept feupdateenv ffs ffsimax ffsl ffsll finite finitef finitel floor floorf
floorf32 floorf32x floorf64 floorl fma fmaf fmaf32 fmaf32x fmaf64 fmal fmax fmaxf fmaxf32 fmaxf32x fmaxf64 fmaxl fmin
fminf fminf32 fminf32x fminf64 fminl fmod fmodf fmodl fork fprintf fprintf_unlocked fputc fputc_unlocked fputs
fputs_unlocked free frexp frexpf frexpl fscanf fwrite fwrite_unlocked gamma gamma_r gammaf gammaf_r gammal gammal_r
gettext hypot hypotf hypotl ilogb ilogbf ilogbl imaxabs index isalnum isalpha isascii isblank iscntrl isdigit isgraph
isinf isinff isinfl islower isnan isnanf isnanl isprint ispunct isspace isupper iswalnum iswalpha iswblank iswcntrl
iswdigit iswgraph iswlower iswprint iswpunct iswspace iswupper iswxdigit isxdigit j0f j0l j1f j1l jnf jnl labs ldexp
ldexpf ldexpl lgamma lgamma_r lgammaf lgammaf_r lgammal lgammal_r llabs llrint llrintf llrintl llround llroundf
llroundl log log10 log10f log10l log1p log1pf log1pl log2 log2f log2l logb logbf logbl logf logl lrint lrintf lrintl
lround lroundf lroundl malloc memchr memcmp memcpy memmove mempcpy memset modf modff modfl nan nanf nanf32 nanf32x
nanf64 nanl nearbyint nearbyintf nearbyintf32 nearbyintf32x nearbyintf64 nearbyintl nextafter nextafterf nextafterl
nexttoward nexttowardf nexttowardl posix_memalign pow pow10 pow10f pow10l powf powl printf printf_unlocked putc
putc_unlocked putchar putchar_unlocked puts puts_unlocked realloc remainder remainderf remainderl remquo remquof
remquol rindex rint rintf rintf32 rintf32x rintf64 rintl round roundeven roundevenf roundevenf32 roundevenf32x
roundevenf64 roundevenl roundf roundf32 roundf32x roundf64 roundl scalb scalbf scalbl scalbln scalblnf scalblnl scalbn
scalbnf scalbnl scanf signbit signbitf signbitl significand significandf significandl sin sincos sincosf sincosl sinf
sinh sinhf sinhl sinl snprintf sprintf sqrt sqrtf sqrtf32 sqrtf32x sqrtf64 sqrtl sscanf stpcpy stpncpy strcasecmp
strcat strchr strcmp strcpy strcspn strdup strfmon strftime strlen strncasecmp strncat strncmp strncpy strndup strnlen
strpbrk strrchr strspn strstr tan tanf tanh tanhf tanhl tanl tgamma tgammaf tgammal toascii tolower toupper towlower
towupper trunc truncf truncf32 truncf32x truncf64 truncl vfprintf vfscanf vprintf vscanf vsnprintf vsprintf vsscanf
y0f y0l y1f y1l ynf ynl
`;

/** Builtins whose names continue `__builtin_`. */
const prefixed = `
FILE FUNCTION LINE acc_on_device add_overflow add_overflow_p adjust_descriptor adjust_trampoline
aggregate_incoming_address alloca_with_align alloca_with_align_and_max apply apply_args assoc_barrier assume_aligned
bswap16 bswap32 bswap64 cexpi cexpif cexpil choose_expr classify_type clear_padding clrsb clrsbimax clrsbl clrsbll clz
clzimax clzl clzll constant_p convertvector ctz ctzimax ctzl ctzll dwarf_cfa dwarf_sp_column dynamic_object_size
eh_copy_values eh_filter eh_pointer eh_return eh_return_data_regno expect expect_with_probability extend_pointer
extract_return_addr fpclassify frame_address frob_return_addr has_attribute huge_val huge_valf huge_valf32
huge_valf32x huge_valf64 huge_vall iceil iceilf iceill ifloor ifloorf ifloorl inf inff inff32 inff32x inff64 infl
init_descriptor init_dwarf_reg_size_table init_heap_trampoline init_trampoline irint irintf irintl iround iroundf
iroundl isfinite isinf_sign isnormal j0 j1 jn lceil lceilf lceill lfloor lfloorf lfloorl llceil llceilf llceill
llfloor llfloorf llfloorl longjmp memcmp_eq mul_overflow mul_overflow_p nans nansf nansf32 nansf32x nansf64 nansl
next_arg nonlocal_goto object_size offsetof parity parityimax parityl parityll popcount popcountimax popcountl
popcountll powi powif powil prefetch return return_address sadd_overflow saddl_overflow saddll_overflow saveregs
set_thread_pointer setjmp setjmp_receiver setjmp_setup shuffle shufflevector smul_overflow smull_overflow
smulll_overflow speculation_safe_value speculation_safe_value_1 speculation_safe_value_2 speculation_safe_value_4
speculation_safe_value_8 speculation_safe_value_ptr ssub_overflow ssubl_overflow ssubll_overflow stack_restore
stack_save strcmp_eq strncmp_eq sub_overflow sub_overflow_p thread_pointer trap types_compatible_p uadd_overflow
uaddl_overflow uaddll_overflow umul_overflow umull_overflow umulll_overflow unreachable unwind_init unwind_resume
update_setjmp_buf usub_overflow usubl_overflow usubll_overflow va_arg_pack va_arg_pack_len va_copy va_end va_start y0
y1 yn
`;

const others = `
__atomic_add_fetch __atomic_add_fetch_1 __atomic_add_fetch_2 __atomic_add_fetch_4 __atomic_add_fetch_8
__atomic_always_lock_free __atomic_and_fetch __atomic_and_fetch_1 __atomic_and_fetch_2 __atomic_and_fetch_4
__atomic_and_fetch_8 __atomic_clear __atomic_compare_exchange __atomic_compare_exchange_1 __atomic_compare_exchange_2
__atomic_compare_exchange_4 __atomic_compare_exchange_8 __atomic_compare_exchange_n __atomic_exchange
__atomic_exchange_1 __atomic_exchange_2 __atomic_exchange_4 __atomic_exchange_8 __atomic_exchange_n
__atomic_feraiseexcept __atomic_fetch_add __atomic_fetch_add_1 __atomic_fetch_add_2 __atomic_fetch_add_4
__atomic_fetch_add_8 __atomic_fetch_and __atomic_fetch_and_1 __atomic_fetch_and_2 __atomic_fetch_and_4
__atomic_fetch_and_8 __atomic_fetch_nand __atomic_fetch_nand_1 __atomic_fetch_nand_2 __atomic_fetch_nand_4
__atomic_fetch_nand_8 __atomic_fetch_or __atomic_fetch_or_1 __atomic_fetch_or_2 __atomic_fetch_or_4
__atomic_fetch_or_8 __atomic_fetch_sub __atomic_fetch_sub_1 __atomic_fetch_sub_2 __atomic_fetch_sub_4
__atomic_fetch_sub_8 __atomic_fetch_xor __atomic_fetch_xor_1 __atomic_fetch_xor_2 __atomic_fetch_xor_4
__atomic_fetch_xor_8 __atomic_is_lock_free __atomic_load __atomic_load_1 __atomic_load_2 __atomic_load_4
__atomic_load_8 __atomic_load_n __atomic_nand_fetch __atomic_nand_fetch_1 __atomic_nand_fetch_2 __atomic_nand_fetch_4
__atomic_nand_fetch_8 __atomic_or_fetch __atomic_or_fetch_1 __atomic_or_fetch_2 __atomic_or_fetch_4
__atomic_or_fetch_8 __atomic_signal_fence __atomic_store __atomic_store_1 __atomic_store_2 __atomic_store_4
__atomic_store_8 __atomic_store_n __atomic_sub_fetch __atomic_sub_fetch_1 __atomic_sub_fetch_2 __atomic_sub_fetch_4
__atomic_sub_fetch_8 __atomic_test_and_set __atomic_thread_fence __atomic_xor_fetch __atomic_xor_fetch_1
__atomic_xor_fetch_2 __atomic_xor_fetch_4 __atomic_xor_fetch_8 __sync_add_and_fetch __sync_add_and_fetch_1
__sync_add_and_fetch_2 __sync_add_and_fetch_4 __sync_add_and_fetch_8 __sync_and_and_fetch __sync_and_and_fetch_1
__sync_and_and_fetch_2 __sync_and_and_fetch_4 __sync_and_and_fetch_8 __sync_bool_compare_and_swap
__sync_bool_compare_and_swap_1 __sync_bool_compare_and_swap_2 __sync_bool_compare_and_swap_4
__sync_bool_compare_and_swap_8 __sync_fetch_and_add __sync_fetch_and_add_1 __sync_fetch_and_add_2
__sync_fetch_and_add_4 __sync_fetch_and_add_8 __sync_fetch_and_and __sync_fetch_and_and_1 __sync_fetch_and_and_2
__sync_fetch_and_and_4 __sync_fetch_and_and_8 __sync_fetch_and_nand __sync_fetch_and_nand_1 __sync_fetch_and_nand_2
__sync_fetch_and_nand_4 __sync_fetch_and_nand_8 __sync_fetch_and_or __sync_fetch_and_or_1 __sync_fetch_and_or_2
__sync_fetch_and_or_4 __sync_fetch_and_or_8 __sync_fetch_and_sub __sync_fetch_and_sub_1 __sync_fetch_and_sub_2
__sync_fetch_and_sub_4 __sync_fetch_and_sub_8 __sync_fetch_and_xor __sync_fetch_and_xor_1 __sync_fetch_and_xor_2
__sync_fetch_and_xor_4 __sync_fetch_and_xor_8 __sync_lock_release __sync_lock_release_1 __sync_lock_release_16
__sync_lock_release_2 __sync_lock_release_4 __sync_lock_release_8 __sync_lock_test_and_set __sync_lock_test_and_set_1
__sync_lock_test_and_set_2 __sync_lock_test_and_set_4 __sync_lock_test_and_set_8 __sync_nand_and_fetch
__sync_nand_and_fetch_1 __sync_nand_and_fetch_2 __sync_nand_and_fetch_4 __sync_nand_and_fetch_8 __sync_or_and_fetch
__sync_or_and_fetch_1 __sync_or_and_fetch_2 __sync_or_and_fetch_4 __sync_or_and_fetch_8 __sync_sub_and_fetch
__sync_sub_and_fetch_1 __sync_sub_and_fetch_2 __sync_sub_and_fetch_4 __sync_sub_and_fetch_8 __sync_synchronize
__sync_val_compare_and_swap __sync_val_compare_and_swap_1 __sync_val_compare_and_swap_2 __sync_val_compare_and_swap_4
__sync_val_compare_and_swap_8 __sync_xor_and_fetch __sync_xor_and_fetch_1 __sync_xor_and_fetch_2
__sync_xor_and_fetch_4 __sync_xor_and_fetch_8 __cyg_profile_func_enter __cyg_profile_func_exit
`;

export const gnuBuiltins: Names = madeOnce(() => [
  ...namesIn(libraryFunctions, others)(),
  ...[...namesIn(libraryFunctions, prefixed)()].map((name) => `__builtin_${name}`),
]);
