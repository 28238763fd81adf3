#include "tests/property/damage.hpp"

#include "agent/base/text.hpp"
#include "tests/property/states.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace sfb::property {

namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
  const std::uint64_t number = text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
  return number == 0 ? otherwise : number;
}

std::string narrow(std::string_view wide) {
  std::string text;
  for (std::size_t i = 2; i < wide.size(); i += 2) {
    text += wide[i];
  }
  return text;
}

}  // namespace

std::size_t below(Random& random, std::size_t bound) {
  return static_cast<std::size_t>(random() % bound);
}

std::uint64_t seed() {
  static const std::uint64_t kSeed = from_environment("SFB_SEED", 11);
  return kSeed;
}

std::size_t factor() {
  static const std::size_t kFactor = from_environment("SFB_MUTATIONS", 1);
  return kFactor;
}

Random random_for(std::string_view part) {
  // FNV-1a: the same on every machine.
  std::uint64_t hash = 0xCBF29CE484222325ULL ^ seed();
  for (const char c : part) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  }
  return Random(hash);
}

std::string edited(std::string_view text, const Edit& edit) {
  std::string out;
  out.reserve(text.size() + edit.inserted.size());
  out += text.substr(0, edit.at);
  out += edit.inserted;
  out += text.substr(std::min(edit.at + edit.removed, text.size()));
  return out;
}

std::string show(std::string_view text, const Edit& edit) {
  const std::size_t before = edit.at - std::min<std::size_t>(edit.at, 40);
  return fmt::format("at {}: {} >>{}<< becomes >>{}<< {}", edit.at,
                     quote(text.substr(before, edit.at - before)),
                     quote(text.substr(edit.at, edit.removed)), quote(edit.inserted),
                     quote(text.substr(std::min(edit.at + edit.removed, text.size()), 40)));
}

Edits::Edits(std::string_view text, std::size_t budget, Random& random)
    : text_(text), budget_(budget), random_(random), wide_(text.starts_with("\xFF\xFE")) {
  const std::string letters = wide_ ? narrow(text) : std::string(text);
  states_ = reader_states(letters);
  layout_.resize(states_.size());
  // A run of blanks is layout; of it only the first place counts.
  for (std::size_t i = 1; i < letters.size(); ++i) {
    layout_[i] = states_[i] == states_[i - 1] && std::string_view(" \t\r\n").contains(letters[i]) &&
                 std::string_view(" \t\r\n").contains(letters[i - 1]);
  }
}

std::vector<Edit> Edits::sampled(std::vector<Edit> all) {
  if (all.size() > budget_) {
    std::ranges::shuffle(all, random_);
    all.resize(budget_);
  }
  return all;
}

std::vector<Edit> Edits::all_fitting_cuts() const {
  std::vector<Edit> all;
  std::vector<std::size_t> run_begins(states_.size());
  for (std::size_t j = 1; j < states_.size(); ++j) {
    run_begins[j] = states_[j] == states_[j - 1] ? run_begins[j - 1] : j;
    if (layout_[j]) {
      continue;
    }
    // Within one run only letters of one text are lost: `anywhere` does that too.
    for (std::size_t i = j - std::min(j, kMostBytes / width()); i < run_begins[j]; ++i) {
      if (states_[i] == states_[j] && !layout_[i]) {
        all.push_back({place(i), place(j) - place(i), {}});
      }
    }
  }
  return all;
}

std::vector<Edit> Edits::fitting_cuts() {
  return sampled(all_fitting_cuts());
}

std::vector<Edit> Edits::fitting_doubles() {
  std::vector<Edit> all = fitting_cuts();
  for (Edit& edit : all) {
    edit.inserted = text_.substr(edit.at, edit.removed);
    edit.at += std::exchange(edit.removed, 0);
  }
  return all;
}

std::vector<Edit> Edits::anywhere() {
  constexpr std::string_view kMarks = "<>/\"'=&;:,[]{} 0123456789\n";
  std::vector<Edit> all;
  while (all.size() < budget_ && !text_.empty()) {
    Edit edit;
    edit.at = below(random_, text_.size());
    const bool few = below(random_, 2) == 0;
    const std::size_t size =
        std::min(1 + below(random_, few ? 4 : kMostBytes), text_.size() - edit.at);
    edit.removed = size;
    switch (below(random_, 6)) {
      case 0:
        break;  // lost
      case 1:   // doubled
        edit.removed = 0;
        edit.inserted = text_.substr(edit.at, size);
        break;
      case 2:
        edit.inserted.assign(size, '\0');
        break;
      case 3:
        edit.inserted.assign(size, ' ');
        break;
      case 4:
        for (std::size_t i = 0; i < size; ++i) {
          edit.inserted += kMarks[below(random_, kMarks.size())];
        }
        break;
      default:
        for (std::size_t i = 0; i < size; ++i) {
          edit.inserted += static_cast<char>(random_());
        }
    }
    all.push_back(std::move(edit));
  }
  return all;
}

std::vector<Edit> Edits::truncations() {
  std::vector<Edit> all;
  for (std::size_t at = 0; at < text_.size(); ++at) {
    all.push_back({at, text_.size() - at, {}});
  }
  return sampled(std::move(all));
}

}  // namespace sfb::property
