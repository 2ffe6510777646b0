#include "records.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "ticker.h"

namespace kvm_uapi {

std::shared_ptr<Mapping> Mapping::map(int fd, size_t length, int flags, off_t offset) {
  void* const data = mmap(nullptr, length, PROT_READ | PROT_WRITE, flags, fd, offset);
  if (data == MAP_FAILED) return nullptr;
  // A child process must not get a copy of guest memory, and fork must not make this process's pages copy-on-write.
  madvise(data, length, MADV_DONTFORK);
  return std::shared_ptr<Mapping>(new Mapping(static_cast<uint8_t*>(data), length));
}

Mapping::~Mapping() { munmap(data_, length_); }

void Mapping::empty() {
  // If the kernel refuses this, the memory stays until the addresses are unmapped.
  mmap(data_, length_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

Memory::~Memory() {
  mapping->empty();
  if (fd >= 0) close(fd);
}

File::~File() { close(fd); }

Vm::~Vm() { close(fd); }

Vcpu::Vcpu(int descriptor, std::shared_ptr<Vm> of, std::shared_ptr<Mapping> mapping, uint32_t request,
           size_t immediate_exit, int signal, std::optional<SetSignalMask> set_mask)
    : fd(descriptor),
      run_request(request),
      vm(std::move(of)),
      run(mapping, -1),
      gate(set_mask ? Mechanism::kSignalMask : Mechanism::kImmediateExit, mapping->data() + immediate_exit, signal),
      set_mask_(std::move(set_mask)) {}

Vcpu::~Vcpu() { close(fd); }

int Vcpu::claim() {
  if (gate.claim()) {
    const int error = start_ticker();
    if (error != 0) return error;
  }
  if (!set_mask_) return 0;
#ifdef KVM_UAPI_TEST_HOOKS
  if (gate.points.changed(hooks::Change::mask_inside)) return 0;
#endif
  // vCPUs with other kick signals may have changed what is blocked on the thread.
  const uint64_t inside = gate.mask_inside();
  if (mask_inside_ == inside) return 0;
  memcpy(set_mask_->argument.data() + set_mask_->signals, &inside, sizeof inside);
  if (ioctl(fd, set_mask_->request, set_mask_->argument.data()) != 0) return -errno;
  mask_inside_ = inside;
  return 0;
}

Registry<Memory>& memories() {
  static auto* const registry = new Registry<Memory>;
  return *registry;
}

Registry<Vcpu>& vcpus() {
  static auto* const registry = new Registry<Vcpu>;
  return *registry;
}

}  // namespace kvm_uapi
