// A VM with vCPUs in small real-mode guests, for tests of the native layer without Node.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "../../lib/native/real-mode.h"
#include "run.h"

namespace kvm_uapi::test {

enum class Guest { kSpin, kOut };

class Machine {
 public:
  // One vCPU for each element of `mechanisms`.
  Machine(const std::vector<Mechanism>& mechanisms, int signal_number)
      : kvm_(open_kvm()),
        vm_(std::make_shared<Vm>(create_vm(kvm_.fd))),
        memory_(std::make_shared<Memory>(Mapping::map(-1, memory_size, MAP_PRIVATE | MAP_ANONYMOUS), -1)) {
    set_memory(vm_->fd, 0, 0, 0, at(0), memory_size);
    vm_->slots[0] = {memory_, 0, memory_size, {}};
    memcpy(at(spin_at), spin, sizeof spin);
    memcpy(at(out_at), out_for_ever, sizeof out_for_ever);
    for (const Mechanism mechanism : mechanisms) add(mechanism, signal_number);
  }

  Machine(int count, Mechanism mechanism, int signal_number)
      : Machine(std::vector<Mechanism>(static_cast<size_t>(count), mechanism), signal_number) {}

  size_t size_of() const { return vcpus_.size(); }
  const std::shared_ptr<Vcpu>& operator[](size_t index) const { return vcpus_[index]; }

  // Sets the registers so that the vCPU starts with the guest's first instruction. The vCPU must not be running.
  void place(size_t index, Guest guest) {
    // The data segment gives each vCPU a counter of its own.
    start_at(vcpus_[index]->fd, guest == Guest::kSpin ? spin_at : out_at, static_cast<uint16_t>(index));
  }

  // The counter of the spinning guest.
  uint32_t counter(size_t index) {
    return __atomic_load_n(reinterpret_cast<uint32_t*>(at(counter_at + index * 16)), __ATOMIC_RELAXED);
  }

 private:
  static constexpr size_t spin_at = code_at;
  static constexpr size_t out_at = code_at + 0x100;

  // KVM_SET_SIGNAL_MASK as C has it. Its struct is a length, with the signals directly after it. The header's
  // flexible array has an empty struct. In C++ an empty struct has a size, so the request number and the struct would
  // be wrong.
  static constexpr uint32_t set_signal_mask = _IOW(KVMIO, 0x8b, uint32_t);

  uint8_t* at(size_t offset) { return memory_->mapping->data() + offset; }

  void add(Mechanism mechanism, int signal_number) {
    const auto id = static_cast<unsigned long>(vcpus_.size());
    const int fd = must(ioctl(vm_->fd, KVM_CREATE_VCPU, id), "KVM_CREATE_VCPU");
    std::optional<SetSignalMask> set_mask;
    if (mechanism == Mechanism::kSignalMask) {
      std::vector<uint8_t> argument(sizeof(uint32_t) + sizeof(uint64_t));
      argument[0] = sizeof(uint64_t);
      set_mask = SetSignalMask{set_signal_mask, std::move(argument), sizeof(uint32_t)};
    }
    auto run = Mapping::map(fd, run_size(kvm_.fd), MAP_SHARED);
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
