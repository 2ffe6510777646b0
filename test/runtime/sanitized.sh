#!/usr/bin/env bash
# sanitized.sh [files]: runs all tests with real vCPUs, or only those of the files, with an addon under AddressSanitizer and
# UndefinedBehaviorSanitizer. Node itself has no sanitizers, so both libraries are preloaded. The exit code is 0 only if all
# tests pass and no sanitizer reports an error.
#
# The check for leaks is off, because V8 does not free all its memory at the end. test/runtime/lifecycle.test.ts finds leaks
# of the addon. It runs fewer cycles here, because AddressSanitizer keeps freed memory for a while to catch its use. The test
# of the kick protocol is a program of its own, which runs under ThreadSanitizer.
set -eu
cd "$(dirname "$0")/../.."

[ "$#" -gt 0 ] || set -- test/runtime test/protocol
make -s -C runtime/native sanitized
npm run -s build
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT

status=0
env KVM_UAPI_ADDON="$PWD/build/kvm_uapi_sanitized.node" \
  LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" \
  ASAN_OPTIONS="detect_leaks=0:log_path=$reports/asan" \
  UBSAN_OPTIONS="print_stacktrace=1:log_path=$reports/ubsan" \
  node node_modules/vitest/vitest.mjs run "$@" --exclude test/protocol/thread-sanitizer.test.ts || status=1

if [ -n "$(ls -A "$reports")" ]; then
  cat "$reports"/*
  status=1
fi
if [ "$status" -eq 0 ]; then echo 'sanitizers: nothing reported'; else echo 'sanitizers: FAILED'; fi
exit "$status"
