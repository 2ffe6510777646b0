// The kick protocol under ThreadSanitizer, on real vCPUs and without Node. The program checks that the protocol keeps
// its promises and that there is no data race. It prints one line of JSON for each check, and it exits with 1 if a
// check failed.
//
//   protocol [count=N] [patience=MILLISECONDS] [without=STEP]
//
// The threads of a test share only relaxed atomics. So the test does not hide a data race of the protocol by ordering
// the threads itself.

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "machine.h"

namespace kvm_uapi::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

int count = 50;
std::chrono::milliseconds patience{5000};
const char* without = "";

const int signal_number = SIGRTMAX - 1;

template <typename T>
class Relaxed {
 public:
  operator T() const { return value_.load(std::memory_order_relaxed); }
  void operator=(T value) { value_.store(value, std::memory_order_relaxed); }
  T operator++(int) { return value_.fetch_add(1, std::memory_order_relaxed); }
  // Raises the value to `to`, unless the value is greater already.
  void raise(T to) {
    T seen = *this;
    while (seen < to && !value_.compare_exchange_weak(seen, to, std::memory_order_relaxed)) continue;
  }

 private:
  std::atomic<T> value_{};
};

// The name of the current check, and its first failure.
std::string check_name;
std::mutex failure_mutex;
std::string failure;

void expect(bool is_so, const std::string& otherwise) {
  if (is_so) return;
  std::lock_guard<std::mutex> lock(failure_mutex);
  if (failure.empty()) failure = otherwise;
}

void report_check() {
  std::lock_guard<std::mutex> lock(failure_mutex);
  const std::string text = failure.empty() ? "null" : '"' + failure + '"';
  printf("{\"check\": \"%s\", \"failure\": %s}\n", check_name.c_str(), text.c_str());
  fflush(stdout);
}

template <typename IsSo>
void await(IsSo is_so, const char* what) {
  for (const auto end = Clock::now() + patience; !is_so();) {
    if (Clock::now() > end) {
      // A thread that waits for a lost kick never ends, so the process ends here.
      expect(false, "timed out after " + std::to_string(patience.count()) + " ms: " + what);
      report_check();
      _Exit(1);
    }
    std::this_thread::sleep_for(microseconds(20));
  }
}

// Waits for a random time of up to `at_most` microseconds. A run takes some ten microseconds.
void spend(unsigned at_most) {
  thread_local unsigned state = static_cast<unsigned>(this_thread()) * 2654435761u;
  state = state * 1664525u + 1013904223u;
  const auto end = Clock::now() + std::chrono::nanoseconds((state >> 8) % (at_most * 1000));
  while (Clock::now() < end) continue;
}

constexpr Interruption exited = Interruption::kNone;

// The results of the runs of one vCPU.
struct Account {
  Relaxed<uint64_t> runs, exits, kicks, aborts, timeouts, pauses, busy;
  // The run that delivered the last kick.
  Relaxed<uint64_t> kicked_in;
  Relaxed<bool> over;
};

bool always() { return true; }

Interruption run_once(Vcpu& vcpu, Account& account, const RunOrder& order = {}) {
  account.runs++;
  const int result = run(vcpu, order, always);
  if (result < 0) expect(false, std::string("KVM_RUN: ") + strerror(-result));
  const auto interruption = static_cast<Interruption>(result);
  switch (interruption) {
    case Interruption::kNone:
      account.exits++;
      break;
    case Interruption::kKick:
      account.kicked_in = uint64_t{account.runs};
      account.kicks++;
      break;
    case Interruption::kAbort:
      account.aborts++;
      break;
    case Interruption::kTimeout:
      account.timeouts++;
      break;
    case Interruption::kPause:
      account.pauses++;
      break;
    case Interruption::kProcessSignal:
      expect(false, "a process signal interrupts a run that does not ask for it");
      break;
  }
  return interruption;
}

// A thread that ends like a thread of Node: its vCPUs forget the thread.
class Runner {
 public:
  template <typename Work>
  Runner(std::vector<std::shared_ptr<Vcpu>> vcpus, Work work)
      : thread_([this, vcpus = std::move(vcpus), work] {
          id_ = this_thread();
          work();
          for (const auto& vcpu : vcpus) vcpu->gate.forget_thread(this_thread());
        }) {}
  ~Runner() { thread_.join(); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  pid_t id() {
    await([this] { return id_ != 0; }, "the thread of the runner starts");
    return id_;
  }

 private:
  Relaxed<pid_t> id_;
  std::thread thread_;
};

// All vCPUs of a machine. A thread for each vCPU runs it again and again, until this object is destroyed.
class Crew {
 public:
  using Work = std::function<void(Vcpu&, Account&)>;

