#include "tests/property/ledger.hpp"

#include <fmt/format.h>

namespace sfb::property {

void Ledger::add(std::string_view source, const Outcome& whole, const Outcome& damaged,
                 const std::function<Difference()>& how,
                 const std::function<std::string()>& describe) {
  ++tried_;
  const std::string what = complaint(whole, damaged);
  if (what.empty()) {
    ++(!damaged.failure.empty() ? failed_
       : damaged.configured == whole.configured && damaged.working == whole.working &&
               damaged.modules == whole.modules
           ? equal_
           : less_);
    return;
  }
  const Difference difference = how();
  const bool excused = difference == Difference::letters || difference == Difference::elements ||
                       difference == Difference::elements_and_letters;
  Kind& kind =
      excused ? exempt_[fmt::format("{}: {}", to_string(difference), what)] : violations_[what];
  ++kind.count;
  better_ += excused && damaged.working.value_or(false) && damaged.working != whole.working ? 1 : 0;
  std::string example = fmt::format("{}: {}\n      whole:   {}\n      damaged: {}", source,
                                    describe(), show(whole), show(damaged));
  if (kind.example.empty() || example.size() < kind.example.size()) {
    kind.example = std::move(example);
  }
}

std::size_t Ledger::exempt() const {
  std::size_t sum = 0;
  for (const auto& [name, kind] : exempt_) {
    sum += kind.count;
  }
  return sum;
}

std::size_t Ledger::violations() const {
  std::size_t sum = 0;
  for (const auto& [name, kind] : violations_) {
    sum += kind.count;
  }
  return sum;
}

std::string Ledger::report() const {
  std::string text = fmt::format("{} tried: {} fail, {} equal, {} say less, {} exempt, {} broken\n",
                                 tried_, failed_, equal_, less_, exempt(), violations());
  for (const auto& [name, kind] : exempt_) {
    text += fmt::format("  exempt {} ({})\n", name, kind.count);
  }
  for (const auto& [name, kind] : violations_) {
    text += fmt::format("  BROKEN {} ({}), for example\n    {}\n", name, kind.count, kind.example);
  }
  return text;
}

}  // namespace sfb::property
