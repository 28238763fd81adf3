// Invented pages with every type of family: for the unit tests, the page check and the benchmark.
#pragma once

#include "agent/exposition/exposition.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sfb::tests {

struct SyntheticSeries {
  std::vector<std::pair<std::string, std::string>> labels;
  exposition::Labels joined;  ///< the same, as the writer wants them
  std::string state;          ///< of a stateset
  double value = 0;
};

struct SyntheticFamily {
  exposition::Family meta;
  std::vector<SyntheticSeries> series;
};

struct SyntheticPage {
  std::vector<SyntheticFamily> families;
  exposition::Family histogram;
  std::vector<double> bounds;
  std::vector<std::uint64_t> cumulative;
  std::uint64_t count = 0;
  double sum = 0;

  std::size_t series() const;  ///< without the histogram's
};

/// 81 series a pool: three modules, three front ends.
SyntheticPage synthetic_page(std::size_t pools);

/// Few series, but every byte and number that is hard to write.
SyntheticPage awkward_page();

std::string write_page(const SyntheticPage& page, exposition::Format format,
                       std::size_t expected_bytes = 0);

}  // namespace sfb::tests
