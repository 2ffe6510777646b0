/*
 * The kick protocol of runtime/native/kick.h in Promela, for the model checker Spin.
 *
 * tools/spin runs the checker. It sets the mechanism and the bounds with -D, and it changes lines of this file to make
 * mutants. docs/race-free-exit.md describes the properties and the bounds.
 *
 * STEP(name) marks a step of the protocol. The names are those of kick.h. PART(name) marks a part of a step. A marked
 * statement is the rest of its line, so that a mutant can leave it out, move it or replace it. PROPERTY(name, condition)
 * is a property. REACH(name, condition) is a state that the checker must reach.
 *
 * Each statement outside of `atomic` is a step of one thread or of the kernel, and Spin tries all interleavings of these
 * steps. An `atomic` block joins statements that no other thread can tell apart, and statements about the properties.
 */

/* The mechanism: 0 for immediate_exit, 1 for KVM_SET_SIGNAL_MASK. */
#ifndef MASK
#define MASK 0
#endif

/* The bounds: how many threads run the vCPU, how many runs each of them makes, and how often each other event occurs. */
#ifndef THREADS
#define THREADS 1
#endif
#ifndef RUNS
#define RUNS 2
#endif
#ifndef KICKERS
#define KICKERS 1
#endif
#ifndef KICKS
#define KICKS 1
#endif
#ifndef ABORTS
#define ABORTS 0
#endif
#ifndef PAUSES
#define PAUSES 0
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 0
#endif
#ifndef TICKS
#define TICKS 0
#endif
#ifndef STRAYS
#define STRAYS 0
#endif
#ifndef EXITS
#define EXITS 0
#endif
#ifndef EAGAINS
#define EAGAINS 0
#endif
#ifndef COMPLETES
#define COMPLETES 0
#endif
#ifndef CLOSES
#define CLOSES 0
#endif

#ifndef FLAGS
#define FLAGS 0
#endif

/* Whether the checker also shows that no signal goes to an idle thread. It is expensive, so it has a check of its own. */
#ifndef IDLE
#define IDLE 0
#endif

#define STEP(name)
#define PART(name)
#define PROPERTY(name, condition) assert(condition)
#define REACH(name, condition) skip
#define UNREACHED(name, condition) assert(!(condition))

/* What KVM_RUN returns. */
#define EXIT 1
#define EINTR 2
#define EAGAIN 3

/* The kinds of requests, and what a run returns without an exit. */
#define NONE 0
#define KICK 1
#define ABORT 2
#define TIMEOUT 3
#define PAUSE 4
#define COMPLETED 5
#define CANCELED 6

/* The variables of KickGate. */
byte requested, delivered, aborted, pausers, number;
bool at_once, timed_out, armed, running, in_flight, has_timer;
byte thread;
bool locked;           /* thread_mutex_ */

/* The member of struct kvm_run: the bit that the gate sets, and whether a caller has set other bits. */
bool immediate_exit, caller_flag;

/* Variables of each thread. The threads of the vCPU have the numbers 1 to THREADS. */
bool current[THREADS + 1];   /* whether current_ refers to this vCPU */

/* Variables of the kernel for each thread: its pending signals, and whether they are blocked. */
bool alive[THREADS + 1];
byte pending[THREADS + 1];  /* signals of this gate */
byte strays[THREADS + 1];   /* signals of others */
bool timer_signal[THREADS + 1];
bool blocked[THREADS + 1];
bool in_kernel[THREADS + 1];  /* inside KVM_RUN, where no handler runs */

/* The timer of the kernel. */
bool timer_set;
byte timer_thread;

/* The mask that KVM_SET_SIGNAL_MASK has set lets the signal through. */
bool mask_inside;

/* The record of the vCPU: its references, and who runs it (Turn). */
byte references;
bool freed, busy;

/* The isolates of the vCPU's threads end. */
bool ending;

