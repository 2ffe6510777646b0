// Ioctls whose argument has the address of a value: the attributes of devices, vCPUs, VMs and the system, registers, and
// bitmaps. The kernel accesses the value at this address, and only the kernel knows how many bytes it accesses.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "exports.h"
#include "run.h"

namespace kvm_uapi {
namespace {

// Memory for a value, with a page after it that nobody can access. If the kernel writes more bytes than
// expected, they stay in this memory, or the kernel fails with EFAULT.
class ValueMemory {
 public:
  // Returns null if there is not enough memory.
  static std::unique_ptr<ValueMemory> create(size_t length) {
    // Nearly all values are shorter.
    constexpr size_t least = 0x10000;
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t usable = (std::max(length, least) + page - 1) / page * page;
    void* const data = mmap(nullptr, usable + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED) return nullptr;
    std::unique_ptr<ValueMemory> memory(new ValueMemory(static_cast<uint8_t*>(data), usable + page));
    return mprotect(data, usable, PROT_READ | PROT_WRITE) == 0 ? std::move(memory) : nullptr;
  }
  ~ValueMemory() { munmap(data_, length_); }
  ValueMemory(const ValueMemory&) = delete;
  ValueMemory& operator=(const ValueMemory&) = delete;

  uint8_t* data() const { return data_; }

 private:
  ValueMemory(uint8_t* data, size_t length) : data_(data), length_(length) {}

  uint8_t* const data_;
  const size_t length_;
};

// The longest value that the kernel has is the list of all interrupts of s390, with 32 MiB.
constexpr size_t longest_value = 0x4000000;

template <typename T>
struct Attribute {
  static constexpr const char* rule = "an AddonAttribute";

  Open<T> target;
  uint32_t request = 0;
  View view;
  uint64_t offset = 0;
  uint64_t needed = 0;
  uint64_t address_at = 0;
  View value;
  // The argument has the addresses of `parts` parts of the value, which have equal lengths. The addresses are
  // `address_step` bytes apart.
  uint64_t parts = 1;
  uint64_t address_step = 0;

  bool read(napi_env env, napi_value object) {
    const Properties given(
        env, object, {"target", "request", "view", "offset", "needed", "addressAt", "value", "parts", "addressStep"});
    return given.read("target", target) && given.read("request", request) && given.read("view", view) &&
           given.read("offset", offset) && given.read("needed", needed) && given.read("addressAt", address_at) &&
           given.read("value", value) && (given.is("parts", napi_undefined) || given.read("parts", parts)) &&
           (given.is("addressStep", napi_undefined) || given.read("addressStep", address_step));
  }
};

// Writes the addresses of the parts of the value. Returns false if one of them is not inside the argument.
template <typename T>
bool write_addresses(const Attribute<T>& given, uint64_t value, size_t length, std::vector<uint8_t>& argument) {
  // Each address is in another place, so that there are not more of them than bytes.
  if (given.parts > 1 && given.address_step < sizeof value) return false;
  for (uint64_t part = 0, at = given.address_at; part < given.parts; part++, at += given.address_step) {
    const uint64_t address = value + part * (length / given.parts);
    if (at > argument.size() || sizeof address > argument.size() - at) return false;
    memcpy(argument.data() + at, &address, sizeof address);
  }
  return true;
}

// Makes the ioctl with the addresses of the parts of a copy of the value, and copies the value back. This function itself
// writes the addresses, so that the kernel accesses no other memory.
template <typename T>
int access(napi_env env, const Attribute<T>& given) {
  const uint8_t* const bytes = argument_of(env, given.request, given.view, given.offset, given.needed);
  if (bytes == nullptr) return -EFAULT;
  std::vector<uint8_t> argument(bytes, bytes + given.needed);
  void* value = nullptr;
  size_t length = 0;
  if (napi_get_dataview_info(env, given.value.value, &length, &value, nullptr, nullptr) != napi_ok) return -EFAULT;
  if (length > longest_value) return -E2BIG;
  // An empty DataView has no bytes.
  uint8_t* const there = length == 0 ? nullptr : bytes_of(env, given.value, 0, length);
  if (length > 0 && there == nullptr) return -EFAULT;
  const auto memory = ValueMemory::create(length);
  if (memory == nullptr) return -ENOMEM;
  if (!write_addresses(given, reinterpret_cast<uintptr_t>(memory->data()), length, argument)) return -EFAULT;
  if (length > 0) memcpy(memory->data(), there, length);
  const int result = call_ioctl(given.target->fd, given.request, argument.data());
  if (length > 0) memcpy(there, memory->data(), length);
  return result;
}

napi_value FileAttribute(napi_env env, const Attribute<File>& given) { return number(env, access(env, given)); }

napi_value VmAttribute(napi_env env, const Attribute<Vm>& given) { return number(env, access(env, given)); }

napi_value VcpuAttribute(napi_env env, const Attribute<Vcpu>& given) {
  const Turn turn(*given.target, Vcpu::Use::kIoctl);
  return number(env, turn ? access(env, given) : -EBUSY);
}

}  // namespace

void export_attributes(napi_env env, napi_value exports) {
  add_functions(env, exports,
                {{"fileAttribute", checked<FileAttribute>},
                 {"vmAttribute", checked<VmAttribute>},
                 {"vcpuAttribute", checked<VcpuAttribute>}});
}

}  // namespace kvm_uapi
