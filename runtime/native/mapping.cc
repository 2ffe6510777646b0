#include "mapping.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kvm_uapi {

size_t host_page_size() {
  static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

Mapping::Mapping(uint8_t* data, const MapOptions& options)
    : data_(data), length_(options.length), page_size_(options.page_size) {
  if (options.can_lack_pages) guard_ = std::make_unique<AccessGuard>(data_, length_, page_size_, SIGBUS);
}

std::shared_ptr<Mapping> Mapping::map(const MapOptions& options) {
  void* const data = mmap(nullptr, options.length, PROT_READ | PROT_WRITE, options.flags, options.fd, options.offset);
  if (data == MAP_FAILED) return nullptr;
  // A child process must not get a copy of guest memory, and fork must not make the pages of this process
  // copy-on-write.
  madvise(data, options.length, MADV_DONTFORK);
  return std::shared_ptr<Mapping>(new Mapping(static_cast<uint8_t*>(data), options));
}

std::shared_ptr<Mapping> Mapping::map(int fd, size_t length, int flags, off_t offset) {
  MapOptions options;
  options.fd = fd;
  options.length = length;
  options.flags = flags;
  options.offset = offset;
  return map(options);
}

namespace {

// Returns whether the kernel can read memory. The kernel reads a set of signals before it refuses the operation -1, and
// fails with EFAULT if it cannot.
bool is_readable(const uint8_t* bytes) {
  return syscall(SYS_rt_sigprocmask, -1, bytes, nullptr, sizeof(uint64_t)) == 0 || errno != EFAULT;
}

}  // namespace

std::shared_ptr<Mapping> Mapping::map_backed(int fd, size_t length, off_t offset) {
  auto mapping = map(fd, length, MAP_SHARED, offset);
  if (mapping == nullptr) return nullptr;
  for (size_t at = 0; at < length; at += host_page_size()) {
    if (is_readable(mapping->data() + at)) continue;
    errno = EINVAL;
    return nullptr;
  }
  return mapping;
}

Mapping::~Mapping() {
  guard_.reset();
  munmap(data_, length_);
}

void Mapping::empty() {
  if (guard_ == nullptr) {
    guard_ = std::make_unique<AccessGuard>(data_, length_, page_size_, SIGSEGV);
  } else {
    AccessGuard::install(SIGSEGV);
  }
  // If the kernel refuses this call, the memory stays until the addresses are unmapped.
  mmap(data_, length_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

bool Mapping::has_pages(uint64_t offset, uint64_t length) const {
  return length > 0 && offset <= length_ && length <= length_ - offset && offset % page_size_ == 0 &&
         length % page_size_ == 0;
}

}  // namespace kvm_uapi
