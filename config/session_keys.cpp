#include "config/session_keys.hpp"

#include "agent/base/text.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace sfb::config {

namespace {

// The agent's own arithmetic and memory bound it; a sane site is far below.
constexpr std::size_t kMostPipelines = 1'000'000;

std::optional<Language> read_language(Section& section) {
  const auto text = section.text("language");
  if (!text) {
    return std::nullopt;
  }
  constexpr std::array kChoices = {Language::automatic, Language::full, Language::constrained,
                                   Language::none};
  const auto found =
      std::ranges::find(kChoices, *text, [](Language choice) { return to_string(choice); });
  if (found == kChoices.end()) {
    section.problem("language", fmt::format("{} is not understood", quote(*text, 60)),
                    "must be auto, full, constrained or none");
    return std::nullopt;
  }
  return *found;
}

void read_session(Section section, Session& session) {
  assign(session.reuse, section.boolean("reuse"));
  assign(session.max_age, section.duration("max_age"));
  assign(session.max_pipelines, section.number("max_pipelines", 1, kMostPipelines));
  section.finish();
}

}  // namespace

void read_session_keys(Section& section, const Context& context, const SessionKeys& keys) {
  assign(keys.language, read_language(section));
  assign(keys.import_module, read_name(section, "import_module", true, "Get-Module"));
  if (keys.language == Language::none && !keys.import_module.empty()) {
    context.warnings.add(section.find("import_module")->position(), section.key_of("import_module"),
                         "has no effect: with language none no script runs that could import it",
                         "let the session configuration import the module, and remove it here");
  }
  if (const Node* const session = section.find("session")) {
    read_session(Section(*session, section.key_of("session"), context.problems), keys.session);
  }
}

}  // namespace sfb::config
