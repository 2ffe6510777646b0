// A VM with vCPUs in small real-mode guests, for tests of the native layer without Node.
#pragma once

#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <memory>
#include <utility>
#include <vector>

#include "run.h"

namespace kvm_uapi::test {

// Exits when a system call has failed that the test needs.
inline int must(int result, const char* what) {
  if (result >= 0) return result;
  perror(what);
  exit(2);
}

enum class Guest { kSpin, kOut };

class Machine {
 public:
  // One vCPU for each element of `mechanisms`.
  Machine(const std::vector<Mechanism>& mechanisms, int signal_number)
      : kvm_(must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm")),
        vm_(std::make_shared<Vm>(must(ioctl(kvm_.fd, KVM_CREATE_VM, 0), "KVM_CREATE_VM"))),
        memory_(std::make_shared<Memory>(Mapping::map(-1, size, MAP_PRIVATE | MAP_ANONYMOUS), -1)) {
    must(ioctl(vm_->fd, KVM_SET_TSS_ADDR, 0xfffbd000), "KVM_SET_TSS_ADDR");
    kvm_userspace_memory_region region = {};
    region.memory_size = size;
    region.userspace_addr = reinterpret_cast<uintptr_t>(memory_->mapping->data());
    must(ioctl(vm_->fd, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
    vm_->memory[0] = memory_;
    memcpy(at(spin_at), spin_code, sizeof spin_code);
    memcpy(at(out_at), out_code, sizeof out_code);
    for (const Mechanism mechanism : mechanisms) add(mechanism, signal_number);
  }

  Machine(int count, Mechanism mechanism, int signal_number)
      : Machine(std::vector<Mechanism>(static_cast<size_t>(count), mechanism), signal_number) {}

  size_t size_of() const { return vcpus_.size(); }
  const std::shared_ptr<Vcpu>& operator[](size_t index) const { return vcpus_[index]; }

  // Sets the registers so that the vCPU starts with the guest's first instruction. The vCPU must not be running.
  void place(size_t index, Guest guest) {
    Vcpu& vcpu = *vcpus_[index];
    kvm_sregs sregs;
    must(ioctl(vcpu.fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
    sregs.cs.base = 0;
    sregs.cs.selector = 0;
    // The counter of this vCPU.
    sregs.ds.selector = static_cast<uint16_t>(index);
    sregs.ds.base = index * 16;
    must(ioctl(vcpu.fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
    kvm_regs regs = {};
    regs.rip = guest == Guest::kSpin ? spin_at : out_at;
    regs.rflags = 2;
    must(ioctl(vcpu.fd, KVM_SET_REGS, &regs), "KVM_SET_REGS");
  }

  // The counter of the spinning guest.
  uint32_t counter(size_t index) {
    return __atomic_load_n(reinterpret_cast<uint32_t*>(at(counter_at + index * 16)), __ATOMIC_RELAXED);
  }

 private:
  static constexpr size_t size = 0x10000;
  static constexpr size_t spin_at = 0x1000;
  static constexpr size_t out_at = 0x1100;
  static constexpr size_t counter_at = 0x8000;
  // 1: inc dword ptr [0x8000]; jmp 1b
  static constexpr uint8_t spin_code[] = {0x66, 0xff, 0x06, 0x00, 0x80, 0xeb, 0xf9};
  // mov dx, 0x3f8; 1: out dx, al; jmp 1b
  static constexpr uint8_t out_code[] = {0xba, 0xf8, 0x03, 0xee, 0xeb, 0xfd};

  // KVM_SET_SIGNAL_MASK as it is in C. Its struct is a length, and the signals directly after it. In C++ the empty
  // struct in the header's flexible array has a size, which makes the request and the struct wrong.
  static constexpr uint32_t set_signal_mask = _IOW(KVMIO, 0x8b, uint32_t);

  uint8_t* at(size_t offset) { return memory_->mapping->data() + offset; }

  void add(Mechanism mechanism, int signal_number) {
    const auto id = static_cast<unsigned long>(vcpus_.size());
    const int fd = must(ioctl(vm_->fd, KVM_CREATE_VCPU, id), "KVM_CREATE_VCPU");
    const int length = must(ioctl(kvm_.fd, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
    std::optional<SetSignalMask> set_mask;
    if (mechanism == Mechanism::kSignalMask) {
      std::vector<uint8_t> argument(sizeof(uint32_t) + sizeof(uint64_t));
      argument[0] = sizeof(uint64_t);
      set_mask = SetSignalMask{set_signal_mask, std::move(argument), sizeof(uint32_t)};
    }
    auto run = Mapping::map(fd, static_cast<size_t>(length), MAP_SHARED);
    must(run == nullptr ? -1 : 0, "mmap of the vCPU");
    vcpus_.push_back(std::make_shared<Vcpu>(fd, vm_, std::move(run), KVM_RUN, offsetof(kvm_run, immediate_exit),
                                            signal_number, std::move(set_mask)));
  }

  const File kvm_;
  const std::shared_ptr<Vm> vm_;
  const std::shared_ptr<Memory> memory_;
  std::vector<std::shared_ptr<Vcpu>> vcpus_;
};

}  // namespace kvm_uapi::test
