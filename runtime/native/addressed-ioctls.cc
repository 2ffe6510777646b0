// Ioctls whose argument has addresses of this process. The caller says where the addresses are and where they point to.
// These functions write the addresses and the lengths themselves, in a copy of the argument, just before the ioctl. So
// the kernel never follows an address that the caller has written.

#include <sys/mman.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "exports.h"
#include "run.h"

namespace kvm_uapi {
namespace {

// A block of memory that the kernel accesses: the argument, a struct at an address, or data. It is a part of a guest
// memory in place, or a copy of bytes of a DataView.
struct Block {
  std::optional<Open<Memory>> memory;
  View view;
  uint64_t offset = 0;
  uint64_t length = 0;
  // Whether the bytes are copied back to the DataView after the ioctl.
  bool is_copied_back = false;

  // The bytes of the DataView, or null for a guest memory.
  uint8_t* source = nullptr;
  // The copy begins at a page, because the kernel requires it of some data.
  std::shared_ptr<Mapping> copy;
  // The bytes that the kernel accesses.
  uint8_t* data = nullptr;

  bool contains(uint64_t at, uint64_t size) const { return at <= length && size <= length - at; }
};

// An address in a block, and the block that it points to.
struct Link {
  // The number of the block with the address, and the offset of the address in the block.
  uint64_t from = 0;
  uint64_t at = 0;
  // The number of the block at the address. 0 makes a null pointer: no address points to the argument of the ioctl.
  uint64_t to = 0;
  // The member of the block `from` that states how many units are at the address. Its size is 0 if no member does.
  // Then one unit is there.
  uint64_t count_at = 0;
  uint64_t count_size = 0;
  uint64_t unit = 0;
  // The member of the block `from` that must have a value, or else the link is ignored. Its size is 0 if no member must.
  uint64_t if_at = 0;
  uint64_t if_size = 0;
  uint64_t if_value = 0;

  static constexpr size_t numbers = 9;
};

// The array at the end of a block, which the kernel counts by itself.
struct BlockTail {
  uint64_t block = 0;
  Tail tail;

  static constexpr size_t numbers = 5;
};

bool read_number(const uint8_t* at, uint64_t size, uint64_t& result) {
  result = 0;
  if (size != 1 && size != 2 && size != 4 && size != 8) return false;
  // A member is in the byte order of this machine.
  for (uint64_t index = 0; index < size; index++) {
    const uint64_t place = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? size - 1 - index : index;
    result = result << 8 | at[place];
  }
  return true;
}

// Returns false if the value does not fit.
bool write_number(uint8_t* at, uint64_t size, uint64_t value) {
  if ((size != 1 && size != 2 && size != 4 && size != 8) || (size < 8 && value >> (8 * size) != 0)) return false;
  for (uint64_t index = 0; index < size; index++, value >>= 8) {
    at[__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? index : size - 1 - index] = static_cast<uint8_t>(value);
  }
  return true;
}

using Values = std::vector<napi_value>;

// Returns the elements of an array. This can run JavaScript, so it comes before all conversions.
bool elements_of(napi_env env, napi_value array, Values& result) {
  constexpr uint32_t most = 1024;
  bool is_array = false;
  uint32_t count = 0;
  if (array == nullptr || napi_is_array(env, array, &is_array) != napi_ok || !is_array) return false;
  if (napi_get_array_length(env, array, &count) != napi_ok || count > most) return false;
  for (uint32_t index = 0; index < count; index++) {
    napi_value element = nullptr;
    if (napi_get_element(env, array, index, &element) != napi_ok) return false;
    result.push_back(element);
  }
  return true;
}

bool numbers_of(napi_env env, const Values& values, std::vector<uint64_t>& result) {
  for (const napi_value value : values) {
    uint64_t number = 0;
    if (!Argument<uint64_t>::read(env, value, number)) return false;
    result.push_back(number);
  }
  return true;
}

// An ioctl as JavaScript describes it, on a `T`: a VM or a vCPU.
template <typename T>
struct AddressedIoctl {
  static constexpr const char* rule = "an AddonAddressedIoctl";

  Open<T> target;
  uint32_t request = 0;
  std::vector<Block> blocks;
  std::vector<Link> links;
  std::vector<BlockTail> tails;
  // Whether the kernel uses the guest memories after the ioctl, so that the VM keeps them.
  bool keeps = false;

