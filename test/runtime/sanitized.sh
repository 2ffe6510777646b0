#!/usr/bin/env bash
# The tests with real vCPUs once more, with an addon under AddressSanitizer and UndefinedBehaviorSanitizer. Node itself
# is as it is, so both are preloaded. Ends with 0 only when all tests passed and nothing was reported.
#
# Leaks are not asked for: V8 leaves at its end what it held all along. test/runtime/lifecycle.test.ts shows those
# of the addon; it does fewer cycles here, as freed memory is kept aside for a while to catch its use. The test of the
# kick protocol is a program of its own, under ThreadSanitizer.
set -eu
cd "$(dirname "$0")/../.."

make -s -C runtime/native sanitized
npm run -s build
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT

status=0
env KVM_UAPI_ADDON="$PWD/build/kvm_uapi_sanitized.node" \
  LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" \
  ASAN_OPTIONS="detect_leaks=0:log_path=$reports/asan" \
  UBSAN_OPTIONS="print_stacktrace=1:log_path=$reports/ubsan" \
  node node_modules/vitest/vitest.mjs run test/runtime test/protocol --exclude test/protocol/thread-sanitizer.test.ts "$@" || status=1

if [ -n "$(ls -A "$reports")" ]; then
  cat "$reports"/*
  status=1
fi
if [ "$status" -eq 0 ]; then echo 'sanitizers: nothing reported'; else echo 'sanitizers: FAILED'; fi
exit "$status"
