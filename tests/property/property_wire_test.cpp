// Every recorded conversation, and those with the agent's script: objects, fragments and bytes
// lost, doubled, swapped and altered: never a false good.
#include "tests/property/damage.hpp"
#include "tests/property/ledger.hpp"
#include "tests/property/wire_damage.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

namespace sfb::property {
namespace {

// Of each kind of edit and each message; more for nightly runs.
constexpr std::size_t kWireBudget = 12;
// Of the changes of header fields one in so many; all of them in nightly runs.
constexpr std::size_t kHeadersOf = 6;
// The recordings have much in common.
constexpr std::size_t kRecordedBudget = 1;

// What a script sends is there twice, in the object and in the extras: nothing is exempt.
Difference how_it_differs(const Conversation& whole, const Conversation& damaged) {
  return whole.name.starts_with("script") ? Difference::structure : difference(whole, damaged);
}

TEST(DamagedConversations, AreNeverBetter) {
  std::cout << "SFB_SEED=" << seed() << " SFB_MUTATIONS=" << factor() << '\n';
  Ledger ledger;
  for (const Conversation& whole : conversations()) {
    const Outcome outcome = outcome_of(whole);
    const auto sink = [&](const Conversation& damaged, const std::string& what) {
      ledger.add(
          whole.name, outcome, outcome_of(damaged), [&] { return how_it_differs(whole, damaged); },
          [&] { return what; });
    };
    Random random = random_for(whole.name);
    // The pool's opening is the same in all of them.
    const std::size_t first = ledger.tried() == 0 ? 0 : 1;
    const std::size_t of = std::max(kHeadersOf / factor(), std::size_t{1});
    const std::size_t budget = whole.name.contains(".txt") ? kRecordedBudget : kWireBudget;
    damage_order(whole, first, sink);
    damage_headers(whole, first, of, random, sink);
    damage_bytes(whole, first, budget * factor(), random, sink);
  }
  std::cout << ledger.report();
  EXPECT_EQ(ledger.violations(), 0U) << ledger.report();
  EXPECT_LE(ledger.exempt() * 100, ledger.tried() * 2);
  EXPECT_LE(ledger.exempt_and_better() * 1'000, ledger.tried());
}

// The sources are what they are meant to be: without that nothing is shown.
TEST(DamagedConversations, WholeOnesAreRead) {
  std::size_t good = 0;
  for (const Conversation& whole : conversations()) {
    const Outcome outcome = outcome_of(whole);
    std::cout << whole.name << ": " << show(outcome) << '\n';
    good += outcome.failure.empty() ? 1 : 0;
  }
  EXPECT_GE(good, 20U);
}

}  // namespace
}  // namespace sfb::property
