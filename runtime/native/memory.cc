// Guest memory and its windows.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "descriptors.h"
#include "exports.h"

namespace kvm_uapi {

namespace {

// The flags of mmap and memfd_create that select a size of huge pages have its logarithm in their upper bits.
constexpr int huge_page_shift = 26;

struct Creation {
  static constexpr const char* rule = "an AddonMemoryCreation";

  size_t length = 0;
  // Without a name the memory is anonymous.
  std::optional<std::string> name;
  // Without a size the memory has pages of the page size of this machine.
  std::optional<uint64_t> huge_page_size;
  bool populate = false;

  bool read(napi_env env, napi_value object) {
    const Properties given(env, object, {"length", "name", "hugePageSize", "populate"});
    return given.read("length", length) && given.read("name", name) && given.read("hugePageSize", huge_page_size) &&
           given.read("populate", populate);
  }
};

// Returns the bits that select the size, or -EINVAL.
int huge_page_bits(uint64_t size) {
  if (size < host_page_size() || (size & (size - 1)) != 0) return -EINVAL;
  return __builtin_ctzll(size) << huge_page_shift;
}

// Creates the file. Returns its descriptor or -errno.
int create_memfd(napi_env env, const Creation& given, int huge_page_flags) {
  const int fd = call_with_room(env, Need::kFileOrMapping, [&] {
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING | static_cast<unsigned>(huge_page_flags);
    const int created = memfd_create(given.name->c_str(), flags);
    return created < 0 ? -errno : created;
  });
  if (fd < 0) return fd;
  // The seals fix the size, for this process and for others.
  if (ftruncate(fd, static_cast<off_t>(given.length)) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0) {
    const int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

// Maps memory and returns its handle or -errno. Takes ownership of the file `kept`, which can be -1.
napi_value map_memory(napi_env env, const MapOptions& options, int kept) {
  std::shared_ptr<Mapping> mapping;
  const int error = map_with_room(env, mapping, [&] { return Mapping::map(options); });
  if (error != 0) {
    if (kept >= 0) close(kept);
    return number(env, error);
  }
  return handle_of(env, std::make_shared<Memory>(std::move(mapping), kept, static_cast<uint64_t>(options.offset)));
}

// The memory is that of a memfd, or anonymous memory. The kernel reserves huge pages when it maps them, so a mapping fails
// if there are too few.
napi_value MemoryCreate(napi_env env, const Creation& given) {
  MapOptions options;
  options.length = given.length;
  int huge_page_flags = 0;
  if (given.huge_page_size) {
    const int bits = huge_page_bits(*given.huge_page_size);
    if (bits < 0 || given.length % *given.huge_page_size != 0) return number(env, -EINVAL);
    options.page_size = *given.huge_page_size;
    // A page that was discarded has no reservation any more.
    options.can_lack_pages = true;
    options.flags = MAP_HUGETLB | bits;
    huge_page_flags = static_cast<int>(MFD_HUGETLB) | bits;
  }
  if (given.populate) options.flags |= MAP_POPULATE;
  if (!given.name) {
    options.flags |= MAP_PRIVATE | MAP_ANONYMOUS;
    if (!given.huge_page_size) options.flags |= MAP_NORESERVE;
    return map_memory(env, options, -1);
  }
  options.fd = create_memfd(env, given, huge_page_flags);
  if (options.fd < 0) return number(env, options.fd);
  // MAP_HUGETLB is for anonymous memory. The file selects the pages.
  options.flags = MAP_SHARED | (given.populate ? MAP_POPULATE : 0);
  return map_memory(env, options, options.fd);
}

struct FileMapping {
  static constexpr const char* rule = "an AddonFileMapping";

  int fd = -1;
  uint64_t offset = 0;
  // Without a length the memory reaches to the end of the file.
  std::optional<uint64_t> length;
  bool is_private = false;
  bool populate = false;

  bool read(napi_env env, napi_value object) {
    const Properties given(env, object, {"fd", "offset", "length", "isPrivate", "populate"});
    return given.read("fd", fd) && given.read("offset", offset) && given.read("length", length) &&
           given.read("isPrivate", is_private) && given.read("populate", populate);
  }
};

// Returns the page size of the file. Files of hugetlbfs have huge pages.
size_t page_size_of(int fd) {
  constexpr auto hugetlbfs = 0x958458f6U;
  struct statfs system;
  if (fstatfs(fd, &system) != 0 || static_cast<unsigned>(system.f_type) != hugetlbfs) return host_page_size();
  return static_cast<size_t>(system.f_bsize);
}

// Maps whole pages of a regular file. The last page can reach beyond the end of the file.
napi_value MemoryOfFile(napi_env env, const FileMapping& given) {
  struct stat file;
  if (fstat(given.fd, &file) != 0) return number(env, -errno);
  // The mapping of another kind of file can be something else than memory.
  if (!S_ISREG(file.st_mode)) return number(env, -ENODEV);
  MapOptions options;
  options.fd = given.fd;
  options.page_size = page_size_of(given.fd);
  const uint64_t pages = (static_cast<uint64_t>(file.st_size) + options.page_size - 1) / options.page_size;
  const uint64_t end = pages * options.page_size;
  const uint64_t length = given.length ? *given.length : end - std::min(end, given.offset);
  if (given.offset % options.page_size != 0 || length % options.page_size != 0 || length == 0 || given.offset > end ||
      length > end - given.offset) {
    return number(env, -EINVAL);
  }
  options.length = length;
  options.offset = static_cast<off_t>(given.offset);
  options.flags = (given.is_private ? MAP_PRIVATE | MAP_NORESERVE : MAP_SHARED) | (given.populate ? MAP_POPULATE : 0);
  options.can_lack_pages = true;
  // A private mapping needs no file after this. A shared one needs it to discard pages.
  if (given.is_private) return map_memory(env, options, -1);
  const int kept = duplicate_fd(env, given.fd, true);
  return kept < 0 ? number(env, kept) : map_memory(env, options, kept);
}

napi_value MemoryPageSize(napi_env env, Open<Memory> memory) {
  return number(env, static_cast<double>(memory->mapping->page_size()));
}

napi_value MemoryLostPages(napi_env env, Open<Memory> memory) {
  return number(env, static_cast<double>(memory->mapping->lost_pages()));
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
                 {"memoryOfFile", checked<MemoryOfFile>},
                 {"memoryPageSize", checked<MemoryPageSize>},
                 {"memoryLostPages", checked<MemoryLostPages>},
                 {"memoryFd", checked<MemoryFd>},
                 {"memoryLength", checked<MemoryLength>},
                 {"memoryAddress", checked<MemoryAddress>},
                 {"memoryId", checked<MemoryId>},
                 {"memoryFind", checked<MemoryFind>},
                 {"memoryWindow", checked<MemoryWindow>},
                 {"memoryRelease", checked<MemoryRelease>}});
}

}  // namespace kvm_uapi
