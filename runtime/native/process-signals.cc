#include "process-signals.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "libuv.h"

namespace kvm_uapi {
namespace {

bool is_pipe_end(int fd, int access, struct stat& file) {
  return fstat(fd, &file) == 0 && S_ISFIFO(file.st_mode) && (fcntl(fd, F_GETFL) & O_ACCMODE) == access;
}

// Returns whether these are the two ends of one pipe.
bool is_pipe(const int (&fds)[2]) {
  struct stat read_end;
  struct stat write_end;
  return fds[0] >= 0 && fds[1] >= 0 && is_pipe_end(fds[0], O_RDONLY, read_end) &&
         is_pipe_end(fds[1], O_WRONLY, write_end) && read_end.st_dev == write_end.st_dev &&
         read_end.st_ino == write_end.st_ino;
}

}  // namespace

// libuv has no function that returns the pipe. In struct uv_loop_s the two ends of the pipe follow the time of the loop,
// which uv_now returns. This searches for both, so a libuv with another struct gives -1 and not a wrong file.
int signal_pipe_of(napi_env env) {
  uv_loop_s* loop = nullptr;
  if (uv_loop_size == nullptr || uv_now == nullptr || napi_get_uv_event_loop(env, &loop) != napi_ok) return -1;
  const auto* const bytes = reinterpret_cast<const uint8_t*>(loop);
  const uint64_t now = uv_now(loop);
  int fds[2];
  for (size_t at = 0; at + sizeof now + sizeof fds <= uv_loop_size(); at += alignof(int)) {
    if (memcmp(bytes + at, &now, sizeof now) != 0) continue;
    memcpy(fds, bytes + at + sizeof now, sizeof fds);
    if (is_pipe(fds)) return fds[0];
  }
  return -1;
}

}  // namespace kvm_uapi
