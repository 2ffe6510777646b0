// Mappings: ranges of addresses of this process, with memory.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <memory>

#include "access-errors.h"

namespace kvm_uapi {

// The page size of this machine.
size_t host_page_size();

// How memory is mapped.
struct MapOptions {
  // The file, or -1 for anonymous memory.
  int fd = -1;
  size_t length = 0;
  int flags = 0;
  off_t offset = 0;
  size_t page_size = host_page_size();
  // Whether the kernel can lack pages of the mapping, see AccessGuard.
  bool can_lack_pages = false;
};

// A range of addresses of this process, with memory. The addresses stay reserved until the last window of JavaScript
// onto them is collected. This also holds for a detached window, because an asynchronous read or write may still use
// the addresses.
class Mapping {
 public:
  // Returns null and sets errno if the kernel refuses.
  static std::shared_ptr<Mapping> map(const MapOptions& options);
  static std::shared_ptr<Mapping> map(int fd, size_t length, int flags, off_t offset = 0);
  // Maps a file of a vCPU. Returns null and sets errno to EINVAL if the kernel has no memory for one of the pages. The
  // kernel maps such a page too, and ends the process with SIGBUS when the page is used.
  static std::shared_ptr<Mapping> map_backed(int fd, size_t length, off_t offset = 0);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  // Frees the memory and keeps the addresses reserved. After this call a system call fails that gets one of the addresses.
  // An access of native code finds zeros, see AccessGuard.
  void empty();

  // Returns whether the `length` bytes at `offset` are whole pages of the mapping, and at least one.
  bool has_pages(uint64_t offset, uint64_t length) const;

  uint8_t* data() const { return data_; }
  size_t length() const { return length_; }
  size_t page_size() const { return page_size_; }
  // How many pages the kernel could not provide. They are zeros, and not connected to the file.
  uint64_t lost_pages() const { return guard_ == nullptr ? 0 : guard_->lost_pages(); }

 private:
  Mapping(uint8_t* data, const MapOptions& options);

  uint8_t* const data_;
  const size_t length_;
  const size_t page_size_;
  std::unique_ptr<AccessGuard> guard_;
};

}  // namespace kvm_uapi
