// What a caller asks of the pages of guest memory and of guest memfds: madvise, mbind and fallocate.

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "exports.h"

// Headers before these versions of Linux do not have these names. All architectures have the same numbers.
#ifndef MADV_POPULATE_READ  // Linux 5.14
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE  // Linux 6.1
#define MADV_COLLAPSE 25
#endif

namespace kvm_uapi {
namespace {

struct Named {
  const char* name;
  int value;
};

// Advice that changes no contents, and that cannot make an access fault. MADV_GUARD_INSTALL and MADV_HWPOISON can.
// MADV_DONTNEED and MADV_REMOVE are `memoryDiscard`. MADV_DOFORK would undo what every mapping has.
constexpr Named advice[] = {
    {"MADV_NORMAL", MADV_NORMAL},
    {"MADV_RANDOM", MADV_RANDOM},
    {"MADV_SEQUENTIAL", MADV_SEQUENTIAL},
    {"MADV_WILLNEED", MADV_WILLNEED},
    {"MADV_MERGEABLE", MADV_MERGEABLE},
    {"MADV_UNMERGEABLE", MADV_UNMERGEABLE},
    {"MADV_HUGEPAGE", MADV_HUGEPAGE},
    {"MADV_NOHUGEPAGE", MADV_NOHUGEPAGE},
    {"MADV_COLLAPSE", MADV_COLLAPSE},
    {"MADV_DONTDUMP", MADV_DONTDUMP},
    {"MADV_DODUMP", MADV_DODUMP},
    {"MADV_COLD", MADV_COLD},
    {"MADV_PAGEOUT", MADV_PAGEOUT},
    {"MADV_POPULATE_READ", MADV_POPULATE_READ},
    {"MADV_POPULATE_WRITE", MADV_POPULATE_WRITE},
};

constexpr Named policies[] = {
    {"MPOL_DEFAULT", MPOL_DEFAULT},
    {"MPOL_PREFERRED", MPOL_PREFERRED},
    {"MPOL_BIND", MPOL_BIND},
    {"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
    {"MPOL_LOCAL", 4},
    {"MPOL_PREFERRED_MANY", 5},      // Linux 5.15
    {"MPOL_WEIGHTED_INTERLEAVE", 6}  // Linux 6.9
};

// Returns the value of a name, or -EINVAL.
template <size_t count>
int value_of(const Named (&known)[count], const std::string& name) {
  for (const auto& each : known) {
    if (name == each.name) return each.value;
  }
  return -EINVAL;
}

// Makes a system call that returns 0 or sets errno. Returns 0 or -errno.
template <typename Call>
int repeated(Call call) {
  long result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : 0;
}

int allocate_or_discard(int fd, bool discard, uint64_t offset, uint64_t length) {
  const int mode = FALLOC_FL_KEEP_SIZE | (discard ? FALLOC_FL_PUNCH_HOLE : 0);
  return repeated([=] { return fallocate(fd, mode, static_cast<off_t>(offset), static_cast<off_t>(length)); });
}

// Frees whole pages. A private mapping of a file has the contents of the file after this, and other memory has zeros.
napi_value MemoryDiscard(napi_env env, Open<Memory> memory, uint64_t offset, uint64_t length) {
  const Mapping& mapping = *memory->mapping;
  if (!mapping.has_pages(offset, length)) return number(env, -EINVAL);
  if (memory->fd >= 0) {
    const int error = allocate_or_discard(memory->fd, true, memory->file_offset + offset, length);
    if (error != 0) return number(env, error);
  }
  // The file does not have the pages that a bus error has replaced, so this is needed for a file, too.
  return number(env, repeated([&] { return madvise(mapping.data() + offset, length, MADV_DONTNEED); }));
}

napi_value MemoryAdvise(napi_env env, Open<Memory> memory, const std::string& name, uint64_t offset, uint64_t length) {
  const Mapping& mapping = *memory->mapping;
  const int value = value_of(advice, name);
  if (value < 0 || !mapping.has_pages(offset, length)) return number(env, -EINVAL);
  return number(env, repeated([&] { return madvise(mapping.data() + offset, length, value); }));
}

// The nodes are the bits of `mask`. Pages that exist already move, if only this process uses them.
napi_value MemoryBind(napi_env env, Open<Memory> memory, const std::string& name, View mask, uint64_t mask_length,
                      uint64_t offset, uint64_t length) {
  constexpr uint64_t longest_mask = 4096;
  const Mapping& mapping = *memory->mapping;
  const int mode = value_of(policies, name);
  if (mode < 0 || mask_length > longest_mask || !mapping.has_pages(offset, length)) return number(env, -EINVAL);
  const uint8_t* const bytes = bytes_of(env, mask, 0, mask_length);
  if (bytes == nullptr) return number(env, -EFAULT);
  constexpr uint64_t word_bits = 8 * sizeof(unsigned long);
  std::vector<unsigned long> nodes(mask_length * 8 / word_bits + 1);
  for (uint64_t node = 0; node < mask_length * 8; node++) {
    if ((bytes[node / 8] >> (node % 8) & 1) != 0) nodes[node / word_bits] |= 1UL << (node % word_bits);
  }
  // The kernel reads one bit less than this number.
  const unsigned long count = nodes.size() * word_bits + 1;
  return number(env, repeated([&] {
                  return syscall(SYS_mbind, mapping.data() + offset, length, mode, nodes.data(), count, MPOL_MF_MOVE);
                }));
}

// Allocates pages of a file, such as a guest memfd, or frees them.
napi_value FileAllocate(napi_env env, Open<File> file, bool discard, uint64_t offset, uint64_t length) {
  return number(env, allocate_or_discard(file->fd, discard, offset, length));
}

}  // namespace

void export_memory_advice(napi_env env, napi_value exports) {
  add_functions(env, exports,
                {{"memoryDiscard", checked<MemoryDiscard>},
                 {"memoryAdvise", checked<MemoryAdvise>},
                 {"memoryBind", checked<MemoryBind>},
                 {"fileAllocate", checked<FileAllocate>}});
}

}  // namespace kvm_uapi
