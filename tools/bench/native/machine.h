// A machine with one vCPU in real mode, for C and for C++.
#pragma once

#include "../../lib/native/real-mode.h"

struct machine {
  int vcpu;
  struct kvm_run* run;
  size_t run_size;
};

static inline struct machine machine_with(const uint8_t* code, size_t length) {
  const int kvm = open_kvm();
  const int vm = create_vm(kvm);
  uint8_t* const memory = (uint8_t*)map(-1, memory_size, MAP_PRIVATE | MAP_ANONYMOUS);
  memcpy(memory + code_at, code, length);
  set_memory(vm, 0, 0, 0, memory, memory_size);
  struct machine machine;
  machine.vcpu = must(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
  machine.run_size = run_size(kvm);
  machine.run = (struct kvm_run*)map(machine.vcpu, machine.run_size, MAP_SHARED);
  start_at(machine.vcpu, code_at, 0);
  return machine;
}
