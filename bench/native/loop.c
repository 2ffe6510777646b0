// The same loops as bench/runtime.ts, in C: what the kernel alone costs.
//
// Reads orders from standard input, one a line, and answers each with one line:
//   exits N   N port exits of a real-mode guest, decoded; nanoseconds for all of them, and a checksum
//   calls N   N calls of the shortest ioctl there is, FIOCLEX on a memfd; nanoseconds for all of them
//   kicks N   N kicks of a spinning guest by another thread; the median from kick to return, in nanoseconds

#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const uint8_t out_for_ever[] = {0xba, 0xf8, 0x03, 0xee, 0xeb, 0xfd};  // mov dx, 0x3f8; next: out dx, al; jmp next
static const uint8_t spin[] = {0xeb, 0xfe};                                  // jmp .

struct machine {
  int vcpu;
  struct kvm_run* run;
};

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void must(int good, const char* what) {
  if (good) return;
  perror(what);
  exit(2);
}

static struct machine machine_with(const uint8_t* code, size_t length) {
  const int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  must(kvm >= 0, "open /dev/kvm");
  const int vm = ioctl(kvm, KVM_CREATE_VM, 0);
  must(vm >= 0, "KVM_CREATE_VM");
  uint8_t* const memory = mmap(NULL, 0x10000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  must(memory != MAP_FAILED, "mmap");
  memcpy(memory + 0x1000, code, length);
  struct kvm_userspace_memory_region region = {.memory_size = 0x10000, .userspace_addr = (uintptr_t)memory};
  must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0, "KVM_SET_USER_MEMORY_REGION");
  struct machine machine = {.vcpu = ioctl(vm, KVM_CREATE_VCPU, 0)};
  must(machine.vcpu >= 0, "KVM_CREATE_VCPU");
  machine.run = mmap(NULL, (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE, MAP_SHARED, machine.vcpu, 0);
  must(machine.run != MAP_FAILED, "mmap of the vCPU");
  struct kvm_sregs sregs;
  must(ioctl(machine.vcpu, KVM_GET_SREGS, &sregs) == 0, "KVM_GET_SREGS");
  sregs.cs.base = sregs.cs.selector = 0;
  must(ioctl(machine.vcpu, KVM_SET_SREGS, &sregs) == 0, "KVM_SET_SREGS");
  struct kvm_regs regs = {.rip = 0x1000, .rflags = 2};
  must(ioctl(machine.vcpu, KVM_SET_REGS, &regs) == 0, "KVM_SET_REGS");
  return machine;
}

static void exits(const struct machine* machine, long count) {
  uint64_t sum = 0;
  const int64_t start = now();
  for (long i = 0; i < count; i++) {
    must(ioctl(machine->vcpu, KVM_RUN, 0) == 0, "KVM_RUN");
    const struct kvm_run* const run = machine->run;
    if (run->exit_reason != KVM_EXIT_IO) exit(3);
    sum += run->io.direction + run->io.size + run->io.port + run->io.count + run->io.data_offset;
  }
  printf("%ld %lu\n", (long)(now() - start), (unsigned long)sum);
}

static void calls(int fd, long count) {
  const int64_t start = now();
  for (long i = 0; i < count; i++) must(ioctl(fd, FIOCLEX, 0) == 0, "FIOCLEX");
  printf("%ld 0\n", (long)(now() - start));
}

// The kick, as runtime/native/kick.h has it.
static struct kvm_run* volatile kicked_run;
static atomic_ulong requested;
static atomic_int running;
static atomic_long turn;
static atomic_long kicked_at;
static pid_t vcpu_thread;

static void handler(int signal_number) {
  (void)signal_number;
  kicked_run->immediate_exit = 1;
}

static void* kicker(void* argument) {
  const long count = (long)(intptr_t)argument;
  unsigned seed = 1;
  for (long seen = 0; seen < count;) {
    if (atomic_load(&turn) == seen) continue;
    seen++;
    const int64_t until = now() + rand_r(&seed) % 200000;
    while (now() < until) continue;
    atomic_store(&kicked_at, now());
    atomic_fetch_add(&requested, 1);
    if (atomic_load(&running)) syscall(SYS_tgkill, getpid(), vcpu_thread, SIGRTMAX - 2);
  }
  return NULL;
}

static int by_value(const void* a, const void* b) {
  const int64_t x = *(const int64_t*)a, y = *(const int64_t*)b;
  return (x > y) - (x < y);
}

static void kicks(const struct machine* machine, long count) {
  int64_t* const latencies = malloc((size_t)count * sizeof *latencies);
  must(latencies != NULL, "malloc");
  const struct sigaction action = {.sa_handler = handler};
  sigaction(SIGRTMAX - 2, &action, NULL);
  kicked_run = machine->run;
  vcpu_thread = (pid_t)syscall(SYS_gettid);
  atomic_store(&turn, 0);
  unsigned long consumed = atomic_load(&requested);
  pthread_t thread;
  must(pthread_create(&thread, NULL, kicker, (void*)(intptr_t)count) == 0, "pthread_create");
  for (long i = 0; i < count; i++) {
    atomic_fetch_add(&turn, 1);
    do {
      machine->run->immediate_exit = 0;
      atomic_store(&running, 1);
      if (atomic_load(&requested) != consumed) machine->run->immediate_exit = 1;
      must(ioctl(machine->vcpu, KVM_RUN, 0) < 0, "a spinning guest came back");
      atomic_store(&running, 0);
      machine->run->immediate_exit = 0;
    } while (atomic_load(&requested) == consumed);
    consumed = atomic_load(&requested);
    latencies[i] = now() - atomic_load(&kicked_at);
  }
  pthread_join(thread, NULL);
  qsort(latencies, (size_t)count, sizeof *latencies, by_value);
  printf("%ld 0\n", (long)latencies[count / 2]);
  free(latencies);
}

int main(void) {
  const struct machine ports = machine_with(out_for_ever, sizeof out_for_ever);
  const struct machine spinning = machine_with(spin, sizeof spin);
  const int file = memfd_create("loop", MFD_CLOEXEC);
  must(file >= 0, "memfd_create");
  char order[16];
  long count;
  while (scanf("%15s %ld", order, &count) == 2) {
    if (strcmp(order, "exits") == 0) exits(&ports, count);
    if (strcmp(order, "calls") == 0) calls(file, count);
    if (strcmp(order, "kicks") == 0) kicks(&spinning, count);
    fflush(stdout);
  }
  return 0;
}