  Crew(Machine& machine, Guest guest, Work work) : machine_(machine), accounts(machine.size_of()) {
    for (size_t i = 0; i < machine.size_of(); i++) {
      machine.place(i, guest);
      const auto& vcpu = machine[i];
      runners.push_back(std::make_unique<Runner>(std::vector{vcpu}, [work, vcpu, &account = accounts[i]] {
        while (!account.over) work(*vcpu, account);
      }));
    }
  }

  Crew(Machine& machine, Guest guest)
      : Crew(machine, guest, [](Vcpu& vcpu, Account& account) { run_once(vcpu, account); }) {}

  ~Crew() {
    for (size_t i = 0; i < accounts.size(); i++) {
      accounts[i].over = true;
      machine_[i]->gate.kick();
    }
  }

 private:
  Machine& machine_;

 public:
  std::vector<Account> accounts;
  std::vector<std::unique_ptr<Runner>> runners;
};

// Calls `action` in several threads for each vCPU, and waits until all have returned.
template <typename Action>
void with_each(size_t vcpus, int threads_each, Action action) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < vcpus; i++) {
    for (int j = 0; j < threads_each; j++) threads.emplace_back([=] { action(i); });
  }
  for (auto& thread : threads) thread.join();
}

constexpr unsigned phase = 60;

// Kicks and waits for the delivery. Returns the number of the last run that had begun when the kick was given.
uint64_t kick_once(Vcpu& vcpu, Account& account) {
  const uint64_t kicks = account.kicks;
  vcpu.gate.kick();
  const uint64_t run = account.runs;
  await([&] { return account.kicks != kicks; }, "a kick is delivered");
  return run;
}

// The same if no other thread kicks. This run delivers the kick, or the next run does if this run returns with an
// exit.
void kick_alone(Vcpu& vcpu, Account& account) {
  const uint64_t run = kick_once(vcpu, account);
  expect(account.kicked_in <= run + 1, "a kick is delivered late");
}

void every_kick_is_delivered(Mechanism mechanism) {
  for (const Guest guest : {Guest::kSpin, Guest::kOut}) {
    for (const int vcpus : {1, 2, 4}) {
      for (const int kickers : {1, 3}) {
        Machine machine(vcpus, mechanism, signal_number);
        Crew crew(machine, guest);
        const auto kick = [=](Vcpu& vcpu, Account& account) {
          if (kickers == 1)
            kick_alone(vcpu, account);
          else
            kick_once(vcpu, account);
        };
        with_each(machine.size_of(), kickers, [&](size_t i) {
          for (int round = 0; round < count; round++) {
            spend(phase);
            kick(*machine[i], crew.accounts[i]);
          }
        });
        const auto given = static_cast<uint64_t>(count * kickers);
        for (const Account& account : crew.accounts) {
          expect(kickers == 1 ? account.kicks == given : account.kicks <= given,
                 "more kicks are delivered than were given");
          expect(account.aborts + account.timeouts + account.pauses == 0,
                 "an abort, a timeout or a pause is delivered without a request");
          expect((account.exits > 0) == (guest == Guest::kOut), "the guest does not run");
        }
      }
    }
  }
}

void a_kick_waits_for_a_run(Mechanism mechanism) {
  Machine machine(1, mechanism, signal_number);
  machine.place(0, Guest::kSpin);
  Account account;
  const RunOrder shortly = {1000, 0, false};
  for (int round = 0; round < count; round++) {
    const uint32_t counter = machine.counter(0);
    with_each(1, 2, [&](size_t) { machine[0]->gate.kick(); });
    expect(run_once(*machine[0], account) == Interruption::kKick, "a kick before a run does not interrupt the run");
    expect(machine.counter(0) == counter, "an instruction runs before a kick is delivered");
    expect(run_once(*machine[0], account, shortly) == Interruption::kTimeout,
           "two kicks before a run are delivered twice");
  }
}

