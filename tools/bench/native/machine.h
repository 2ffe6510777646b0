// A machine of one vCPU in real mode, as guests/ has it, for C and for C++.
#pragma once

#include <fcntl.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

// The guests `outForEver` and `spin` of tools/guests/real-mode.ts.
static const uint8_t out_for_ever[] = {0xba, 0xf8, 0x03, 0xee, 0xeb, 0xfd};
static const uint8_t spin[] = {0x66, 0xff, 0x06, 0x00, 0x80, 0xeb, 0xf9};

struct machine {
  int vcpu;
  struct kvm_run* run;
  size_t run_size;
};

static inline void must(int good, const char* what) {
  if (good) return;
  perror(what);
  exit(2);
}

static inline struct machine machine_with(const uint8_t* code, size_t length) {
  const int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  must(kvm >= 0, "open /dev/kvm");
  const int vm = ioctl(kvm, KVM_CREATE_VM, 0);
  must(vm >= 0, "KVM_CREATE_VM");
  must(ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000) == 0, "KVM_SET_TSS_ADDR");
  uint8_t* const memory = (uint8_t*)mmap(NULL, 0x10000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(memory != MAP_FAILED, "mmap");
  memcpy(memory + 0x1000, code, length);
  struct kvm_userspace_memory_region region;
  memset(&region, 0, sizeof region);
  region.memory_size = 0x10000;
  region.userspace_addr = (uintptr_t)memory;
  must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0, "KVM_SET_USER_MEMORY_REGION");
  struct machine machine;
  machine.vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
  must(machine.vcpu >= 0, "KVM_CREATE_VCPU");
  machine.run_size = (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
  void* const run = mmap(NULL, machine.run_size, PROT_READ | PROT_WRITE, MAP_SHARED, machine.vcpu, 0);
  must(run != MAP_FAILED, "mmap of the vCPU");
  machine.run = (struct kvm_run*)run;
  struct kvm_sregs sregs;
  must(ioctl(machine.vcpu, KVM_GET_SREGS, &sregs) == 0, "KVM_GET_SREGS");
  sregs.cs.base = 0;
  sregs.cs.selector = 0;
  must(ioctl(machine.vcpu, KVM_SET_SREGS, &sregs) == 0, "KVM_SET_SREGS");
  struct kvm_regs regs;
  memset(&regs, 0, sizeof regs);
  regs.rip = 0x1000;
  regs.rflags = 2;
  must(ioctl(machine.vcpu, KVM_SET_REGS, &regs) == 0, "KVM_SET_REGS");
  return machine;
}
