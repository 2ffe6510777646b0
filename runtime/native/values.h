// Conversions between the values of JavaScript and those of C++, for the functions of addon.cc.
//
// Most functions take a few arguments by position. A function with many takes one object, see Properties.
#pragma once

#include <math.h>
#include <napi.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#include <initializer_list>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "records.h"

namespace kvm_uapi {

using Napi::CallbackInfo;
using Napi::Env;
using Napi::Value;

inline Value number(Env env, double value) { return Napi::Number::New(env, value); }

// A handle of one isolate. It keeps a record alive until `release` empties the handle, or until the garbage collector
// has finalized the handle and the windows that were made with it.
template <typename T>
using Handle = std::shared_ptr<std::shared_ptr<T>>;

// Marks the JavaScript value of a handle with the type of its record. No other addon uses these numbers.
template <typename T>
constexpr uint64_t kind_of = 0;
template <>
constexpr uint64_t kind_of<File> = 1;
template <>
constexpr uint64_t kind_of<Memory> = 2;
template <>
constexpr uint64_t kind_of<Vm> = 3;
template <>
constexpr uint64_t kind_of<Vcpu> = 4;

template <typename T>
constexpr napi_type_tag tag_of() {
  static_assert(kind_of<T> != 0);
  return {0x6b766d5f75617069, kind_of<T>};
}

template <typename T>
Value handle_of(Env env, std::shared_ptr<T> record) {
  auto* const handle = new Handle<T>(std::make_shared<std::shared_ptr<T>>(std::move(record)));
  const auto value = Napi::External<Handle<T>>::New(env, handle, [](Env, Handle<T>* finalized) { delete finalized; });
  constexpr napi_type_tag tag = tag_of<T>();
  value.TypeTag(&tag);
  return value;
}

template <typename T>
const Handle<T>& handle_at(const Value& value) {
  return *value.As<Napi::External<Handle<T>>>().Data();
}

template <typename T>
std::shared_ptr<T>& record_at(const Value& value) {
  return *handle_at<T>(value);
}

// Arguments by position

inline int64_t int64_at(const CallbackInfo& info, size_t index) { return info[index].As<Napi::Number>().Int64Value(); }
inline uint32_t uint32_at(const CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Uint32Value();
}
inline int int_at(const CallbackInfo& info, size_t index) { return info[index].As<Napi::Number>().Int32Value(); }

inline unsigned long word_at(const CallbackInfo& info, size_t index) {
  if (!info[index].IsBigInt()) return static_cast<unsigned long>(int64_at(info, index));
  bool lossless = false;
  return info[index].As<Napi::BigInt>().Uint64Value(&lossless);
}

// The `needed` bytes at an offset of a DataView. Null when the value is not a DataView, and when the bytes are not all
// inside of it. A detached one has no bytes.
inline uint8_t* bytes_of(napi_env env, napi_value view, int64_t offset, int64_t needed) {
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_dataview_info(env, view, &length, &data, nullptr, nullptr) != napi_ok) return nullptr;
  if (data == nullptr || offset < 0 || needed < 0 || static_cast<uint64_t>(offset) > length) return nullptr;
  if (static_cast<uint64_t>(needed) > length - static_cast<uint64_t>(offset)) return nullptr;
  return static_cast<uint8_t*>(data) + offset;
}

// The argument of an ioctl. Null also when it is shorter than the request number says.
inline uint8_t* argument_of(napi_env env, uint32_t request, napi_value view, int64_t offset, int64_t needed) {
  return needed < static_cast<int64_t>(_IOC_SIZE(request)) ? nullptr : bytes_of(env, view, offset, needed);
}

// Of the arguments (…, request, view, offset, needed), where `request` is the position of the first.
inline uint8_t* argument_at(const CallbackInfo& info, size_t request) {
  return argument_of(info.Env(), uint32_at(info, request), info[request + 1], int64_at(info, request + 2),
                     int64_at(info, request + 3));
}

// One object in place of many arguments
//
// The named properties of an object. The constructor reads each property exactly once. A read can run JavaScript,
// because a property can be a getter: that code could release a handle or detach a buffer. So a function reads all
// properties before it converts any, and the conversions below do not run JavaScript. They return false for a wrong
// type, and for a property that is missing or could not be read.
class Properties {
 public:
  Properties(napi_env env, napi_value object, std::initializer_list<const char*> names) : env_(env) {
    // Asking undefined or null for a property would throw.
    napi_valuetype type = napi_undefined;
    const bool is_object = object != nullptr && napi_typeof(env, object, &type) == napi_ok && type == napi_object;
    for (const char* const name : names) {
      napi_value value = nullptr;
      if (!is_object || napi_get_named_property(env, object, name, &value) != napi_ok) value = nullptr;
      values_.emplace_back(name, value);
    }
  }

  // Null for a property that could not be read.
  napi_value operator[](const char* name) const {
    for (const auto& [known, value] : values_) {
      if (strcmp(known, name) == 0) return value;
    }
    return nullptr;
  }

  bool is(const char* name, napi_valuetype type) const {
    const napi_value value = (*this)[name];
    napi_valuetype actual;
    return value != nullptr && napi_typeof(env_, value, &actual) == napi_ok && actual == type;
  }

  // An integer that the type T has, and that a number of JavaScript represents exactly.
  template <typename T>
  bool integer(const char* name, T& result) const {
    constexpr double safe = 9007199254740991;
    constexpr double least = std::is_signed_v<T> ? static_cast<double>(std::numeric_limits<T>::min()) : 0;
    constexpr double most = static_cast<double>(std::numeric_limits<T>::max());
    double value = 0;
    if (!is(name, napi_number) || napi_get_value_double(env_, (*this)[name], &value) != napi_ok) return false;
    if (!(value >= least && value <= most && fabs(value) <= safe) || value != trunc(value)) return false;
    result = static_cast<T>(value);
    return true;
  }

  // The record of a handle that has not been released.
  template <typename T>
  bool record(const char* name, std::shared_ptr<T>& result) const {
    const napi_value value = (*this)[name];
    constexpr napi_type_tag tag = tag_of<T>();
    bool is_handle = false;
    if (!is(name, napi_external)) return false;
    if (napi_check_object_type_tag(env_, value, &tag, &is_handle) != napi_ok || !is_handle) return false;
    result = record_at<T>(Value(env_, value));
    return result != nullptr;
  }

 private:
  const napi_env env_;
  std::vector<std::pair<const char*, napi_value>> values_;
};

}  // namespace kvm_uapi