void an_abort_is_of_its_run(Mechanism mechanism) {
  for (const Guest guest : {Guest::kSpin, Guest::kOut}) {
    for (const int vcpus : {1, 4}) {
      Machine machine(vcpus, mechanism, signal_number);
      std::vector<Relaxed<uint64_t>> asked(machine.size_of());
      // The number of a run is its position in the account.
      Crew crew(machine, guest, [&](Vcpu& vcpu, Account& account) {
        size_t i = 0;
        while (machine[i].get() != &vcpu) i++;
        const uint64_t number = account.runs + 1;
        if (run_once(vcpu, account, {0, number, false}) != Interruption::kAbort) return;
        expect(asked[i] >= number, "an abort interrupts a later run");
      });
      with_each(machine.size_of(), 3, [&](size_t i) {
        Account& account = crew.accounts[i];
        for (int round = 0; round < count; round++) {
          const uint64_t number = account.runs;
          spend(phase);
          asked[i].raise(number);
          machine[i]->gate.abort(number);
          if (round % 8 == 0) kick_once(*machine[i], account);
          await([&] { return account.runs > number; }, "a run is aborted");
          // This run is over, so the abort has no effect.
          machine[i]->gate.abort(number);
        }
      });
      for (const Account& account : crew.accounts)
        expect(guest == Guest::kOut || account.aborts > 0, "no run is aborted");
    }
  }
}

void a_paused_vcpu_stays_out(Mechanism mechanism) {
  for (const int vcpus : {1, 2}) {
    Machine machine(vcpus, mechanism, signal_number);
    // The number is odd while the vCPU may be paused.
    std::vector<Relaxed<uint64_t>> changes(machine.size_of());
    Crew crew(machine, Guest::kSpin, [&](Vcpu& vcpu, Account& account) {
      const auto& change = changes[&vcpu == machine[0].get() ? 0 : 1];
      const uint64_t before = change;
      const bool is_pause = run_once(vcpu, account) == Interruption::kPause;
      expect(!is_pause || before % 2 == 1 || change != before, "a vCPU is paused after it was resumed");
    });
    with_each(machine.size_of(), 1, [&](size_t i) {
      Account& account = crew.accounts[i];
      KickGate& gate = machine[i]->gate;
      for (int round = 0; round < count; round++) {
        const uint64_t pauses = account.pauses;
        spend(phase);
        changes[i]++;
        gate.pause(true);
        await([&] { return account.pauses > pauses; }, "a vCPU is paused");
        const uint32_t counter = machine.counter(i);
        kick_alone(*machine[i], account);
        await([&] { return account.pauses > pauses + 5; }, "every run is interrupted during a pause");
        expect(machine.counter(i) == counter, "a paused guest runs");
        gate.pause(false);
        changes[i]++;
        await([&] { return machine.counter(i) != counter; }, "a vCPU continues after it was resumed");
      }
    });
  }
}

void a_timeout_is_of_its_run(Mechanism mechanism) {
  for (const Guest guest : {Guest::kSpin, Guest::kOut}) {
    for (const int vcpus : {1, 4}) {
      Machine machine(vcpus, mechanism, signal_number);
      Crew crew(machine, guest, [guest](Vcpu& vcpu, Account& account) {
        // The timeouts grow from too short for one instruction to much longer than an exit.
        run_once(vcpu, account, {int64_t{1} << (account.runs % 20), 0, false});
        if (guest == Guest::kSpin) return;
        expect(run_once(vcpu, account) != Interruption::kTimeout, "a timeout interrupts a later run");
      });
      with_each(machine.size_of(), 1, [&](size_t i) {
        Account& account = crew.accounts[i];
        for (int round = 0; round < count; round++) {
          const uint64_t timeouts = account.timeouts;
          await([&] { return account.timeouts > timeouts + 5; }, "a timeout is delivered");
          spend(phase);
          kick_alone(*machine[i], account);
        }
        expect(account.kicks == static_cast<uint64_t>(count), "more kicks are delivered than were given");
      });
    }
  }
}

void threads_take_turns(Mechanism mechanism) {
  for (const int vcpus : {1, 2}) {
    Machine machine(vcpus, mechanism, signal_number);
    std::vector<Account> accounts(machine.size_of());
    for (size_t i = 0; i < machine.size_of(); i++) machine.place(i, Guest::kSpin);
    std::vector<Relaxed<bool>> inside(machine.size_of());
    // A chain is a sequence of threads, one after the other. Each thread ends after some runs. Two chains share each
    // vCPU.
    const auto chain = [&](size_t i) {
      const auto& vcpu = machine[i];
      for (int link = 0; link < 4 + count / 10; link++) {
        Runner runner({vcpu}, [&, i] {
          for (int turns = 0; turns < 10;) {
            const int64_t timeout = turns % 2 == 0 ? 200'000 : 0;
            const int result = run(*vcpu, {timeout, 0, false, -1}, always);
            if (result == -EBUSY) {
              accounts[i].busy++;
              std::this_thread::sleep_for(microseconds(20));
              continue;
            }
            turns++;
            if (result == static_cast<int>(Interruption::kKick))
              accounts[i].kicks++;
            else
              expect(timeout != 0 && result == static_cast<int>(Interruption::kTimeout),
                     "a timeout ends a run of another thread");
          }
        });
      }
    };
    std::thread kickers([&] {
      with_each(machine.size_of(), 2, [&](size_t i) {
        Account& account = accounts[i];
        while (!account.over) {
          const uint64_t kicks = account.kicks;
          spend(phase);
          machine[i]->gate.kick();
          await([&] { return account.kicks != kicks || account.over; }, "a kick is delivered");
        }
      });
    });
    with_each(machine.size_of(), 2, chain);
    for (Account& account : accounts) {
      account.over = true;
      expect(account.kicks > 0 && account.busy > 0, "no kick was delivered, or no thread found the vCPU busy");
    }
    kickers.join();
  }
}

