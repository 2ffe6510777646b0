// Eventfds: their counter, and the wait for it in the event loop of an isolate.

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "exports.h"
#include "libuv.h"

namespace kvm_uapi {
namespace {

bool has_libuv() {
  return uv_handle_size != nullptr && uv_handle_type_name != nullptr && uv_handle_get_data != nullptr &&
         uv_handle_set_data != nullptr && uv_ref != nullptr && uv_unref != nullptr && uv_close != nullptr &&
         uv_poll_init != nullptr && uv_poll_start != nullptr && uv_poll_stop != nullptr &&
         strcmp(uv_handle_type_name(uv_poll_type), "poll") == 0;
}

// The poll handle of libuv, and what belongs to it. libuv owns the memory of the handle until the handle is closed, so
// this object lives until then. All functions run on the thread of the isolate.
class PollHandle {
 public:
  // Returns null and sets `error` to -errno if there can be no handle.
  static std::shared_ptr<PollHandle> open(napi_env env, int file, napi_value ready, int& error);
  PollHandle(const PollHandle&) = delete;
  PollHandle& operator=(const PollHandle&) = delete;

  int wait(bool waits, bool keeps_alive);
  void close();

 private:
  PollHandle(napi_env env, int fd) : env_(env), fd_(fd) {}

  void on_readable(int status);
  // Returns false if the function could not be called, because it is collected or because the isolate ends.
  bool call_ready() const;
  void stop();
  void on_closed();

  const napi_env env_;
  // A file descriptor of its own: one event loop can poll each file descriptor once, and the file may be closed earlier.
  const int fd_;
  UvHandle* uv_ = nullptr;
  // The function to call. The reference is strong while something waits, and weak otherwise.
  napi_ref ready_ = nullptr;
  // An isolate that ends waits until the handle is closed.
  napi_async_cleanup_hook_handle hook_ = nullptr;
  bool waits_ = false;
  bool started_ = false;
  bool closes_ = false;
  // Keeps this object until the handle is closed.
  std::shared_ptr<PollHandle> self_;
};

std::shared_ptr<PollHandle> PollHandle::open(napi_env env, int file, napi_value ready, int& error) {
  uv_loop_s* loop = nullptr;
  if (!has_libuv() || napi_get_uv_event_loop(env, &loop) != napi_ok || loop == nullptr) {
    error = -ENOTSUP;
    return nullptr;
  }
  const int fd = call_with_room(env, Need::kFile, [&] {
    const int copy = fcntl(file, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? -errno : copy;
  });
  if (fd < 0) {
    error = fd;
    return nullptr;
  }
  const std::shared_ptr<PollHandle> poll(new PollHandle(env, fd));
  poll->uv_ = static_cast<UvHandle*>(calloc(1, uv_handle_size(uv_poll_type)));
  error = poll->uv_ == nullptr ? -ENOMEM : uv_poll_init(loop, poll->uv_, fd);
  if (error != 0) {
    free(poll->uv_);
    ::close(fd);
    return nullptr;
  }
  uv_handle_set_data(poll->uv_, poll.get());
  uv_unref(poll->uv_);
  poll->self_ = poll;
  const auto end = [](napi_async_cleanup_hook_handle, void* data) { static_cast<PollHandle*>(data)->close(); };
  if (napi_create_reference(env, ready, 0, &poll->ready_) != napi_ok ||
      napi_add_async_cleanup_hook(env, end, poll.get(), &poll->hook_) != napi_ok) {
    error = -ECANCELED;
    poll->close();
    return nullptr;
  }
  return poll;
}

// Says whether something waits for the file, and whether the wait keeps the event loop alive. After the end of a wait
// the handle stays started: the next wait mostly begins at once, and then it needs no system call.
int PollHandle::wait(bool waits, bool keeps_alive) {
  if (closes_) return -EBADF;
  if (waits && !started_) {
    const auto callback = [](UvHandle* uv, int status, int) {
      static_cast<PollHandle*>(uv_handle_get_data(uv))->on_readable(status);
    };
    const int error = uv_poll_start(uv_, uv_readable, callback);
    if (error != 0) return error;
    started_ = true;
  }
  if (waits != waits_) {
    uint32_t count = 0;
    waits ? napi_reference_ref(env_, ready_, &count) : napi_reference_unref(env_, ready_, &count);
    waits_ = waits;
  }
  if (waits && keeps_alive) {
    uv_ref(uv_);
  } else {
    uv_unref(uv_);
  }
  return 0;
}

void PollHandle::on_readable(int status) {
  // libuv stops the handle before it reports an error. An eventfd has one if its counter is 2^64 - 1. The counter can
  // be read then too.
  if (status < 0) started_ = false;
  if (!waits_ || !call_ready()) stop();
}

bool PollHandle::call_ready() const {
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return false;
  napi_value ready = nullptr;
  napi_value global = nullptr;
  bool is_called = napi_get_reference_value(env_, ready_, &ready) == napi_ok && ready != nullptr &&
                   napi_get_global(env_, &global) == napi_ok;
  if (is_called && napi_make_callback(env_, nullptr, global, ready, 0, nullptr, nullptr) != napi_ok) {
    bool has_thrown = false;
    napi_value thrown = nullptr;
    is_called = napi_is_exception_pending(env_, &has_thrown) == napi_ok && has_thrown &&
                napi_get_and_clear_last_exception(env_, &thrown) == napi_ok &&
                // This emits 'uncaughtException'. It fails if the isolate ends.
                napi_fatal_exception(env_, thrown) == napi_ok;
  }
  napi_close_handle_scope(env_, scope);
  return is_called;
}

void PollHandle::stop() {
  if (closes_) return;
  uv_poll_stop(uv_);
  started_ = false;
}

void PollHandle::close() {
  if (closes_) return;
  closes_ = true;
  uv_close(uv_, [](UvHandle* uv) { static_cast<PollHandle*>(uv_handle_get_data(uv))->on_closed(); });
  // libuv does not use the file descriptor after uv_close. Nothing may keep the eventfd open longer: its irqfds end when
  // it is closed.
  ::close(fd_);
}

void PollHandle::on_closed() {
  free(uv_);
  if (ready_ != nullptr) napi_delete_reference(env_, ready_);
  // After this call the isolate may end.
  if (hook_ != nullptr) napi_remove_async_cleanup_hook(hook_);
  self_.reset();
}

}  // namespace

// A wait for a file in the event loop of an isolate. The wait ends when the handle of JavaScript is released or
// collected.
class Poll {
 public:
  explicit Poll(std::shared_ptr<PollHandle> handle) : handle_(std::move(handle)) {}
  ~Poll() { handle_->close(); }
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  int wait(bool waits, bool keeps_alive) { return handle_->wait(waits, keeps_alive); }