/* How many events of each kind may still occur. */
byte flags = FLAGS, exits = EXITS, eagains = EAGAINS, completes = COMPLETES, timeouts = TIMEOUTS;

/* What the properties are about. The protocol does not read these variables. */
byte made;          /* how many kicks have returned */
byte told;          /* how many kicks were delivered */
byte holders;       /* how many callers have paused the vCPU */
byte unfinished;        /* how many kickers have not finished */
byte run_id;        /* the number of runs that have begun */
byte timer_run;     /* the run that has set the timer */
byte fired_run;     /* the last run whose timer has fired */
bool due;           /* there was a request at R1 */
bool due_pause;     /* the vCPU was paused at R1 and since then */
bool in_guest;
bool stale;         /* a kicker may still read the value of running_ before R5 */
bool settled;       /* no run is in progress, and all threads know it */
bool stopping;      /* nothing can happen any more */
bool owed;          /* a caller has set the flag, and no kick was delivered since then */
bool sending;       /* a kicker has marked a signal as in flight and has not sent it */
byte left_over[THREADS + 1];  /* how many signals were in flight when the flight was reset */

#define signals(t) (pending[t] + strays[t] > 0 || timer_signal[t])
#define flag_is_set (immediate_exit || caller_flag)
#define interrupts(t) (signals(t) && (!MASK || mask_inside))
#define outstanding (made > told || requested > told || (number != 0 && aborted >= number) || holders > 0 || fired_run == run_id || ending)

/* ---- The record of the vCPU ---- */

/* Registry::find and Registry::each: the reference keeps the record until `release`. */
inline find(found) {
  atomic {
    found = references > 0;
    if
    :: found -> references++
    :: else
    fi
  }
}

inline release() {
  atomic {
    references--;
    freed = freed || references == 0
  }
}

/* ---- Signals ---- */

/* tgkill. A thread that has ended may not get a signal, because its id can belong to another thread. */
inline queue_signal(to) {
  atomic {
    PROPERTY(thread_lives, alive[to]);
    pending[to]++;
    sending = false;
    PROPERTY(one_signal, pending[to] <= left_over[to] + 1)
  }
}

inline mark_in_flight() {
  atomic {
    in_flight = true;
    sending = true
  }
}

/* KickGate::signal_thread. */
inline signal_thread(to) {
  atomic {
    PART(mutex) !locked; locked = true;
    PROPERTY(open, !freed);
    to = thread;
    STEP(one_in_flight) to = (in_flight -> 0 : to);
    if
    :: to == 0 -> locked = false
    :: else
    fi
  }
  if
  :: to != 0 ->
     PART(mark_in_flight) mark_in_flight();
     PART(send) queue_signal(to);
     locked = false
  :: else
  fi
}

/* The kernel takes one pending signal of the thread, in any order. */
inline dequeue(is_timer) {
  if
  :: pending[me] > 0 -> pending[me]--; is_timer = false
  :: strays[me] > 0 ->
     strays[me]--;
     is_timer = false;
     left_over[me] = pending[me] + sending
  :: timer_signal[me] -> timer_signal[me] = false; is_timer = true
  fi
}

/* KickGate::take. */
inline take(is_timer) {
  if
  :: !is_timer -> in_flight = false
  :: is_timer && armed -> timed_out = true
  :: else
  fi
}

/* KickGate::take_pending, with sigtimedwait. */
inline take_pending(is_timer) {
  do
  :: atomic { signals(me) -> dequeue(is_timer); take(is_timer) }
  :: !signals(me) -> break
  od
}

/* A thread returns from the kernel. Its handler runs first, as often as there are signals that are not blocked. */
inline return_from_kernel() { blocked[me] || !signals(me) }

inline set_flag() {
  STEP(flag) immediate_exit = true;
}

/* KickGate::clear_flag. Only this thread reads and writes the request between the two statements. */
inline clear_flag() {
  atomic {
    STEP(caller_flag) requested = requested + caller_flag;
    REACH(caller_flag_taken, caller_flag);
    immediate_exit = false;
    caller_flag = false
  }
}

