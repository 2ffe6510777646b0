// Small guests in real mode, and the system calls that start them. This header is for C and C++, and it does not use
// the library of this project.
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

// The guests `outForEver` and `spin` of tools/guests/real-mode.ts. The second one counts at `counter_at`.
static const uint8_t out_for_ever[] = {0xba, 0xf8, 0x03, 0xee, 0xeb, 0xfd};
static const uint8_t spin[] = {0x66, 0xff, 0x06, 0x00, 0x80, 0xeb, 0xf9};
enum { code_at = 0x1000, counter_at = 0x8000, memory_size = 0x10000 };

// Returns the result of a system call. Ends the process if the call has failed.
static inline int must(int result, const char* what) {
  if (result >= 0) return result;
  perror(what);
  exit(2);
}

static inline void* map(int fd, size_t size, int flags) {
  void* const at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
  must(at == MAP_FAILED ? -1 : 0, "mmap");
  return at;
}

static inline int open_kvm(void) { return must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm"); }

static inline int create_vm(int kvm) {
  const int vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
  must(ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000), "KVM_SET_TSS_ADDR");
  return vm;
}

static inline void set_memory(int vm, uint32_t slot, uint32_t flags, uint64_t guest_address, void* memory,
                              size_t size) {
  struct kvm_userspace_memory_region region;
  memset(&region, 0, sizeof region);
  region.slot = slot;
  region.flags = flags;
  region.guest_phys_addr = guest_address;
  region.memory_size = size;
  region.userspace_addr = (uintptr_t)memory;
  must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
}

// The number of bytes that a vCPU shares with user space.
static inline size_t run_size(int kvm) {
  return (size_t)must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
}

// Sets the registers so that the vCPU starts at `rip` in real mode. `data_segment` is added to its data addresses, in
// units of 16 bytes.
static inline void start_at(int vcpu, uint64_t rip, uint16_t data_segment) {
  struct kvm_sregs sregs;
  must(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
  sregs.cs.base = 0;
  sregs.cs.selector = 0;
  sregs.ds.selector = data_segment;
  sregs.ds.base = (uint64_t)data_segment * 16;
  must(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
  struct kvm_regs regs;
  memset(&regs, 0, sizeof regs);
  regs.rip = rip;
  regs.rflags = 2;
  must(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}
