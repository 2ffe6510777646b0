// The arguments of the functions of the addon.
//
// JavaScript can pass any value. So a function of the addon declares the types of its arguments, and `checked` converts
// them. It calls the function only if every conversion succeeds, and otherwise it throws a TypeError. Each argument is
// converted once, and no conversion calls JavaScript, except the getters of an object in place of many arguments.
//
//   napi_value MemoryWindow(napi_env env, Open<Memory> memory, uint64_t offset, uint64_t length);
//   {"memoryWindow", checked<MemoryWindow>}
#pragma once

#include <math.h>
#include <node_api.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "handles.h"

namespace kvm_uapi {

// Results

inline napi_value number(napi_env env, double value) {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}

inline napi_value boolean(napi_env env, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(env, value, &result);
  return result;
}

inline napi_value null(napi_env env) {
  napi_value result = nullptr;
  napi_get_null(env, &result);
  return result;
}

// Conversions. Argument<T>::read returns whether the value is a T, and `rule` says what a T is.

inline bool is_type(napi_env env, napi_value value, napi_valuetype type) {
  napi_valuetype actual;
  return value != nullptr && napi_typeof(env, value, &actual) == napi_ok && actual == type;
}

template <typename T, typename = void>
struct Argument;

// An integer that is in the range of the type T and that a number of JavaScript represents exactly.
template <typename T>
struct Argument<T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>> {
  static constexpr const char* rule = std::is_signed_v<T> ? (sizeof(T) == 4 ? "an integer of 32 bits" : "an integer")
                                      : sizeof(T) == 4    ? "an integer from 0 to 2^32 - 1"
                                                          : "an integer from 0 to 2^53 - 1";
  static bool read(napi_env env, napi_value value, T& result) {
    constexpr double safe = 9007199254740991;
    constexpr double least = std::is_signed_v<T> ? static_cast<double>(std::numeric_limits<T>::min()) : 0;
    constexpr double most = static_cast<double>(std::numeric_limits<T>::max());
    double number = 0;
    // This function fails for a value that is not a number, and does not convert it.
    if (value == nullptr || napi_get_value_double(env, value, &number) != napi_ok) return false;
    if (!(number >= least && number <= most && fabs(number) <= safe) || number != trunc(number)) return false;
    result = static_cast<T>(number);
    return true;
  }
};

template <>
struct Argument<bool> {
  static constexpr const char* rule = "a boolean";
  static bool read(napi_env env, napi_value value, bool& result) {
    return value != nullptr && napi_get_value_bool(env, value, &result) == napi_ok;
  }
};

// The argument of an ioctl that is an integer: a number or a bigint of at most 64 bits.
struct Word {
  unsigned long value = 0;
};

template <>
struct Argument<Word> {
  static constexpr const char* rule = "an integer from 0 to 2^64 - 1";
  static bool read(napi_env env, napi_value value, Word& result) {
    uint64_t bits = 0;
    if (Argument<uint64_t>::read(env, value, bits)) {
      result.value = bits;
      return true;
    }
    bool lossless = false;
    if (value == nullptr || napi_get_value_bigint_uint64(env, value, &bits, &lossless) != napi_ok) return false;
    result.value = bits;
    return lossless;
  }
};

template <>
struct Argument<std::string> {
  static constexpr const char* rule = "a string without '\\0'";
  static bool read(napi_env env, napi_value value, std::string& result) {
    size_t length = 0;
    if (value == nullptr || napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
    result.resize(length + 1);
    if (napi_get_value_string_utf8(env, value, result.data(), length + 1, &length) != napi_ok) return false;
    result.resize(length);
    return result.find('\0') == std::string::npos;
  }
};

// A T or null.
template <typename T>
struct Argument<std::optional<T>> {
  static constexpr const char* rule = Argument<T>::rule;
  static bool read(napi_env env, napi_value value, std::optional<T>& result) {
    result.reset();
    return is_type(env, value, napi_null) || Argument<T>::read(env, value, result.emplace());
  }
};

// A handle that has not been released. The handle is valid while the function has not called JavaScript.
template <typename T>
class Open {
 public:
  T* operator->() const { return (*handle_)->record.get(); }
  T& operator*() const { return *(*handle_)->record; }
  const std::shared_ptr<T>& record() const { return (*handle_)->record; }
  const Handle<T>& handle() const { return *handle_; }

  // Detaches the windows of this handle and releases the record.
  void release(napi_env env) const {
    (*handle_)->is_released = true;
    if (!detach_windows(env, **handle_)) return;
    (*handle_)->record.reset();
    Isolate* const isolate = Isolate::of(env);
    if (isolate != nullptr) isolate->lighten_handle(handle_);
  }

