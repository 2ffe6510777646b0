// Drives one vCPU of a machine that is described to it, answers what its devices are asked for, and tells every exit. The
// library, driving the same machine, has to tell the same: test/helpers/tracing.ts, which writes the description.
//
// Reads from standard input a struct description, its slots, struct kvm_sregs, struct kvm_regs and the memory. Prints a
// line for each exit, then the registers, then a hash of the memory.

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

struct description {
  // What the answers of devices are made of; not 0.
  uint64_t seed;
  uint64_t most_exits;
  // Whether the operation of each exit is completed, and the registers told, before the guest goes on.
  uint64_t completes;
  // For KVM_SET_GUEST_DEBUG.
  uint64_t debug;
  // For KVM_CAP_X86_USER_SPACE_MSR, and whether accesses are answered with an error.
  uint64_t msr_reasons;
  uint64_t msr_error;
  // How many interrupts the guest gets, each as soon as it takes one, and their vector.
  uint64_t interrupts;
  uint64_t vector;
  uint64_t slots;
  uint64_t memory_size;
};

struct slot {
  uint64_t guest_address;
  uint64_t offset;
  uint64_t size;
  uint64_t flags;
};

static struct description machine;
static uint8_t* memory;
static int vcpu;
static struct kvm_run* run;
static uint64_t exits;
static bool at_end;

static int must(int result, const char* what) {
  if (result >= 0) return result;
  perror(what);
  exit(2);
}

static void take(void* bytes, size_t size, const char* what) {
  if (fread(bytes, 1, size, stdin) == size) return;
  fprintf(stderr, "%s: not all there\n", what);
  exit(2);
}

static void* map(int fd, size_t size, int flags) {
  void* const at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
  must(at == MAP_FAILED ? -1 : 0, "mmap");
  return at;
}

