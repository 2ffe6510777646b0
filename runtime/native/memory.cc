// Guest memory and its windows.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "exports.h"

namespace kvm_uapi {

namespace {

// The memory is that of a memfd with this name, or anonymous memory.
napi_value MemoryCreate(napi_env env, size_t length, const std::optional<std::string>& name) {
  int fd = -1;
  if (name) {
    fd = call_with_room(env, Need::kFileOrMapping, [&] {
      const int created = memfd_create(name->c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
      return created < 0 ? -errno : created;
    });
    if (fd < 0) return number(env, fd);
    // The seals fix the size. If another process made the file shorter, a read here would end this process with
    // SIGBUS.
    if (ftruncate(fd, static_cast<off_t>(length)) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0) {
      const int error = errno;
      close(fd);
      return number(env, -error);
    }
  }
  std::shared_ptr<Mapping> mapping;
  const int flags = name ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  const int error = map_with_room(env, mapping, [&] { return Mapping::map(fd, length, flags); });
  if (error != 0) {
    if (fd >= 0) close(fd);
    return number(env, error);
  }
  return handle_of(env, std::make_shared<Memory>(std::move(mapping), fd));
}

napi_value MemoryFd(napi_env env, Open<Memory> memory) { return number(env, memory->fd); }

napi_value MemoryLength(napi_env env, Open<Memory> memory) {
  return number(env, static_cast<double>(memory->mapping->length()));
}

napi_value MemoryAddress(napi_env env, Open<Memory> memory) {
  napi_value result = nullptr;
  napi_create_bigint_uint64(env, reinterpret_cast<uintptr_t>(memory->mapping->data()), &result);
  return result;
}

napi_value MemoryId(napi_env env, Open<Memory> memory) {
  return number(env, static_cast<double>(memories().add(memory.record())));
}

napi_value MemoryFind(napi_env env, uint64_t id) {
  auto memory = memories().find(id);
  return memory == nullptr ? null(env) : handle_of(env, std::move(memory));
}

napi_value MemoryWindow(napi_env env, Open<Memory> memory, uint64_t offset, uint64_t length) {
  const auto& mapping = memory->mapping;
  if (length == 0 || offset > mapping->length() || length > mapping->length() - offset) return number(env, -EINVAL);
  return window_of(env, memory.handle(), mapping, offset, length);
}

// Detaches all windows of this handle.
napi_value MemoryRelease(napi_env env, Open<Memory> memory) {
  memory.release(env);
  return nullptr;
}

}  // namespace

void export_memory(napi_env env, napi_value exports) {
  add_functions(env, exports,
                {{"memoryCreate", checked<MemoryCreate>},
                 {"memoryFd", checked<MemoryFd>},
                 {"memoryLength", checked<MemoryLength>},
                 {"memoryAddress", checked<MemoryAddress>},
                 {"memoryId", checked<MemoryId>},
                 {"memoryFind", checked<MemoryFind>},
                 {"memoryWindow", checked<MemoryWindow>},
                 {"memoryRelease", checked<MemoryRelease>}});
}

}  // namespace kvm_uapi