/*
 * KickGate::handle. The handler can run between any two steps of its thread. It is one step here, because other threads
 * see only its last access to a shared variable.
 */
proctype handler(byte me) {
  bool is_timer;
end_idle:
  do
  :: atomic {
       alive[me] && !in_kernel[me] && !blocked[me] && signals(me) ->
       dequeue(is_timer);
       if
       :: current[me] ->
          PROPERTY(open, !freed);
          take(is_timer);
          if
          :: !MASK -> PART(handler_flag) set_flag()
          :: else
          fi
       :: else -> REACH(signal_between_runs, true)
       fi;
       is_timer = false
     }
  od
}

/* ---- The requests ---- */

/* KickGate::interruption. */
inline interruption(next) {
  if
  :: atomic { requested != delivered -> next = KICK }
  :: else ->
     if
     :: atomic {
          PART(abort_number) number != 0 && aborted >= number;
          next = ABORT
        }
     :: else ->
        if
        :: atomic { timed_out -> next = TIMEOUT }
        :: else ->
           if
           :: atomic { pausers > 0 -> PROPERTY(resumed, holders > 0); next = PAUSE }
           :: atomic { else -> next = NONE }
           fi
        fi
     fi
  fi
}

/* KickGate::deliver. */
inline deliver(next) {
  interruption(next);
  PART(consume) if :: next == KICK -> delivered = requested :: else fi
}

/* K1: kick, abort and pause(true). */
inline request(what) {
  atomic {
    PROPERTY(open, !freed);
    if
    :: what == KICK -> requested++
    :: what == ABORT ->
       if
       :: aborted < RUNS * THREADS -> aborted++
       :: aborted < RUNS * THREADS - 1 -> aborted = aborted + 2
       :: else
       fi
    :: what == PAUSE -> pausers++; holders++
    fi
  }
}

/* pause(false). */
inline resume() {
  atomic {
    PROPERTY(open, !freed);
    pausers--;
    holders--;
    due_pause = due_pause && holders > 0
  }
}

/* K2. R5 is a release store, so this can be true for some time after R5. */
inline read_running(seen) {
  atomic {
    PROPERTY(open, !freed);
    if
    :: running || stale -> seen = true
    :: !running -> seen = false
    fi
  }
}

proctype kicker(byte what; byte times) {
  bool seen;
  byte idle, to;  /* `idle` is the number of runs that were over when the kick began, if no run was in progress */
  do
  :: times > 0 ->
     times--;
     atomic {
       idle = (settled -> run_id : 0);
       find(seen);
       if
       :: !seen -> break
       :: else
       fi
     }
     STEP(K1) request(what);
     STEP(K2) read_running(seen);
     STEP(K3) if :: seen -> PROPERTY(idle_thread, !(settled && idle == run_id)); signal_thread(to) :: else fi;
     if
     :: what == PAUSE -> PART(resume) resume()
     :: else
     fi;
     atomic {
       made = made + (what == KICK);
       PART(release) release();
     }
  :: else -> break
  od;
  unfinished--
}

/* The teardown ticker. When an isolate ends, a tick follows after the others while the guest runs. */
proctype ticker() {
  byte ticks;
  bool seen;
  byte to;
end_idle:
  do
  :: atomic {
       ticks < TICKS || (ticks == TICKS && ending && in_guest) ->
       ticks++
     }
     find(seen);
     if
     :: seen ->
        STEP(ticker) read_running(seen); if :: seen -> signal_thread(to) :: else fi;
        release()
     :: else
     fi
  od
}

