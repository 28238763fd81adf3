// The recorded lines of tests/golden/errors/binding and the invented cmdlet they were typed at.
#pragma once

#include "agent/binding/binding.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sfb::binding {

/// One row of a table; `\n` in it is a line break.
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

/// All rows of a table of the folder: Windows PowerShell's, or `binding.tsv` of 7.6; an empty list
/// when the file is not there.
std::vector<GoldenLine> golden_lines(std::string_view table = "binding.ps5.tsv");

/// The stand-in: Microsoft's parameters, types of namespace Contoso.Backup.
Cmdlet stand_in();

/// `Category=CMS; PoolFqdn=x`, sorted by name as in the table.
std::string binds_text(const Cmdlet& cmdlet, std::vector<Bound> bound);

/// 7.6 underlines a name together with the value behind its colon, 5.1 (and so the product) the
/// name alone: makes the error's place 7.6's. True when that changed it.
bool underline_value_too(BindError& error, const std::vector<Token>& tokens);

}  // namespace sfb::binding
