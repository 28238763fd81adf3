#include "agent/base/common_text.hpp"

#include <boost/flyweight/flyweight.hpp>
#include <boost/flyweight/holder_tag.hpp>
#include <boost/flyweight/refcounted.hpp>
#include <boost/flyweight/set_factory.hpp>
#include <boost/flyweight/simple_locking.hpp>
#include <boost/mpl/placeholders.hpp>

#include <memory>
#include <new>

namespace sfb {

namespace {

// Never destroyed: at the end of the program a thread that was left alone may still make a text.
template <typename Texts>
struct Kept : boost::flyweights::holder_marker {
  using type = Kept;
  static Texts& get() {
    static Texts& texts = *new Texts;
    return texts;
  }
};

// A tree: a table of 100,000 texts would be made anew for 17 ms, and peers choose some of them.
using Shared =
    boost::flyweight<std::string, boost::flyweights::set_factory<>, Kept<boost::mpl::_1>>;

Shared* shared_at(std::byte* place) {
  return std::launder(reinterpret_cast<Shared*>(place));
}

const Shared* shared_at(const std::byte* place) {
  return std::launder(reinterpret_cast<const Shared*>(place));
}

}  // namespace

CommonText::CommonText(std::string_view text) {
  static_assert(sizeof(Shared) == sizeof(shared_) && alignof(Shared) == alignof(void*));
  ::new (shared_.data()) Shared(text.begin(), text.end());
}

CommonText::CommonText(const CommonText& other) noexcept {
  ::new (shared_.data()) Shared(*shared_at(other.shared_.data()));
}

CommonText& CommonText::operator=(const CommonText& other) noexcept {
  *shared_at(shared_.data()) = *shared_at(other.shared_.data());
  return *this;
}

CommonText::~CommonText() {
  std::destroy_at(shared_at(shared_.data()));
}

const std::string& CommonText::str() const noexcept {
  return shared_at(shared_.data())->get();
}

}  // namespace sfb
