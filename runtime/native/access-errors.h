// Accesses to mappings that would end the process. There are two kinds.
// - The kernel cannot provide a page (SIGBUS). Another process can make a mapped file shorter, a file system can be full, and
//   huge pages can run out.
// - The memory was closed (SIGSEGV). JavaScript has no window any more, but native code of Node can still use the addresses in
//   another thread, such as zlib.
// A signal handler replaces the page with zeros and counts it. A system call that gets such an address fails with EFAULT.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <memory>

namespace kvm_uapi {

struct GuardedRange;

// Guards a range of addresses until the destructor runs. No page is replaced after the destructor.
class AccessGuard {
 public:
  // `page_size` is the page size of the mapping, which can be that of huge pages. `signal` is SIGBUS or SIGSEGV.
  AccessGuard(const uint8_t* start, size_t length, size_t page_size, int signal);
  ~AccessGuard();
  AccessGuard(const AccessGuard&) = delete;
  AccessGuard& operator=(const AccessGuard&) = delete;

  // Guards the range against another signal, too.
  static void install(int signal);

  // How many pages were replaced.
  uint64_t lost_pages() const;

 private:
  GuardedRange* const range_;
};

}  // namespace kvm_uapi