/* The timer of the kernel, signals of others, the end of an isolate, and the release of the handle of another isolate. */
proctype environment() {
  byte send = STRAYS;
  bool closes = CLOSES;
end_idle:
  do
  :: atomic {
       timer_set ->
       timer_set = false;
       PROPERTY(thread_lives, alive[timer_thread]);
       timer_signal[timer_thread] = true;
       fired_run = timer_run
     }
  :: atomic { send > 0 && alive[1] -> send--; strays[1]++ }
  :: atomic { THREADS > 1 && send > 0 && alive[THREADS] -> send--; strays[THREADS]++ }
  :: atomic { TICKS > 0 && !ending -> ending = true }
  :: atomic { closes -> closes = false } release()
  /* A caller stores 1 into the flag. This overwrites the bit of the gate. */
  :: atomic { flags > 0 -> flags--; immediate_exit = false; caller_flag = true; owed = true }
  od
}

/* ---- KVM_RUN ---- */

/*
 * KVM_RUN first completes the operation of the last exit, which can cause a further exit. Then it reads the flag and
 * the pending signals. A signal that arrives later gets the vCPU out of the guest.
 */
inline kvm_run(status) {
  atomic {
    PROPERTY(open, !freed);
    in_kernel[me] = true;
    if
    :: exits > 0 -> exits--; status = EXIT
    :: eagains > 0 -> eagains--; status = EAGAIN
    :: flag_is_set -> status = EINTR
    :: !flag_is_set && interrupts(me) -> status = EINTR
    :: !flag_is_set && !interrupts(me) ->
       in_guest = true;
       REACH(guest_entered, true);
       PROPERTY(late, !due && !due_pause);
       PROPERTY(complete, !at_once)
    fi
  }
  if
  :: in_guest ->
progress_guest:
     atomic {
       if
       :: interrupts(me) -> status = EINTR; REACH(signal_in_guest, true)
       :: exits > 0 -> exits--; status = EXIT; REACH(exit_with_request, outstanding)
       :: eagains > 0 -> eagains--; status = EAGAIN
       /* If nothing else can happen, there is no request. Otherwise the request is lost, and the checker reports an
          invalid end state. */
       :: unfinished == 0 && !outstanding -> stopping = true; status = EXIT
       fi;
       in_guest = false
     }
  :: else
  fi;
  atomic {
    due = false;
    due_pause = false;
    in_kernel[me] = false
  }
  return_from_kernel()
}

/* ---- The thread of the vCPU ---- */

inline begin() {
  atomic {
    PROPERTY(open, !freed);
    run_id++;
    settled = false;
    PART(begin_flag) clear_flag();
    STEP(thread_mask) blocked[me] = MASK;
    /* The options of the run. */
    if
    :: number = (ABORTS -> run_id : 0)
    :: number = 0
    fi;
    at_once = false;
    with_timer = false;
    if
    :: completes > 0 -> completes--; at_once = true
    :: timeouts > 0 -> timeouts--; with_timer = true
    :: true
    fi;
    PART(reset_timed_out) timed_out = false;
    PART(set_current) current[me] = true
  }
}

inline claim() {
  if
  :: thread == me
  :: else ->
     atomic {
       PART(delete_timer) has_timer = false; timer_set = false;
       !locked -> thread = me
     }
  fi;
  STEP(mask_inside) mask_inside = true;
}

inline arm() {
  PART(armed) armed = true;
  PART(set_timer) set_timer();
  return_from_kernel()
}

inline set_timer() {
  atomic {
    timer_thread = (has_timer -> timer_thread : me);
    has_timer = true;
    timer_run = run_id;
    timer_set = true
  }
}

inline disarm() {
  armed = false;
  PART(disarm) timer_set = false;
  return_from_kernel();
  if
  :: MASK -> PART(disarm_takes) take_pending(is_timer)
  :: else
  fi
}

inline mark_running() {
  atomic {
    running = true;
    stale = false;
    due = requested != told || (number != 0 && aborted >= number) || timed_out || caller_flag;
    due_pause = holders > 0
  }
}

inline mark_not_running() {
  atomic {
    stale = running;
    running = false
  }
}

