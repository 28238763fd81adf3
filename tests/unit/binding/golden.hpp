// The recorded lines of tests/golden/errors/binding and the invented cmdlet they were typed at.
#pragma once

#include "agent/binding/binding.hpp"

#include <string>
#include <vector>

namespace sfb::binding {

/// One row of binding.ps5.tsv; `\n` in it is a line break.
struct GoldenLine {
  std::string name;
  std::string line;
  std::string binds;
  std::string message;
  std::string error_id;
  std::string category;
};

/// The folder with all cases.
std::string golden_folder();

std::string read_golden(const std::string& path);

/// All rows; an empty list when the file is not there.
std::vector<GoldenLine> golden_lines();

/// The stand-in: Microsoft's parameters, types of namespace Contoso.Backup.
Cmdlet stand_in();

/// `Category=CMS; PoolFqdn=x`, sorted by name as in the table.
std::string binds_text(const Cmdlet& cmdlet, std::vector<Bound> bound);

}  // namespace sfb::binding
