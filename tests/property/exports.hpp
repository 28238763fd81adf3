// The exports that are damaged: all golden files that hold a status, and forms that none of them
// has.
#pragma once

#include "agent/base/fqdn.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sfb::property {

struct ExportSource {
  std::string name;
  std::string bytes;
  Fqdn pool;
};

/// Throws when a folder is empty: a test without its data must fail.
std::vector<ExportSource> exports();

/// The characters of a file for the test's own reader: UTF-8 without BOM.
std::string characters(std::string_view bytes);

}  // namespace sfb::property
