// Drives one vCPU of a machine, answers its device accesses, and prints every exit. test/helpers/tracing.ts writes the
// description of the machine and drives the same machine with the library. Both must print the same text.
//
// The program reads from standard input a struct description, its slots, struct kvm_sregs, struct kvm_regs and the
// memory. It prints a line for each exit, then the registers, then a hash of the memory.

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>

#include "../../lib/native/real-mode.h"

struct description {
  // The seed of the answers of the devices. It is not 0.
  uint64_t seed;
  uint64_t most_exits;
  // Whether to complete the operation of each exit, and to print the registers, before the guest goes on.
  uint64_t completes;
  // The argument of KVM_SET_GUEST_DEBUG.
  uint64_t debug;
  // The argument of KVM_CAP_X86_USER_SPACE_MSR, and whether MSR accesses fail.
  uint64_t msr_reasons;
  uint64_t msr_error;
  // The number of interrupts for the guest, and their vector. Each is delivered as soon as the guest accepts it.
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

static void take(void* bytes, size_t size, const char* what) {
  if (fread(bytes, 1, size, stdin) == size) return;
  fprintf(stderr, "%s: the input is incomplete\n", what);
  exit(2);
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

  const int kvm = open_kvm();
  const int vm = create_vm(kvm);
  for (uint32_t i = 0; i < machine.slots; i++) {
    void* const part = memory + slots[i].offset;
    set_memory(vm, i, (uint32_t)slots[i].flags, slots[i].guest_address, part, slots[i].size);
  }
  free(slots);
  if (machine.msr_reasons != 0) {
    struct kvm_enable_cap cap = {.cap = KVM_CAP_X86_USER_SPACE_MSR, .args = {machine.msr_reasons}};
    must(ioctl(vm, KVM_ENABLE_CAP, &cap), "KVM_ENABLE_CAP");
  }
  vcpu = must(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
  run = map(vcpu, run_size(kvm), MAP_SHARED);
  must(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
  must(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
  if (machine.debug != 0) {
    struct kvm_guest_debug debug = {.control = (uint32_t)machine.debug};
    must(ioctl(vcpu, KVM_SET_GUEST_DEBUG, &debug), "KVM_SET_GUEST_DEBUG");
  }
  run->request_interrupt_window = machine.interrupts > 0;
}

// The answers of the devices: xorshift32.
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

static void print_bytes(const uint8_t* bytes, size_t size) {
  for (size_t i = 0; i < size; i++) printf("%02x", bytes[i]);
  putchar('\n');
}

static void print_number(const char* of, const char* name, uint64_t value) {
  printf("%s%s %" PRIx64 "\n", of, name, value);
}

static void print_regs(void) {
  struct kvm_regs regs;
  must(ioctl(vcpu, KVM_GET_REGS, &regs), "KVM_GET_REGS");
#define PRINT(name) print_number("regs.", #name, regs.name)
  PRINT(rax), PRINT(rbx), PRINT(rcx), PRINT(rdx), PRINT(rsi), PRINT(rdi), PRINT(rsp), PRINT(rbp);
  PRINT(r8), PRINT(r9), PRINT(r10), PRINT(r11), PRINT(r12), PRINT(r13), PRINT(r14), PRINT(r15);
  PRINT(rip), PRINT(rflags);
#undef PRINT
}

static void print_segment(const char* of, const struct kvm_segment* segment) {
#define PRINT(name) print_number(of, #name, segment->name)
  PRINT(base), PRINT(limit), PRINT(selector), PRINT(type), PRINT(present), PRINT(dpl), PRINT(db), PRINT(s), PRINT(l),
      PRINT(g);
  PRINT(avl), PRINT(unusable);
#undef PRINT
}

static void print_sregs(void) {
  struct kvm_sregs sregs;
  must(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
#define PRINT(name) print_segment("sregs." #name ".", &sregs.name)
  PRINT(cs), PRINT(ds), PRINT(es), PRINT(fs), PRINT(gs), PRINT(ss), PRINT(tr), PRINT(ldt);
#undef PRINT
#define PRINT(name) print_number("sregs.", #name, sregs.name)
  PRINT(gdt.base), PRINT(gdt.limit), PRINT(idt.base), PRINT(idt.limit);
  PRINT(cr0), PRINT(cr2), PRINT(cr3), PRINT(cr4), PRINT(cr8), PRINT(efer), PRINT(apic_base);
  PRINT(interrupt_bitmap[0]), PRINT(interrupt_bitmap[1]), PRINT(interrupt_bitmap[2]), PRINT(interrupt_bitmap[3]);
#undef PRINT
}

static void serve_msr(const char* name, bool reads) {
  run->msr.error = (uint8_t)machine.msr_error;
  if (reads) answer((uint8_t*)&run->msr.data, sizeof run->msr.data);
  printf("%s %x, reason %x, data %" PRIx64 "\n", name, run->msr.index, run->msr.reason, (uint64_t)run->msr.data);
}

// Prints an exit, and answers it.
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
      print_bytes(data, size);
      return;
    }
    case KVM_EXIT_MMIO:
      if (!run->mmio.is_write) answer(run->mmio.data, run->mmio.len);
      printf("%s %" PRIx64 ", size %u, data ", run->mmio.is_write ? "write" : "read", (uint64_t)run->mmio.phys_addr,
             run->mmio.len);
      print_bytes(run->mmio.data, run->mmio.len);
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

// Completes the operation of the last exit. With immediate_exit set, KVM_RUN returns before the guest goes on.
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
    print_regs();
  }
  complete();
  print_regs();
  print_sregs();
  print_number("", "memory", fnv1a(memory, machine.memory_size));
  return 0;
}