inline reset_flight() {
  atomic {
    in_flight = false;
    left_over[me] = pending[me] + sending
  }
}

inline end() {
  PART(reset_current) current[me] = false;
  PART(end_flag) clear_flag();
  if
  :: MASK && in_flight -> take_pending(is_timer)
  :: else
  fi
}

inline forget() {
  atomic {
    PROPERTY(open, !freed);
    PART(forget_locks) !locked;
    thread = (thread == me -> 0 : thread)
  }
}

/* One thread of the vCPU. It makes some runs and ends. */
proctype runner(byte me; byte runs) {
  byte status, next, to;
  bool is_timer, with_timer, found;
  do
  :: atomic { runs > 0 && !busy && !stopping && !ending -> busy = true; runs-- }
     begin();
     claim();
     if
     :: with_timer -> arm()
     :: else
     fi;
     do
     ::
        STEP(reset_in_flight) reset_flight();
        STEP(R1) mark_running();
        STEP(R2) interruption(next);
        STEP(R3) if :: (at_once || next != NONE) && !MASK -> set_flag() :: (at_once || next != NONE) && MASK -> signal_thread(to) :: else fi;
        STEP(R4) kvm_run(status);
        STEP(R5) mark_not_running();
        if
        :: status == EXIT ->
           PART(exit) next = NONE;
           break
        :: else
        fi;
        STEP(R6) clear_flag(); if :: MASK -> take_pending(is_timer) :: else fi;
        next = NONE;
        if
        :: at_once -> next = COMPLETED
        :: else -> STEP(R7) deliver(next)
        fi;
        if
        :: next == NONE && ending -> next = CANCELED
        :: else
        fi;
        if
        :: next != NONE -> break
        :: else -> REACH(retried, true)
        fi
     od;
     atomic {
       PROPERTY(kick_once, next != KICK || told != delivered);
       PROPERTY(own_abort, next != ABORT || (number != 0 && aborted >= number));
       PROPERTY(own_timeout, next != TIMEOUT || (with_timer && fired_run == run_id));
       told = (next == KICK -> delivered : told);
       owed = (next == KICK -> caller_flag : owed);
       REACH(kick, next == KICK);
       REACH(abort, next == ABORT);
       REACH(timeout, next == TIMEOUT);
       REACH(pause, next == PAUSE);
       REACH(completed, next == COMPLETED);
       REACH(canceled, next == CANCELED)
     }
     if
     :: with_timer -> disarm()
     :: else
     fi;
     end();
     atomic {
       PROPERTY(kept, !owed || caller_flag || requested != delivered);
       busy = false;
       number = 0;
       at_once = false;
       timer_run = 0;
       fired_run = 0;
       if
       :: IDLE -> settled = true; stale = false
       :: true
       fi
     }
  :: break
  od;
  /* The isolate of the thread ends. If the record still exists, no thread signals this one any more. */
  release();
  find(found);
  if
  :: found ->
     STEP(forget) forget();
     release()
  :: else
  fi;
  alive[me] = false
}

init {
  byte i;
  atomic {
    references = THREADS + CLOSES;
    for (i : 1 .. THREADS) {
      alive[i] = true;
      run runner(i, RUNS);
      run handler(i)
    }
    i = KICKERS;
    do
    :: i > 0 -> i--; unfinished++; run kicker(KICK, KICKS)
    :: else -> break
    od;
    if
    :: ABORTS > 0 -> unfinished++; run kicker(ABORT, ABORTS)
    :: else
    fi;
    i = PAUSES;
    do
    :: i > 0 -> i--; unfinished++; run kicker(PAUSE, 1)
    :: else -> break
    od;
    if
    :: TICKS > 0 -> run ticker()
    :: else
    fi;
    if
    :: TIMEOUTS + STRAYS + TICKS + CLOSES + FLAGS > 0 -> run environment()
    :: else
    fi
  }
}
