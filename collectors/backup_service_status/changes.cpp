#include "collectors/backup_service_status/changes.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::collectors {

std::vector<Change> changes(const BackupStatus& before, const BackupStatus& now) {
  std::vector<Change> found;
  const auto compare = [&](const std::string& module, std::string_view what,
                           const std::string& from, const std::string& to) {
    if (from != to) {
      found.push_back(
          {"module state changed",
           {{"module", module}, {"direction", std::string(what)}, {"from", from}, {"to", to}}});
    }
  };
  for (const Module& module : now.modules) {
    const auto old = std::ranges::find(before.modules, module.identity, &Module::identity);
    const bool known = old != before.modules.end();
    compare(module.identity.str(), "export", known ? old->export_word.str() : "",
            module.export_word.str());
    compare(module.identity.str(), "import", known ? old->import_word.str() : "",
            module.import_word.str());
  }
  for (const Module& old : before.modules) {
    if (std::ranges::find(now.modules, old.identity, &Module::identity) == now.modules.end()) {
      found.push_back({"module gone", {{"module", old.identity.str()}}});
    }
  }
  return found;
}

std::vector<ModuleWords> words_of(const BackupStatus& status) {
  std::vector<ModuleWords> words;
  words.reserve(status.modules.size());
  for (const Module& module : status.modules) {
    words.push_back({module.identity.str(), module.export_word.str(), module.import_word.str()});
  }
  return words;
}

std::string oddities(const BackupStatus& status) {
  std::string text;
  const auto add = [&](std::string_view part) {
    text += text.empty() ? "" : "; ";
    text += part;
  };
  const auto unknown = [&](std::string_view what, std::string_view direction,
                           const std::string& word) {
    add(fmt::format("unknown state {} of {} {}", quote(word, 80), what, direction));
  };
  // First, as there are few of them: the text is cut at its end.
  for (const std::string& note : status.notes) {
    add(note);
  }
  for (const Module& module : status.modules) {
    if (module.export_state == ExportState::unknown) {
      unknown(module.identity.str(), "export", module.export_word.str());
    }
    if (module.import_state == ImportState::unknown) {
      unknown(module.identity.str(), "import", module.import_word.str());
    }
  }
  if (status.overall_export == ExportState::unknown) {
    unknown("the overall", "export", status.overall_export_word);
  }
  if (status.overall_import == ImportState::unknown) {
    unknown("the overall", "import", status.overall_import_word);
  }
  return text;
}

}  // namespace sfb::collectors