  bool read(napi_env env, napi_value object) {
    const Properties given(env, object, {"target", "request", "blocks", "parts", "links", "tails", "keeps"});
    Values block_values;
    Values part_values;
    Values link_values;
    Values tail_values;
    if (!elements_of(env, given["blocks"], block_values) || !elements_of(env, given["parts"], part_values) ||
        !elements_of(env, given["links"], link_values) || !elements_of(env, given["tails"], tail_values)) {
      return false;
    }
    // From here on no JavaScript runs.
    return given.read("target", target) && given.read("request", request) && given.read("keeps", keeps) &&
           read_blocks(env, block_values, part_values) && read_links(env, link_values) && read_tails(env, tail_values);
  }

 private:
  bool read_blocks(napi_env env, const Values& values, const Values& part_values) {
    constexpr size_t part_numbers = 3;
    std::vector<uint64_t> parts;
    if (values.empty() || !numbers_of(env, part_values, parts) || parts.size() != part_numbers * values.size()) {
      return false;
    }
    for (size_t index = 0; index < values.size(); index++) {
      Block& block = blocks.emplace_back();
      const uint64_t* const part = parts.data() + part_numbers * index;
      block.offset = part[0];
      block.length = part[1];
      block.is_copied_back = part[2] != 0;
      if (Argument<View>::read(env, values[index], block.view)) continue;
      if (!Argument<std::optional<Open<Memory>>>::read(env, values[index], block.memory) || !block.memory) return false;
    }
    // The argument itself is never in guest memory.
    return !blocks.front().memory;
  }

  bool read_links(napi_env env, const Values& values) {
    std::vector<uint64_t> numbers;
    if (!numbers_of(env, values, numbers) || numbers.size() % Link::numbers != 0) return false;
    for (size_t at = 0; at < numbers.size(); at += Link::numbers) {
      const uint64_t* const n = numbers.data() + at;
      links.push_back({n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]});
    }
    return true;
  }

