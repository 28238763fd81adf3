// The rows of the fault table: data only, looked up by meaning_of. For this room and its tests.
#pragma once

#include "agent/wsman/fault.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace sfb::wsman {

/// A row is reached by each of its keys; no two rows share one.
struct FaultRow {
  std::uint32_t code = 0;    ///< key; 0: none
  std::string_view name;     ///< as Windows names the code
  std::string_view subcode;  ///< key where no code is known; empty: none
  std::string_view words;    ///< key for faults without either: parts in this order, `*` between
  Meaning meaning;
};

std::span<const FaultRow> fault_rows();
/// For a fault without a row.
const Meaning& unknown_fault();

}  // namespace sfb::wsman
