#include "agent/base/secret.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ostream>
#include <type_traits>

namespace sfb {
namespace {

template <typename T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Streamable<Secret>);
static_assert(!fmt::is_formattable<Secret>::value);
static_assert(!std::is_convertible_v<Secret, std::string_view>);

TEST(Secret, CarriesItsText) {
  const Secret secret("hunter2");
  EXPECT_EQ(secret.reveal(), "hunter2");
  EXPECT_FALSE(secret.empty());
  EXPECT_TRUE(Secret().empty());
}

TEST(Secret, AMovedOneIsEmptyAndWiped) {
  Secret from("short");  // in the string's own buffer
  const char* const bytes = from.reveal().data();
  const Secret to(std::move(from));
  EXPECT_EQ(to.reveal(), "short");
  EXPECT_TRUE(from.empty());  // NOLINT: the state after a move is what is tested
  EXPECT_EQ(std::string_view(bytes, 5), std::string_view("\0\0\0\0\0", 5));
}

TEST(Secret, WhatItIsMadeOfIsWiped) {
  for (const std::size_t size : {std::size_t{5}, std::size_t{15}}) {  // in the string's own buffer
    std::string text(size, 'x');
    const char* const bytes = text.data();
    const Secret secret(std::move(text));
    EXPECT_EQ(secret.reveal(), std::string(size, 'x'));
    EXPECT_EQ(std::string(bytes, size), std::string(size, '\0'));
  }
}

TEST(Secret, AnOverwrittenOneIsWiped) {
  Secret secret("short");
  const char* const bytes = secret.reveal().data();
  Secret other("l");
  secret = std::move(other);
  EXPECT_EQ(secret.reveal(), "l");
  EXPECT_EQ(std::string_view(bytes + 1, 4), std::string_view("\0\0\0\0", 4));
}

TEST(Secret, Assignment) {
  Secret a("first");
  const Secret b("second");
  a = b;
  EXPECT_EQ(a.reveal(), "second");
  const Secret& same = a;
  a = same;
  EXPECT_EQ(a.reveal(), "second");
  a = Secret("third");
  EXPECT_EQ(a.reveal(), "third");
}

}  // namespace
}  // namespace sfb
