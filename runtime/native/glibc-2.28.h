// The oldest versions of glibc's functions, for an addon that must run with glibc 2.28. A newer glibc gives a function a new
// version when it moves the function from libpthread or librt to libc. The function stays the same, but a program that is
// linked with the new version does not start with an older glibc.
//
// Only the published addons include this file, by an option of the compiler.
#pragma once

#if defined(__x86_64__)
#define KVM_UAPI_OLDEST "GLIBC_2.2.5"
// Version 2.2.5 of the timers took other identifiers.
#define KVM_UAPI_OLDEST_TIMERS "GLIBC_2.3.3"
#elif defined(__aarch64__)
#define KVM_UAPI_OLDEST "GLIBC_2.17"
#define KVM_UAPI_OLDEST_TIMERS "GLIBC_2.17"
#else
#error "the published addons are for x86-64 and arm64"
#endif

#define KVM_UAPI_VERSION(function, version) __asm__(".symver " #function "," #function "@" version)
KVM_UAPI_VERSION(pthread_create, KVM_UAPI_OLDEST);
KVM_UAPI_VERSION(pthread_detach, KVM_UAPI_OLDEST);
KVM_UAPI_VERSION(pthread_mutex_trylock, KVM_UAPI_OLDEST);
KVM_UAPI_VERSION(pthread_sigmask, KVM_UAPI_OLDEST);
KVM_UAPI_VERSION(timer_create, KVM_UAPI_OLDEST_TIMERS);
KVM_UAPI_VERSION(timer_delete, KVM_UAPI_OLDEST_TIMERS);
KVM_UAPI_VERSION(timer_settime, KVM_UAPI_OLDEST_TIMERS);
#undef KVM_UAPI_VERSION
#undef KVM_UAPI_OLDEST
#undef KVM_UAPI_OLDEST_TIMERS