void stray_signals_do_not_come_out(Mechanism mechanism) {
  Machine machine(2, mechanism, signal_number);
  Crew crew(machine, Guest::kSpin);
  Relaxed<bool> over;
  std::thread flood([&] {
    while (!over) {
      for (const auto& runner : crew.runners) syscall(SYS_tgkill, getpid(), runner->id(), signal_number);
      spend(phase);
    }
  });
  with_each(machine.size_of(), 1, [&](size_t i) {
    for (int kick = 0; kick < count; kick++) {
      const uint32_t counter = machine.counter(i);
      await([&] { return machine.counter(i) != counter; }, "the guest counts");
      kick_alone(*machine[i], crew.accounts[i]);
    }
    expect(crew.accounts[i].runs <= static_cast<uint64_t>(count + 1), "a stray signal ends a run");
  });
  over = true;
  flood.join();
}

void the_ticker_ends_runs(Mechanism mechanism) {
  for (int round = 0; round < 2 + count / 50; round++) {
    Machine machine(4, mechanism, signal_number);
    Relaxed<bool> ending;
    Relaxed<int> ended;
    {
      std::vector<std::unique_ptr<Runner>> runners;
      for (size_t i = 0; i < machine.size_of(); i++) {
        machine.place(i, Guest::kSpin);
        vcpus().add(machine[i]);
        runners.push_back(std::make_unique<Runner>(std::vector{machine[i]}, [&, i] {
          const int result = run(*machine[i], {}, [&] { return !bool{ending}; });
          expect(ending && result == -ECANCELED, "a run ends without the end of its thread, or not with -ECANCELED");
          ended++;
        }));
      }
      for (size_t i = 0; i < machine.size_of(); i++) {
        await([&] { return machine.counter(i) != 0; }, "the guest runs");
      }
      ending = true;
      await([&] { return ended == static_cast<int>(machine.size_of()); }, "the runs end");
    }
  }
}

void a_vcpu_may_go_while_it_is_kicked(Mechanism mechanism) {
  Relaxed<uint64_t> id;
  Relaxed<bool> over;
  std::thread kickers([&] {
    with_each(1, 3, [&](size_t) {
      while (!over) {
        spend(phase);
        if (const auto vcpu = vcpus().find(id)) vcpu->gate.kick();
      }
    });
  });
  for (int round = 0; round < 5 + count / 5; round++) {
    Machine machine(1, mechanism, signal_number);
    machine.place(0, Guest::kSpin);
    Account account;
    Runner runner({machine[0]}, [&] {
      id = vcpus().add(machine[0]);
      while (account.kicks < 3) run_once(*machine[0], account);
      account.over = true;
    });
    await([&] { return bool{account.over}; }, "a kick is delivered");
  }
  over = true;
  kickers.join();
}

void both_mechanisms_take_turns_on_a_thread() {
  Machine machine({Mechanism::kImmediateExit, Mechanism::kSignalMask}, signal_number);
  Account accounts[2];
  for (size_t i = 0; i < 2; i++) machine.place(i, Guest::kSpin);
  Relaxed<bool> over;
  Runner runner({machine[0], machine[1]}, [&] {
    for (size_t i = 0; !over; i = 1 - i)
      while (!over && run_once(*machine[i], accounts[i]) != Interruption::kKick) continue;
  });
  with_each(2, 2, [&](size_t i) {
    for (int kick = 0; kick < count; kick++) {
      const uint64_t kicks = accounts[i].kicks;
      spend(phase);
      machine[i]->gate.kick();
      // The kick is delivered when the runner runs this vCPU, so this thread kicks the other vCPU too.
      await(
          [&] {
            machine[1 - i]->gate.kick();
            return accounts[i].kicks != kicks;
          },
          "a kick is delivered");
    }
  });
  over = true;
  for (size_t i = 0; i < 2; i++) machine[i]->gate.kick();
}

