// A value of any type that can be compared: for asking whether something has changed.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace sfb {

/// Holds a copy of any value that has ==, or nothing. Two are equal when both hold equal values of
/// the same type, or when both hold nothing. Thread rule: a value; copies share what they hold,
/// which never changes.
class AnyComparable {
 public:
  /// Holds nothing.
  AnyComparable() = default;

  template <std::equality_comparable T>
    requires(!std::same_as<T, AnyComparable> && !std::is_pointer_v<T>)
  // NOLINTNEXTLINE(google-explicit-constructor): a value becomes comparable where it is assigned.
  AnyComparable(T value)
      : type_(&typeid(T)), value_(std::make_shared<const T>(std::move(value))), equal_(&equal<T>) {}
  /// A literal is compared as text, not as a place.
  // NOLINTNEXTLINE(google-explicit-constructor)
  AnyComparable(const char* text) : AnyComparable(std::string(text)) {}

  bool empty() const { return value_ == nullptr; }

  friend bool operator==(const AnyComparable& a, const AnyComparable& b) {
    if (a.empty() || b.empty()) {
      return a.empty() && b.empty();
    }
    return *a.type_ == *b.type_ && a.equal_(a.value_.get(), b.value_.get());
  }

 private:
  template <typename T>
  static bool equal(const void* a, const void* b) {
    return *static_cast<const T*>(a) == *static_cast<const T*>(b);
  }

  const std::type_info* type_ = nullptr;
  std::shared_ptr<const void> value_;
  bool (*equal_)(const void*, const void*) = nullptr;
};

}  // namespace sfb
