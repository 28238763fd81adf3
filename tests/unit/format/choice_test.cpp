// The words of the doors and what goes together (agent/format/choice.hpp).
#include "agent/format/choice.hpp"

#include <gtest/gtest.h>

namespace sfb::format {
namespace {

TEST(Choice, WordsAreSpelledExactly) {
  EXPECT_EQ(find_word(kEditions, "3.0"), Edition::windows_powershell_40);
  EXPECT_EQ(find_word(kEditions, "4.0"), Edition::windows_powershell_40);
  EXPECT_EQ(find_word(kEditions, "5.1"), Edition::windows_powershell_51);
  EXPECT_EQ(find_word(kEditions, "7"), Edition::powershell_7);
  EXPECT_EQ(find_word(kViews, "autosize"), View::autosize);
  for (const std::string_view word : {"", "5", "5.0", "5.10", " 5.1", "7.0", "6"}) {
    EXPECT_EQ(find_word(kEditions, word), std::nullopt) << word;
  }
  for (const std::string_view word : {"", "List", "automatic", "auto", "table "}) {
    EXPECT_EQ(find_word(kViews, word), std::nullopt) << word;
  }
  EXPECT_EQ(listed(kForms), "text, json and clixml");
  EXPECT_EQ(listed(kEditions), "3.0, 4.0, 5.1 and 7");
  EXPECT_EQ(listed(kViews), "list, table, autosize and wrap");
}

TEST(Choice, WhatDoesNotGoTogether) {
  const auto odd = [](As as, std::optional<Edition> edition, View view) {
    const auto found = misfit({.as = as, .edition = edition, .view = view});
    return found ? found->option : "";
  };
  constexpr auto k7 = Edition::powershell_7;
  EXPECT_EQ(odd(As::text, k7, View::list), "");
  EXPECT_EQ(odd(As::json, k7, View::automatic), "");
  EXPECT_EQ(odd(As::clixml, {}, View::automatic), "");
  EXPECT_EQ(odd(As::clixml, k7, View::automatic), "edition");
  EXPECT_EQ(odd(As::json, k7, View::table), "view");
  EXPECT_EQ(odd(As::clixml, {}, View::wrap), "view");
}

TEST(Choice, TheServersVersionDecidesUnlessAnEditionIsAsked) {
  Choice choice;
  EXPECT_EQ(console_of(choice, 80, "").edition, Edition::windows_powershell_51);
  EXPECT_EQ(console_of(choice, 80, "7.4.1").edition, edition_of("7.4.1"));
  EXPECT_EQ(console_of(choice, 80, "4.0").edition, edition_of("4.0"));
  EXPECT_EQ(console_of(choice, 80, "").view, View::automatic);
  EXPECT_EQ(console_of(choice, 80, "").width, 80);
  choice.edition = Edition::windows_powershell_51;
  choice.view = View::wrap;
  EXPECT_EQ(console_of(choice, 80, "7.4.1").edition, Edition::windows_powershell_51);
  EXPECT_EQ(console_of(choice, 80, "7.4.1").view, View::wrap);
}

TEST(Choice, JsonIsOf7UnlessAnOlderEditionIsAsked) {
  EXPECT_TRUE(is_json_of_7({}));
  EXPECT_TRUE(is_json_of_7({.edition = Edition::powershell_7}));
  EXPECT_FALSE(is_json_of_7({.edition = Edition::windows_powershell_51}));
  EXPECT_FALSE(is_json_of_7({.edition = Edition::windows_powershell_40}));
}

}  // namespace
}  // namespace sfb::format
