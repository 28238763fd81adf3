// See golden.hpp.
#include "tests/unit/binding/golden.hpp"

#include "agent/base/text.hpp"
#include "collectors/backup_service_status/cmdlet.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace sfb::binding {

namespace {

std::string with_line_breaks(std::string_view cell) {
  std::string out;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    const bool line_break = cell.substr(i, 2) == "\\n";
    out += line_break ? '\n' : cell[i];
    i += line_break ? 1 : 0;
  }
  return out;
}

bool is_flag(const Cmdlet& cmdlet, const std::string& name) {
  for (const auto* group : {&cmdlet.parameters, &cmdlet.common}) {
    for (const Parameter& parameter : *group) {
      if (parameter.name == name) {
        return parameter.type == ParameterType::boolean ||
               parameter.type == ParameterType::switch_flag;
      }
    }
  }
  return false;
}

}  // namespace

std::string golden_folder() {
  return std::string(SFB_SOURCE_DIR) + "/tests/golden/errors/binding/";
}

std::string read_golden(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::vector<GoldenLine> golden_lines(std::string_view name) {
  const std::string table = read_golden(golden_folder() + std::string(name));
  std::vector<GoldenLine> lines;
  bool head = true;
  for (const std::string_view row : split(table, '\n')) {
    const auto cells = split(row, '\t');
    if (!head && cells.size() == 6) {
      lines.push_back({std::string(cells[0]), std::string(cells[1]), std::string(cells[2]),
                       with_line_breaks(cells[3]), std::string(cells[4]), std::string(cells[5])});
    }
    head = false;
  }
  return lines;
}

Cmdlet stand_in() {
  Cmdlet cmdlet = collectors::get_cs_backup_service_status();
  cmdlet.class_name = "Contoso.Backup.GetCsBackupServiceStatusCommand";
  for (Parameter& parameter : cmdlet.parameters) {
    if (parameter.name == "PoolFqdn") {
      parameter.type_name = "System.String";
    } else if (parameter.name == "Category") {
      parameter.type_name = "Contoso.Backup.BackupCategory";
    }
  }
  return cmdlet;
}

std::string binds_text(const Cmdlet& cmdlet, std::vector<Bound> bound) {
  std::ranges::sort(bound, {}, &Bound::parameter);
  std::string out;
  for (const Bound& one : bound) {
    out += (out.empty() ? "" : "; ") + one.parameter + '=';
    out += is_flag(cmdlet, one.parameter) ? (one.flag ? "True" : "False") : one.text;
  }
  return out;
}

bool underline_value_too(BindError& error, const std::vector<Token>& tokens) {
  const auto name = std::ranges::find(tokens, error.offset, &Token::offset);
  if (name == tokens.end() || !name->with_colon || name + 1 == tokens.end() || !error.offset) {
    return false;
  }
  error.length = name[1].offset + name[1].length - name->offset;
  return true;
}

}  // namespace sfb::binding
