#include "records.h"

#include <sys/mman.h>
#include <unistd.h>

namespace kvm_uapi {

std::shared_ptr<Mapping> Mapping::map(int fd, size_t length, int flags) {
  void* const data = mmap(nullptr, length, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (data == MAP_FAILED) return nullptr;
  // A child process must not get a copy of guest memory, nor make ours copy-on-write.
  madvise(data, length, MADV_DONTFORK);
  return std::shared_ptr<Mapping>(new Mapping(static_cast<uint8_t*>(data), length));
}

Mapping::~Mapping() { munmap(data_, length_); }

void Mapping::empty() {
  // Should the kernel refuse, the memory goes with the addresses.
  mmap(data_, length_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

Memory::~Memory() {
  mapping->empty();
  if (fd >= 0) close(fd);
}

File::~File() { close(fd); }

Vm::~Vm() { close(fd); }

Vcpu::~Vcpu() { close(fd); }

}  // namespace kvm_uapi
