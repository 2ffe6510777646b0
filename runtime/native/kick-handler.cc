// The handler of the kick signal. It has a file of its own because the programs under ThreadSanitizer compile it without
// instrumentation: the handler can interrupt the thread inside the runtime of ThreadSanitizer, and that runtime cannot be
// entered a second time.
#include "kick.h"

namespace kvm_uapi {

thread_local KickGate* volatile KickGate::current_ = nullptr;

void KickGate::handle(int, siginfo_t* info, void*) {
  KickGate* const gate = current_;
  if (gate == nullptr) return;
  gate->take(*info);
  if (gate->mechanism_ == Mechanism::kImmediateExit) gate->set_flag();
}

void KickGate::take(const siginfo_t& info) {
  if (info.si_code != SI_TIMER) {
    in_flight_.store(false);
  } else if (armed_) {
    timed_out_ = true;
  }
}

}  // namespace kvm_uapi
