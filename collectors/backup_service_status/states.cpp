// State words, both ways.
#include "collectors/backup_service_status/states.hpp"

#include "agent/base/text.hpp"

#include <algorithm>
#include <string>

namespace sfb::collectors {

namespace {

std::string without_blanks(std::string_view word) {
  std::string out;
  std::ranges::copy_if(word, std::back_inserter(out),
                       [](char c) { return c != ' ' && c != '\t' && c != '\r' && c != '\n'; });
  return out;
}

// The state whose own name the word is; `unknown` is the last of the list.
template <typename States>
auto read_state(std::string_view word, const States& states) {
  const std::string plain = without_blanks(word);
  const auto found =
      std::ranges::find_if(states, [&](auto state) { return iequals(plain, to_string(state)); });
  return found == states.end() ? states.back() : *found;
}

}  // namespace

std::string_view to_string(ExportState state) {
  switch (state) {
    case ExportState::final_state:
      return "FinalState";
    case ExportState::steady_state:
      return "SteadyState";
    case ExportState::non_steady_state:
      return "NonSteadyState";
    case ExportState::not_initialized:
      return "NotInitialized";
    case ExportState::error_state:
      return "ErrorState";
    case ExportState::unknown:
      return "Unknown";
  }
  return "Unknown";
}

std::string_view to_string(ImportState state) {
  switch (state) {
    case ImportState::normal_state:
      return "NormalState";
    case ImportState::error_state:
      return "ErrorState";
    case ImportState::not_initialized:
      return "NotInitialized";
    case ImportState::unknown:
      return "Unknown";
  }
  return "Unknown";
}

std::string_view to_string(Health health) {
  switch (health) {
    case Health::good:
      return "good";
    case Health::benign:
      return "benign";
    case Health::bad:
      return "bad";
    case Health::unknown:
      return "unknown";
  }
  return "unknown";
}

bool is_healthy(ExportState state) {
  return state == ExportState::final_state || state == ExportState::steady_state;
}

ExportState read_export_state(std::string_view word) {
  return read_state(word, kExportStates);
}

ImportState read_import_state(std::string_view word) {
  return read_state(word, kImportStates);
}

}  // namespace sfb::collectors