#ifdef KVM_UAPI_TEST_HOOKS

// Kicks in each gap. The hooks hold the runner in the gap, so that no kick depends on chance.
void every_kick_in_a_gap_is_delivered(Mechanism mechanism) {
  using hooks::Gap;
  Machine machine(1, mechanism, signal_number);
  hooks::Points& points = machine[0]->gate.points;
  Crew crew(machine, Guest::kSpin);
  Account& account = crew.accounts[0];
  await([&] { return machine.counter(0) != 0; }, "the guest runs");
  const int change = hooks::index_of(hooks::change_names, without);
  for (const Gap gap : {Gap::R1, Gap::R2, Gap::R4, Gap::R5, Gap::R7}) {
    for (int round = 0; round < count; round++) {
      const uint64_t kicks = account.kicks;
      points.hold(gap);
      // A signal gets the runner out of the guest, so that the runner arrives at the gap.
      await(
          [&] {
            machine[0]->gate.stray();
            return points.await_parked(1);
          },
          "the runner arrives at the gap");
      if (change >= 0) points.set_changed(static_cast<hooks::Change>(change), true);
      machine[0]->gate.kick();
      points.hold(Gap::none);
      await([&] { return account.kicks != kicks; }, "a kick is delivered");
      if (change >= 0) points.set_changed(static_cast<hooks::Change>(change), false);
    }
  }
}

#endif

// If the handler is installed through the C library, ThreadSanitizer defers the handler until the thread is in a
// blocking call of that library. The handler would then set the flag too late. So the handler is installed with the
// system call.
#ifdef __x86_64__
extern "C" void restore_from_signal();
asm("restore_from_signal:\n  mov $15, %eax\n  syscall\n");
#endif

void install_at_kernel() {
  struct {
    void (*handler)(int, siginfo_t*, void*) = &KickGate::handle;
    unsigned long flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
#ifdef __x86_64__
    void (*restorer)() = restore_from_signal;
#endif
    uint64_t mask = 0;
  } action;
#ifdef __x86_64__
  constexpr unsigned long has_restorer = 0x04000000;
  action.flags |= has_restorer;
#endif
  must(static_cast<int>(syscall(SYS_rt_sigaction, signal_number, &action, nullptr, sizeof action.mask)),
       "rt_sigaction");
}

struct Check {
  const char* name;
  void (*of)(Mechanism);
};

constexpr Check checks[] = {
#ifdef KVM_UAPI_TEST_HOOKS
    {"every kick in a gap is delivered", every_kick_in_a_gap_is_delivered},
#endif
    {"every kick is delivered", every_kick_is_delivered},
    {"a kick before a run interrupts that run", a_kick_waits_for_a_run},
    {"an abort interrupts only its own run", an_abort_is_of_its_run},
    {"a paused vCPU stays out of KVM_RUN", a_paused_vcpu_stays_out},
    {"a timeout interrupts only its own run", a_timeout_is_of_its_run},
    {"threads take turns with a vCPU", threads_take_turns},
    {"stray signals do not end a run", stray_signals_do_not_come_out},
    {"the ticker ends the runs of ending threads", the_ticker_ends_runs},
    {"a vCPU can be released while it is kicked", a_vcpu_may_go_while_it_is_kicked},
};

bool do_check(const std::string& name, const std::function<void()>& check) {
  check_name = name;
  failure.clear();
  check();
  report_check();
  return failure.empty();
}

}  // namespace

int all_checks(int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    int number = 0;
    if (sscanf(argv[i], "count=%d", &count) == 1) continue;
    if (sscanf(argv[i], "patience=%d", &number) == 1) patience = std::chrono::milliseconds(number);
    if (strncmp(argv[i], "without=", 8) == 0) without = argv[i] + 8;
  }
  install_at_kernel();
  bool good = true;
  for (const Check& check : checks) {
    good &= do_check(std::string(check.name) + ": immediate_exit", [&] { check.of(Mechanism::kImmediateExit); });
    good &= do_check(std::string(check.name) + ": signal_mask", [&] { check.of(Mechanism::kSignalMask); });
  }
  good &= do_check("both mechanisms take turns on a thread", both_mechanisms_take_turns_on_a_thread);
  return good ? 0 : 1;
}

}  // namespace kvm_uapi::test

int main(int argc, char** argv) { return kvm_uapi::test::all_checks(argc, argv); }