  bool read_tails(napi_env env, const Values& values) {
    std::vector<uint64_t> numbers;
    if (!numbers_of(env, values, numbers) || numbers.size() % BlockTail::numbers != 0) return false;
    for (size_t at = 0; at < numbers.size(); at += BlockTail::numbers) {
      const uint64_t* const n = numbers.data() + at;
      tails.push_back({n[0], {n[1], n[2], n[3], n[4]}});
    }
    return true;
  }
};

// Finds the bytes of a block, and copies those of a DataView. Returns 0 or -errno.
int prepare(napi_env env, Block& block) {
  if (block.length == 0) return -EFAULT;
  if (block.memory) {
    const Mapping& whole = *(*block.memory)->mapping;
    if (block.offset > whole.length() || block.length > whole.length() - block.offset) return -EFAULT;
    block.data = whole.data() + block.offset;
    return 0;
  }
  block.source = bytes_of(env, block.view, block.offset, block.length);
  if (block.source == nullptr) return -EFAULT;
  block.copy = Mapping::map(-1, block.length, MAP_PRIVATE | MAP_ANONYMOUS);
  if (block.copy == nullptr) return -errno;
  block.data = block.copy->data();
  std::copy(block.source, block.source + block.length, block.data);
  return 0;
}

// Returns whether a link applies. `is_wrong` is set if it names bytes outside of its block.
bool applies(const std::vector<Block>& blocks, const Link& link, bool& is_wrong) {
  if (link.if_size == 0) return true;
  uint64_t value = 0;
  const Block& from = blocks[link.from];
  is_wrong |= !from.contains(link.if_at, link.if_size) || !read_number(from.data + link.if_at, link.if_size, value);
  return !is_wrong && value == link.if_value;
}

// How many units the member that counts must state.
uint64_t units_of(const std::vector<Block>& blocks, const Link& link) {
  return link.to == 0 ? 0 : blocks[link.to].length / link.unit;
}

// Writes one address and its count. Returns whether the link is right.
bool write_link(std::vector<Block>& blocks, const Link& link) {
  Block& from = blocks[link.from];
  // An address in guest memory could be changed by the guest.
  if (from.memory || !from.contains(link.at, sizeof(uint64_t)) || link.unit == 0) return false;
  if (link.to != 0) {
    const uint64_t length = blocks[link.to].length;
    if (link.count_size == 0 ? length < link.unit : length % link.unit != 0) return false;
  }
  const uint64_t address = link.to == 0 ? 0 : reinterpret_cast<uintptr_t>(blocks[link.to].data);
  if (!write_number(from.data + link.at, sizeof address, address)) return false;
  if (link.count_size == 0) return true;
  return from.contains(link.count_at, link.count_size) &&
         write_number(from.data + link.count_at, link.count_size, units_of(blocks, link));
}

// Returns whether the member that counts still has the right value: two addresses can have one member, and a member can
// overlap an address.
bool is_intact(const std::vector<Block>& blocks, const Link& link) {
  const Block& from = blocks[link.from];
  const uint64_t address = link.to == 0 ? 0 : reinterpret_cast<uintptr_t>(blocks[link.to].data);
  uint64_t now = 0;
  if (!read_number(from.data + link.at, sizeof now, now) || now != address) return false;
  if (link.count_size == 0) return true;
  return read_number(from.data + link.count_at, link.count_size, now) && now == units_of(blocks, link);
}

// Whether every link and every tail is inside the blocks.
bool names_blocks(const std::vector<Block>& blocks, const std::vector<Link>& links,
                  const std::vector<BlockTail>& tails) {
  const size_t count = blocks.size();
  return std::all_of(links.begin(), links.end(),
                     [=](const Link& link) { return link.from < count && link.to < count; }) &&
         std::all_of(tails.begin(), tails.end(), [=](const BlockTail& tail) { return tail.block < count; });
}

// What JavaScript has written where an address is.
struct Overwritten {
  uint8_t* at;
  uint64_t value;
};

// Makes the ioctl with `call`, which gets the argument. Returns its result, or -EFAULT if the description is wrong.
template <typename Call>
int call_with_addresses(napi_env env, uint32_t request, std::vector<Block>& blocks, const std::vector<Link>& links,
                        const std::vector<BlockTail>& tails, Call call) {
  if (!names_blocks(blocks, links, tails) || blocks.front().length < _IOC_SIZE(request)) return -EFAULT;
  for (Block& block : blocks) {
    const int error = prepare(env, block);
    if (error != 0) return error;
  }
  for (const BlockTail& tail : tails) {
    const Block& block = blocks[tail.block];
    // The guest could change the count in its memory.
    if (block.memory) return -EFAULT;
    if (!tail.tail.is_inside(block.data, block.length)) return too_short;
  }
  std::vector<Link> applied;
  std::vector<Overwritten> overwritten;
  bool is_wrong = false;
  for (const Link& link : links) {
    if (!applies(blocks, link, is_wrong)) continue;
    if (!is_wrong && blocks[link.from].contains(link.at, sizeof(uint64_t))) {
      uint8_t* const at = blocks[link.from].data + link.at;
      uint64_t value = 0;
      read_number(at, sizeof value, value);
      overwritten.push_back({at, value});
    }
    applied.push_back(link);
  }
  for (const Link& link : applied) is_wrong = is_wrong || !write_link(blocks, link);
  for (const Link& link : applied) is_wrong = is_wrong || !is_intact(blocks, link);
  if (is_wrong) return -EFAULT;
  const int result = call(blocks.front().data);
  for (const auto& [at, value] : overwritten) write_number(at, sizeof value, value);
  for (const Block& block : blocks) {
    if (block.source != nullptr && block.is_copied_back) {
      std::copy(block.data, block.data + block.length, block.source);
    }
  }
  return result;
}

// Makes the ioctl on a file descriptor of a VM or of one of its vCPUs. With `keeps`, the VM keeps the guest memories until
// it is closed, because the kernel does not say when it uses them last.
template <typename T>
int call_on(napi_env env, int fd, Vm& vm, AddressedIoctl<T>& given) {
  const auto call = [&](uint8_t* argument) { return call_ioctl(fd, given.request, argument); };
  const int result = call_with_addresses(env, given.request, given.blocks, given.links, given.tails, call);
  if (result < 0 || !given.keeps) return result;
  const std::lock_guard<std::mutex> lock(vm.mutex);
  for (const Block& block : given.blocks) {
    if (block.memory) vm.kept.insert(block.memory->record());
  }
  return result;
}

napi_value VmIoctlAddressed(napi_env env, AddressedIoctl<Vm> given) {
  return number(env, call_on(env, given.target->fd, *given.target, given));
}

napi_value VcpuIoctlAddressed(napi_env env, AddressedIoctl<Vcpu> given) {
  const Turn turn(*given.target, Vcpu::Use::kIoctl);
  return number(env, turn ? call_on(env, given.target->fd, *given.target->vm, given) : -EBUSY);
}

}  // namespace

void export_addressed_ioctls(napi_env env, napi_value exports) {
  add_functions(env, exports,
                {{"vmIoctlAddressed", checked<VmIoctlAddressed>}, {"vcpuIoctlAddressed", checked<VcpuIoctlAddressed>}});
}

}  // namespace kvm_uapi