static void set_up(void) {
  take(&machine, sizeof machine, "description");
  struct slot* const slots = calloc(machine.slots, sizeof *slots);
  must(slots == NULL ? -1 : 0, "calloc");
  struct kvm_sregs sregs;
  struct kvm_regs regs;
  take(slots, machine.slots * sizeof *slots, "slots");
  take(&sregs, sizeof sregs, "sregs");
  take(&regs, sizeof regs, "regs");
  memory = map(-1, machine.memory_size, MAP_PRIVATE | MAP_ANONYMOUS);
  take(memory, machine.memory_size, "memory");

  const int kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
  const int vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
  must(ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000), "KVM_SET_TSS_ADDR");
  for (uint32_t i = 0; i < machine.slots; i++) {
    struct kvm_userspace_memory_region region = {
        .slot = i,
        .flags = (uint32_t)slots[i].flags,
        .guest_phys_addr = slots[i].guest_address,
        .memory_size = slots[i].size,
        .userspace_addr = (uintptr_t)(memory + slots[i].offset),
    };
    must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
  }
  free(slots);
  if (machine.msr_reasons != 0) {
    struct kvm_enable_cap cap = {.cap = KVM_CAP_X86_USER_SPACE_MSR, .args = {machine.msr_reasons}};
    must(ioctl(vm, KVM_ENABLE_CAP, &cap), "KVM_ENABLE_CAP");
  }
  vcpu = must(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
  const int size = must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
  run = map(vcpu, (size_t)size, MAP_SHARED);
  must(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
  must(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
  if (machine.debug != 0) {
    struct kvm_guest_debug debug = {.control = (uint32_t)machine.debug};
    must(ioctl(vcpu, KVM_SET_GUEST_DEBUG, &debug), "KVM_SET_GUEST_DEBUG");
  }
  run->request_interrupt_window = machine.interrupts > 0;
}

// What devices answer: xorshift32.
static void answer(uint8_t* bytes, size_t size) {
  static uint32_t state;
  if (state == 0) state = (uint32_t)machine.seed;
  for (size_t i = 0; i < size; i++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    bytes[i] = (uint8_t)state;
  }
}

static void tell_bytes(const uint8_t* bytes, size_t size) {
  for (size_t i = 0; i < size; i++) printf("%02x", bytes[i]);
  putchar('\n');
}

static void tell_number(const char* of, const char* name, uint64_t value) {
  printf("%s%s %" PRIx64 "\n", of, name, value);
}

static void tell_regs(void) {
  struct kvm_regs regs;
  must(ioctl(vcpu, KVM_GET_REGS, &regs), "KVM_GET_REGS");
#define TELL(name) tell_number("regs.", #name, regs.name)
  TELL(rax), TELL(rbx), TELL(rcx), TELL(rdx), TELL(rsi), TELL(rdi), TELL(rsp), TELL(rbp);
  TELL(r8), TELL(r9), TELL(r10), TELL(r11), TELL(r12), TELL(r13), TELL(r14), TELL(r15);
  TELL(rip), TELL(rflags);
#undef TELL
}

static void tell_segment(const char* of, const struct kvm_segment* segment) {
#define TELL(name) tell_number(of, #name, segment->name)
  TELL(base), TELL(limit), TELL(selector), TELL(type), TELL(present), TELL(dpl), TELL(db), TELL(s), TELL(l), TELL(g);
  TELL(avl), TELL(unusable);
#undef TELL
}

static void tell_sregs(void) {
  struct kvm_sregs sregs;
  must(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
#define TELL(name) tell_segment("sregs." #name ".", &sregs.name)
  TELL(cs), TELL(ds), TELL(es), TELL(fs), TELL(gs), TELL(ss), TELL(tr), TELL(ldt);
#undef TELL
#define TELL(name) tell_number("sregs.", #name, sregs.name)
  TELL(gdt.base), TELL(gdt.limit), TELL(idt.base), TELL(idt.limit);
  TELL(cr0), TELL(cr2), TELL(cr3), TELL(cr4), TELL(cr8), TELL(efer), TELL(apic_base);
  TELL(interrupt_bitmap[0]), TELL(interrupt_bitmap[1]), TELL(interrupt_bitmap[2]), TELL(interrupt_bitmap[3]);
#undef TELL
}

static void serve_msr(const char* name, bool reads) {
  run->msr.error = (uint8_t)machine.msr_error;
  if (reads) answer((uint8_t*)&run->msr.data, sizeof run->msr.data);
  printf("%s %x, reason %x, data %" PRIx64 "\n", name, run->msr.index, run->msr.reason, (uint64_t)run->msr.data);
}

// Tells an exit, and answers it.
static void serve(void) {
  exits++;
  printf("flags %x, if %u, ready %u, cr8 %" PRIx64 ", apic base %" PRIx64 ": ", run->flags, run->if_flag,
         run->ready_for_interrupt_injection, (uint64_t)run->cr8, (uint64_t)run->apic_base);
  switch (run->exit_reason) {
    case KVM_EXIT_IO: {
      const bool reads = run->io.direction == KVM_EXIT_IO_IN;
      uint8_t* const data = (uint8_t*)run + run->io.data_offset;
      const size_t size = (size_t)run->io.size * run->io.count;
      if (reads) answer(data, size);
      printf("%s %x, size %u, count %u, data ", reads ? "in" : "out", run->io.port, run->io.size, run->io.count);
      tell_bytes(data, size);
      return;
    }
    case KVM_EXIT_MMIO:
      if (!run->mmio.is_write) answer(run->mmio.data, run->mmio.len);
      printf("%s %" PRIx64 ", size %u, data ", run->mmio.is_write ? "write" : "read", (uint64_t)run->mmio.phys_addr,
             run->mmio.len);
      tell_bytes(run->mmio.data, run->mmio.len);
      return;
    case KVM_EXIT_X86_RDMSR:
      serve_msr("rdmsr", true);
      return;
    case KVM_EXIT_X86_WRMSR:
      serve_msr("wrmsr", false);
      return;
    case KVM_EXIT_IRQ_WINDOW_OPEN: {
      printf("irq window\n");
      struct kvm_interrupt interrupt = {.irq = (uint32_t)machine.vector};
      must(ioctl(vcpu, KVM_INTERRUPT, &interrupt), "KVM_INTERRUPT");
      machine.interrupts--;
      run->request_interrupt_window = machine.interrupts > 0;
      return;
    }
    case KVM_EXIT_DEBUG:
      printf("debug %x, pc %" PRIx64 ", dr6 %" PRIx64 ", dr7 %" PRIx64 "\n", run->debug.arch.exception,
             (uint64_t)run->debug.arch.pc, (uint64_t)run->debug.arch.dr6, (uint64_t)run->debug.arch.dr7);
      return;
    case KVM_EXIT_HLT:
      printf("hlt\n");
      at_end = machine.interrupts == 0;
      return;
    case KVM_EXIT_SHUTDOWN:
      printf("shutdown\n");
      at_end = true;
      return;
    case KVM_EXIT_INTERNAL_ERROR:
      printf("internal error %x\n", run->internal.suberror);
      at_end = true;
      return;
    default:
      printf("exit %u\n", run->exit_reason);
      at_end = true;
      return;
  }
}

// Ends what the last exit has left pending: with the flag up KVM_RUN comes back before the guest goes on.
static void complete(void) {
  run->immediate_exit = 1;
  while (ioctl(vcpu, KVM_RUN, 0) == 0) {
    printf("further: ");
    serve();
  }
  must(errno == EINTR ? 0 : -1, "KVM_RUN");
  run->immediate_exit = 0;
}

static uint64_t fnv1a(const uint8_t* bytes, size_t size) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
  return hash;
}

int main(void) {
  set_up();
  while (!at_end && exits < machine.most_exits) {
    must(ioctl(vcpu, KVM_RUN, 0), "KVM_RUN");
    serve();
    if (!machine.completes) continue;
    complete();
    tell_regs();
  }
  complete();
  tell_regs();
  tell_sregs();
  tell_number("", "memory", fnv1a(memory, machine.memory_size));
  return 0;
}
