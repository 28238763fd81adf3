// Every export, 1 to 100 bytes lost, doubled, altered or moved at a time: never a false good.
#include "tests/property/exports.hpp"

#include "tests/property/damage.hpp"
#include "tests/property/ledger.hpp"
#include "tests/property/states.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>

namespace sfb::property {
namespace {

// Of each kind of edit and each file; more for nightly runs.
constexpr std::size_t kBudget = 100;

// A JSON element has nothing that could disagree with its members, so where a cut begins in one
// element and ends in a later one nobody can see it, unless the list has a Count.
Difference how_it_differs(const ExportSource& source, const std::optional<Node>& tree,
                          const Edit& edit, std::string_view damaged) {
  const Difference found = difference(tree, read_tree(characters(damaged)));
  // A file of the script says how many there are: no element is exempt.
  if (source.name.starts_with("script.") &&
      (found == Difference::elements || found == Difference::elements_and_letters)) {
    return Difference::structure;
  }
  const bool counted = source.bytes.contains("\"Count\"");
  return found == Difference::structure && tree->kind == "{" && !counted &&
                 lies_in_later_element(source.bytes, edit.at, edit.at + edit.removed)
             ? Difference::elements_and_letters
             : found;
}

void damage(const ExportSource& source, Ledger& ledger) {
  const Outcome whole = outcome_of_export(source.bytes, source.pool);
  // A form that this product does not read has nothing to lose.
  if (whole.failure.starts_with("json.") || whole.failure.starts_with("clixml.")) {
    std::cout << "left out: " << source.name << " " << show(whole) << '\n';
    return;
  }
  const auto tree = read_tree(characters(source.bytes));
  ASSERT_TRUE(tree) << source.name;
  ASSERT_EQ(difference(tree, tree), Difference::none) << source.name;
  Random random = random_for(source.name);
  Edits edits(source.bytes, kBudget * factor(), random);
  for (const auto& some :
       {edits.fitting_cuts(), edits.fitting_doubles(), edits.anywhere(), edits.truncations()}) {
    for (const Edit& edit : some) {
      const std::string bytes = edited(source.bytes, edit);
      ledger.add(
          source.name, whole, outcome_of_export(bytes, source.pool),
          [&] { return how_it_differs(source, tree, edit, bytes); },
          [&] { return show(source.bytes, edit); });
    }
  }
}

TEST(DamagedExports, AreNeverBetter) {
  std::cout << "SFB_SEED=" << seed() << " SFB_MUTATIONS=" << factor() << '\n';
  Ledger ledger;
  for (const ExportSource& source : exports()) {
    ASSERT_NO_FATAL_FAILURE(damage(source, ledger));
  }
  std::cout << ledger.report();
  EXPECT_EQ(ledger.violations(), 0U) << ledger.report();
  // What nobody can see is little; a rule that sees less than today's shows here.
  EXPECT_LE(ledger.exempt() * 100, ledger.tried() * 5);
  EXPECT_LE(ledger.exempt_and_better() * 5'000, ledger.tried());
}

// Two files that were put together, or a shorter one written over a longer one.
TEST(DamagedExports, TwoFilesInOneAreNeverBetter) {
  Ledger ledger;
  const auto all = exports();
  for (const ExportSource& first : all) {
    const Outcome whole = outcome_of_export(first.bytes, first.pool);
    for (const ExportSource& second : all) {
      if (!second.name.starts_with("export/")) {
        continue;  // the others have nothing more to put behind a file
      }
      const auto check = [&](std::string_view how, std::string_view rest) {
        ledger.add(
            first.name, whole, outcome_of_export(first.bytes + std::string(rest), first.pool),
            [] { return Difference::structure; },
            [&] { return fmt::format("{} {}", how, second.name); });
      };
      check("before", second.bytes);
      if (second.bytes.size() > first.bytes.size()) {
        check("over", std::string_view(second.bytes).substr(first.bytes.size()));
      }
    }
  }
  std::cout << ledger.report();
  EXPECT_EQ(ledger.violations(), 0U) << ledger.report();
}

}  // namespace
}  // namespace sfb::property