 private:
  friend struct Argument<Open<T>>;
  Handle<T>* handle_ = nullptr;
};

template <typename T>
struct Argument<Open<T>> {
  static constexpr const char* rule = "a handle of this kind that was not released";
  static bool read(napi_env env, napi_value value, Open<T>& result) {
    result.handle_ = value == nullptr ? nullptr : handle_in<T>(env, value);
    return result.handle_ != nullptr && !(*result.handle_)->is_released;
  }
};

// A DataView. The bytes are looked up just before they are used, because a buffer can be detached or resized.
struct View {
  napi_value value = nullptr;
};

template <>
struct Argument<View> {
  static constexpr const char* rule = "a DataView";
  static bool read(napi_env env, napi_value value, View& result) {
    bool is_view = false;
    result.value = value;
    return value != nullptr && napi_is_dataview(env, value, &is_view) == napi_ok && is_view;
  }
};

struct Function {
  napi_value value = nullptr;
};

template <>
struct Argument<Function> {
  static constexpr const char* rule = "a function";
  static bool read(napi_env env, napi_value value, Function& result) {
    result.value = value;
    return is_type(env, value, napi_function);
  }
};

// An object in place of many arguments, see Properties.
template <typename T>
struct Argument<T, std::void_t<decltype(T::rule)>> {
  static constexpr const char* rule = T::rule;
  static bool read(napi_env env, napi_value value, T& result) { return result.read(env, value); }
};

template <>
struct Argument<napi_value> {
  static constexpr const char* rule = "a value";
  static bool read(napi_env, napi_value value, napi_value& result) {
    result = value;
    return value != nullptr;
  }
};

// Returns the `needed` bytes at an offset of a DataView. Returns null if some of the bytes are outside of the DataView,
// or outside of its buffer, which can be smaller now than when the DataView was made. A detached DataView has no bytes.
inline uint8_t* bytes_of(napi_env env, View view, uint64_t offset, uint64_t needed) {
  void* data = nullptr;
  size_t length = 0;
  size_t start = 0;
  napi_value buffer = nullptr;
  if (napi_get_dataview_info(env, view.value, &length, &data, &buffer, &start) != napi_ok) return nullptr;
  if (data == nullptr || offset > length || needed > length - offset) return nullptr;
  // This function fails for a SharedArrayBuffer, which cannot be detached and cannot become smaller.
  size_t whole = 0;
  if (napi_get_arraybuffer_info(env, buffer, nullptr, &whole) == napi_ok) {
    if (start > whole || length > whole - start) return nullptr;
  }
  return static_cast<uint8_t*>(data) + offset;
}

// Returns the argument of an ioctl. Also returns null if the argument is shorter than the size in the request number.
inline uint8_t* argument_of(napi_env env, uint32_t request, View view, uint64_t offset, uint64_t needed) {
  return needed < _IOC_SIZE(request) ? nullptr : bytes_of(env, view, offset, needed);
}

// One object in place of many arguments
//
// The named properties of an object. The constructor reads each property exactly once. A property can be a getter, so
// a read can run JavaScript, and this JavaScript can release a handle or detach a buffer. So a function reads all
// properties before it converts any property, and the conversions do not run JavaScript. A type that is read from an
// object has `static constexpr const char* rule` and `bool read(napi_env, napi_value)`. This function returns false for a
// wrong property, and for a property that is missing or could not be read.
class Properties {
 public:
  Properties(napi_env env, napi_value object, std::initializer_list<const char*> names) : env_(env) {
    // A read of a property of undefined or null would throw.
    const bool is_object = is_type(env, object, napi_object);
    for (const char* const name : names) {
      napi_value value = nullptr;
      if (!is_object || napi_get_named_property(env, object, name, &value) != napi_ok) value = nullptr;
      values_.emplace_back(name, value);
    }
  }

  // Returns null for a property that could not be read.
  napi_value operator[](const char* name) const {
    for (const auto& [known, value] : values_) {
      if (strcmp(known, name) == 0) return value;
    }
    return nullptr;
  }

  template <typename T>
  bool read(const char* name, T& result) const {
    return Argument<T>::read(env_, (*this)[name], result);
  }

  bool is(const char* name, napi_valuetype type) const { return is_type(env_, (*this)[name], type); }

 private:
  const napi_env env_;
  std::vector<std::pair<const char*, napi_value>> values_;
};

// Calls

using Callback = napi_value (*)(napi_env, napi_callback_info);

// Throws a TypeError, unless an exception is pending: a getter of an object has thrown it.
void throw_wrong_argument(napi_env env, size_t index, const char* rule);

template <typename T>
bool read_argument(napi_env env, napi_value value, size_t index, T& result) {
  if (Argument<T>::read(env, value, result)) return true;
  throw_wrong_argument(env, index, Argument<T>::rule);
  return false;
}

template <typename T, typename = void>
constexpr bool has_getters = false;
template <typename T>
constexpr bool has_getters<T, std::void_t<decltype(T::rule)>> = true;

template <auto function, typename Type = decltype(function)>
struct Checked;

template <auto function, typename... T>
struct Checked<function, napi_value (*)(napi_env, T...)> {
  static napi_value call(napi_env env, napi_callback_info info) {
    return call_with(env, info, std::index_sequence_for<T...>());
  }

 private:
  template <size_t... index>
  static napi_value call_with(napi_env env, napi_callback_info info, std::index_sequence<index...>) {
    // Its getters could release the handle or detach the view that another argument is.
    static_assert(sizeof...(T) == 1 || !(has_getters<std::decay_t<T>> || ...), "an object must be the only argument");
    // A missing argument is undefined.
    napi_value values[sizeof...(T) + 1];
    size_t count = sizeof...(T);
    if (napi_get_cb_info(env, info, &count, values, nullptr, nullptr) != napi_ok) return nullptr;
    std::tuple<std::decay_t<T>...> arguments;
    if (!(read_argument(env, values[index], index, std::get<index>(arguments)) && ...)) return nullptr;
    return function(env, std::move(std::get<index>(arguments))...);
  }
};

// The callback of Node-API for a function with declared arguments.
template <auto function>
constexpr Callback checked = Checked<function>::call;

}  // namespace kvm_uapi