 private:
  const std::shared_ptr<PollHandle> handle_;
};

namespace {

napi_value PollCreate(napi_env env, Open<File> file, Function ready) {
  int error = 0;
  auto handle = PollHandle::open(env, file->fd, ready.value, error);
  return handle == nullptr ? number(env, error) : handle_of(env, std::make_shared<Poll>(std::move(handle)));
}

napi_value PollWait(napi_env env, Open<Poll> poll, bool waits, bool keeps_alive) {
  return number(env, poll->wait(waits, keeps_alive));
}

napi_value PollRelease(napi_env env, Open<Poll> poll) {
  poll.release(env);
  return nullptr;
}

// Returns whether the file was opened so that reading and writing it never block, as an eventfd of this addon is.
bool never_blocks(const File& file) { return (fcntl(file.fd, F_GETFL) & O_NONBLOCK) != 0; }

napi_value EventId(napi_env env, Open<File> event) {
  return number(env, static_cast<double>(eventfds().add(event.record())));
}

napi_value EventFind(napi_env env, uint64_t id) {
  auto event = eventfds().find(id);
  return event == nullptr ? null(env) : handle_of(env, std::move(event));
}

// Returns the counter and sets it to 0. Returns 0 if it is 0.
napi_value EventTake(napi_env env, Open<File> file) {
  if (!never_blocks(*file)) return number(env, -EINVAL);
  uint64_t count = 0;
  if (read(file->fd, &count, sizeof count) < 0) {
    if (errno != EAGAIN) return number(env, -errno);
    count = 0;
  }
  napi_value result = nullptr;
  napi_create_bigint_uint64(env, count, &result);
  return result;
}

napi_value EventSignal(napi_env env, Open<File> file) {
  if (!never_blocks(*file)) return number(env, -EINVAL);
  const uint64_t one = 1;
  return number(env, write(file->fd, &one, sizeof one) < 0 ? -errno : 0);
}

// The longest wait. Between two waits V8 can end the isolate.
constexpr int longest_wait = 50;

// Blocks this thread until the file is readable, for at most this many milliseconds and at most for the longest wait.
// Returns 0 or -errno.
napi_value EventWait(napi_env env, Open<File> file, int milliseconds) {
  pollfd waited = {file->fd, POLLIN, 0};
  const int limit = std::clamp(milliseconds, 0, longest_wait);
  return number(env, poll(&waited, 1, limit) < 0 && errno != EINTR ? -errno : 0);
}

}  // namespace

void export_eventfds(napi_env env, napi_value exports) {
  add_functions(env, exports,
                {{"eventId", checked<EventId>},
                 {"eventFind", checked<EventFind>},
                 {"eventTake", checked<EventTake>},
                 {"eventSignal", checked<EventSignal>},
                 {"eventWait", checked<EventWait>},
                 {"pollCreate", checked<PollCreate>},
                 {"pollWait", checked<PollWait>},
                 {"pollRelease", checked<PollRelease>}});
}

}  // namespace kvm_uapi
