// The loops of tools/bench/runtime/ in C. They show the cost of the kernel alone.
//
// Reads commands from standard input, one on each line, and prints one line for each:
//   exits N     N port exits of a real-mode guest, decoded: the nanoseconds for all of them, and a checksum
//   served N    the same, with the bytes that the guest sends
//   calls N     N calls of the shortest ioctl, FIOCLEX on a memfd: the nanoseconds for all of them
//   kicks N V   N kicks by this thread, one after the other, of V vCPUs that spin on threads of their own: the median
//               time from the kick to the return, in nanoseconds

#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"

#define KICK_SIGNAL (SIGRTMAX - 1)

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static uint64_t sum_of(const uint8_t* data, uint32_t size) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < size; i++) sum += data[i];
  return sum;
}

static void exits(const struct machine* machine, long count, bool with_data) {
  uint64_t sum = 0;
  const int64_t start = now();
  for (long i = 0; i < count; i++) {
    must(ioctl(machine->vcpu, KVM_RUN, 0), "KVM_RUN");
    const struct kvm_run* const run = machine->run;
    if (run->exit_reason != KVM_EXIT_IO) exit(3);
    sum += run->io.direction + run->io.size + run->io.port + run->io.count + run->io.data_offset;
    if (with_data) sum += sum_of((const uint8_t*)run + run->io.data_offset, run->io.count * run->io.size);
  }
  printf("%ld %lu\n", (long)(now() - start), (unsigned long)sum);
}

static void calls(int fd, long count) {
  const int64_t start = now();
  for (long i = 0; i < count; i++) must(ioctl(fd, FIOCLEX, 0), "FIOCLEX");
  printf("%ld 0\n", (long)(now() - start));
}

// A vCPU and its kick protocol, as in runtime/native/kick.h with immediate_exit.
struct spinner {
  struct machine machine;
  atomic_ulong requested;
  unsigned long delivered;
  atomic_bool running;
  pthread_mutex_t thread_mutex;
  pid_t thread;
  atomic_bool in_flight;
  pthread_t pthread;
  atomic_long returned_at;
};

enum { most_spinners = 4 };
static struct spinner spinners[most_spinners];
static __thread struct spinner* volatile current;
static atomic_bool over;
static sem_t returned;

static void set_flag(struct spinner* spinner, uint8_t value) {
  __atomic_store_n(&spinner->machine.run->immediate_exit, value, __ATOMIC_RELAXED);
}

static void handler(int signal_number, siginfo_t* info, void* context) {
  (void)signal_number, (void)info, (void)context;
  struct spinner* const spinner = current;
  if (spinner == NULL) return;
  atomic_store(&spinner->in_flight, false);
  set_flag(spinner, 1);
}

static void kick(struct spinner* spinner) {
  atomic_fetch_add(&spinner->requested, 1);
  if (!atomic_load(&spinner->running)) return;
  pthread_mutex_lock(&spinner->thread_mutex);
  if (spinner->thread != 0 && !atomic_load(&spinner->in_flight)) {
    atomic_store(&spinner->in_flight, true);
    syscall(SYS_tgkill, getpid(), spinner->thread, KICK_SIGNAL);
  }
  pthread_mutex_unlock(&spinner->thread_mutex);
}

// Runs the vCPU until it is kicked.
static void run(struct spinner* spinner) {
  unsigned long requested;
  current = spinner;
  do {
    atomic_store_explicit(&spinner->in_flight, false, memory_order_relaxed);
    atomic_store(&spinner->running, true);
    if (atomic_load(&spinner->requested) != spinner->delivered) set_flag(spinner, 1);
    must(ioctl(spinner->machine.vcpu, KVM_RUN, 0) < 0 ? 0 : -1, "exit of a guest that spins");
    atomic_store_explicit(&spinner->running, false, memory_order_release);
    set_flag(spinner, 0);
    requested = atomic_load(&spinner->requested);
  } while (requested == spinner->delivered);
  spinner->delivered = requested;
  current = NULL;
  set_flag(spinner, 0);
}

static void* spin_over_and_over(void* argument) {
  struct spinner* const spinner = argument;
  pthread_mutex_lock(&spinner->thread_mutex);
  spinner->thread = (pid_t)syscall(SYS_gettid);
  pthread_mutex_unlock(&spinner->thread_mutex);
  for (;;) {
    run(spinner);
    if (atomic_load(&over)) return NULL;
    atomic_store(&spinner->returned_at, now());
    sem_post(&returned);
  }
}

// Kicks at a random phase. Returns the time until the run returned, in nanoseconds.
static int64_t latency(struct spinner* spinner) {
  static unsigned seed = 1;
  const int64_t kicked_at = now() + rand_r(&seed) % 200000;
  while (now() < kicked_at) continue;
  const int64_t start = now();
  kick(spinner);
  while (sem_wait(&returned) != 0) continue;
  return atomic_load(&spinner->returned_at) - start;
}

static int by_value(const void* a, const void* b) {
  const int64_t x = *(const int64_t*)a, y = *(const int64_t*)b;
  return (x > y) - (x < y);
}

static void kicks(long count, long vcpus) {
  if (vcpus > most_spinners) exit(3);
  int64_t* const latencies = malloc((size_t)count * sizeof *latencies);
  must(latencies == NULL ? -1 : 0, "malloc");
  atomic_store(&over, false);
  for (long i = 0; i < vcpus; i++) {
    must(-pthread_create(&spinners[i].pthread, NULL, spin_over_and_over, &spinners[i]), "pthread_create");
  }
  // The first kick may find the vCPU before its first run, so it does not count.
  for (long i = 0; i < vcpus; i++) latency(&spinners[i]);
  for (long i = 0; i < count; i++) latencies[i] = latency(&spinners[i % vcpus]);
  atomic_store(&over, true);
  for (long i = 0; i < vcpus; i++) {
    kick(&spinners[i]);
    pthread_join(spinners[i].pthread, NULL);
  }
  qsort(latencies, (size_t)count, sizeof *latencies, by_value);
  printf("%ld 0\n", (long)latencies[count / 2]);
  free(latencies);
}

int main(void) {
  const struct machine ports = machine_with(out_for_ever, sizeof out_for_ever);
  const int file = memfd_create("loop", MFD_CLOEXEC);
  must(file, "memfd_create");
  for (int i = 0; i < most_spinners; i++) {
    spinners[i].machine = machine_with(spin, sizeof spin);
    pthread_mutex_init(&spinners[i].thread_mutex, NULL);
  }
  sem_init(&returned, 0, 0);
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
  sigaction(KICK_SIGNAL, &action, NULL);
  char order[16];
  long count;
  long vcpus;
  while (scanf("%15s %ld", order, &count) == 2) {
    if (strcmp(order, "exits") == 0)
      exits(&ports, count, false);
    else if (strcmp(order, "served") == 0)
      exits(&ports, count, true);
    if (strcmp(order, "calls") == 0) calls(file, count);
    if (strcmp(order, "kicks") == 0 && scanf("%ld", &vcpus) == 1) kicks(count, vcpus);
    fflush(stdout);
  }
  return 0;
}
