// From BackupModules to modules. A text that several modules were joined to, and two sources that
// contradict each other, are refused: read as one module they could hide the one that fails.
#include "collectors/backup_service_status/modules.hpp"

#include "agent/base/text.hpp"
#include "agent/value/access.hpp"
#include "collectors/answer.hpp"
#include "collectors/backup_service_status/states.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <optional>

namespace sfb::collectors {

namespace {

// What is wrong with an item.
struct Wrong {
  std::string_view text;
  bool several = false;  ///< it may hide another module
};

constexpr Wrong kNoModule = {
    "is neither an object with Identity, ExportStatus and ImportStatus nor a text "
    "Name:[Export,Import]"};
constexpr Wrong kNoIdentity = {"has no Identity"};
constexpr Wrong kNoExport = {"has no ExportStatus"};
constexpr Wrong kNoImport = {"has no ImportStatus"};
constexpr Wrong kNoWords = {"has no text in ExportStatus, and none in ImportStatus"};
constexpr Wrong kJoined = {
    "is not one module: a name or a state holds brackets or separators, as where several modules "
    "were joined to one text",
    true};
constexpr Wrong kContradicts = {"says one thing in its properties and another in its text", true};

// The parts of a module, whatever shape it came in.
struct RawModule {
  std::string_view identity;
  std::string_view export_word;
  std::string_view import_word;
};

using Read = std::expected<RawModule, Wrong>;

// Two states that somebody joined by blanks. One state may hold blanks: Microsoft's prose does.
template <typename State>
bool is_several(std::string_view word, State (*read)(std::string_view)) {
  int known = 0;
  while (!word.empty()) {
    const std::size_t end = std::min(word.find(' '), word.size());
    known += read(word.substr(0, end)) == State::unknown ? 0 : 1;
    word.remove_prefix(std::min(end + 1, word.size()));
  }
  return known > 1;
}

bool is_joined(const RawModule& module) {
  constexpr std::string_view kSeparators = "[]{},;:";
  const auto separated = [&](std::string_view text) {
    return text.find_first_of(kSeparators) != std::string_view::npos;
  };
  return separated(module.identity) || separated(module.export_word) ||
         separated(module.import_word) || is_several(module.export_word, read_export_state) ||
         is_several(module.import_word, read_import_state);
}

// `Name:[Export,Import]`: what ToString gives once plain remoting has used up its depth.
Read read_module_text(std::string_view text) {
  text = trim(text);
  const std::size_t open = text.find('[');
  const std::size_t close = text.find(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return std::unexpected(kNoModule);
  }
  const std::string_view head = trim(text.substr(0, open));
  const std::string_view words = text.substr(open + 1, close - open - 1);
  const std::size_t comma = words.find(',');
  if (!head.ends_with(':') || comma == std::string_view::npos) {
    return std::unexpected(kNoModule);
  }
  const RawModule module{trim(head.substr(0, head.size() - 1)), trim(words.substr(0, comma)),
                         trim(words.substr(comma + 1))};
  if (close + 1 != text.size() || is_joined(module)) {
    return std::unexpected(kJoined);
  }
  return module.identity.empty() ? Read(std::unexpected(kNoModule)) : Read(module);
}

// True unless both name a module or a state that they know, and not the same.
bool agree(const RawModule& one, const RawModule& other) {
  const auto same_state = [](auto a, auto b) {
    using State = decltype(a);
    return a == b || a == State::unknown || b == State::unknown;
  };
  return (one.identity.empty() || iequals(one.identity, other.identity)) &&
         same_state(read_export_state(one.export_word), read_export_state(other.export_word)) &&
         same_state(read_import_state(one.import_word), read_import_state(other.import_word));
}

Read read_module(const Graph& graph, const Value& value) {
  const auto member = [&](std::string_view name) -> std::optional<std::string_view> {
    const Value* found = find_member(graph, value, name);
    return found == nullptr ? std::nullopt : plain_text(graph, *found);
  };
  const auto own_text = plain_text(graph, value);
  if (find_member(graph, value, "Identity") == nullptr) {
    const bool states = find_member(graph, value, "ExportStatus") != nullptr ||
                        find_member(graph, value, "ImportStatus") != nullptr;
    return own_text ? read_module_text(*own_text)
                    : Read(std::unexpected(states ? kNoIdentity : kNoModule));
  }
  const auto identity = member("Identity");
  const auto row_text = member("Text");  // of a row of the script
  const auto export_word = member("ExportStatus");
  const auto import_word = member("ImportStatus");
  if (!identity) {
    return std::unexpected(kNoIdentity);
  }
  const RawModule module{trim(*identity), trim(export_word.value_or("")),
                         trim(import_word.value_or(""))};
  if (module.identity.empty()) {
    // The script's row of a module that was a text already.
    const Read read = row_text ? read_module_text(*row_text) : Read(std::unexpected(kNoIdentity));
    return !read || agree(module, *read) ? read : Read(std::unexpected(kContradicts));
  }
  // JSON says everything once: a member that is gone may have taken another module's with it.
  if (find_member(graph, value, "ExportStatus") == nullptr) {
    return std::unexpected(kNoExport);
  }
  if (find_member(graph, value, "ImportStatus") == nullptr) {
    return std::unexpected(kNoImport);
  }
  if (!export_word && !import_word) {
    return std::unexpected(kNoWords);
  }
  if (is_joined(module)) {
    return std::unexpected(kJoined);
  }
  for (const auto& text : {row_text, own_text}) {
    // Any other text, a type's name for one, says nothing about the states.
    if (text && text->contains(":[")) {
      const Read read = read_module_text(*text);
      if (!read || !agree(module, *read)) {
        return std::unexpected(read ? kContradicts : read.error());
      }
    }
  }
  return module;
}

std::vector<const Value*> without_nulls(std::vector<const Value*> items) {
  std::erase_if(items, [](const Value* item) { return item->is_null(); });
  return items;
}

std::unexpected<Error> bad_item(const Graph& graph, std::size_t number, const Value& item,
                                std::string_view why) {
  return bad_answer("status.bad_module", fmt::format("item {} of BackupModules {}", number, why),
                    std::string(plain_text(graph, item).value_or("")));
}

// The items to read: the script's rows where there are any. They are of the same modules in the
// same order, or one of both is not whole.
Result<std::vector<const Value*>> choose_items(const PipelineResult& result, const Value& list) {
  const Graph& graph = result.graph;
  const Value* const inner = unwrap_counted(graph, list);
  if (inner == nullptr) {
    return bad_answer("status.bad_module",
                      "Count beside BackupModules is not the number of its items");
  }
  std::vector<const Value*> items = without_nulls(items_of(graph, *inner));
  std::vector<const Value*> rows = rows_of_script(result);
  if (rows.empty()) {
    return items;
  }
  if (rows.size() != items.size()) {
    return bad_answer("status.bad_module",
                      fmt::format("BackupModules holds {} where the script counted {}",
                                  counted(items.size(), "module"), rows.size()));
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Read item = read_module(graph, *items[i]);
    const Read row = read_module(graph, *rows[i]);
    // What remoting left of an object need not be readable, but it must not be several.
    const bool several = !item && item.error().several;
    if (several || (item && row && !agree(*item, *row))) {
      return bad_item(graph, i + 1, *items[i],
                      several ? item.error().text : "is not the module that the script told of");
    }
  }
  return rows;
}

Status read_one(const Graph& graph, std::size_t number, const Value& item, const Limits& limits,
                BackupStatus& status) {
  const Read raw = read_module(graph, item);
  if (!raw) {
    return bad_item(graph, number, item, raw.error().text);
  }
  if (auto checked = check_label(fmt::format("Identity of item {} of BackupModules", number),
                                 raw->identity, limits);
      !checked) {
    return checked;
  }
  Module module{raw->identity, read_export_state(raw->export_word),
                read_import_state(raw->import_word),
                cut_utf8(raw->export_word, limits.label_length),
                cut_utf8(raw->import_word, limits.label_length)};
  const auto same = std::ranges::find_if(status.modules, [&](const Module& other) {
    return iequals(other.identity.str(), module.identity.str());
  });
  if (same != status.modules.end()) {
    if (!iequals(same->export_word.str(), module.export_word.str()) ||
        !iequals(same->import_word.str(), module.import_word.str())) {
      return bad_answer("status.duplicate_module",
                        "a module is listed twice in BackupModules with different states",
                        fmt::format("{0}:[{1},{2}] and {0}:[{3},{4}]", same->identity.str(),
                                    same->export_word.str(), same->import_word.str(),
                                    module.export_word.str(), module.import_word.str()));
    }
    status.notes.push_back(fmt::format("module {} is listed more than once", raw->identity));
    return {};
  }
  // Not cut: the module left out could be the one that fails.
  if (status.modules.size() == limits.modules_per_pool) {
    return bad_answer("status.too_many_modules",
                      fmt::format("BackupModules holds more than {} (limits.modules_per_pool)",
                                  counted(limits.modules_per_pool, "module")));
  }
  status.unknown_states += module.export_state == ExportState::unknown ? 1U : 0U;
  status.unknown_states += module.import_state == ImportState::unknown ? 1U : 0U;
  status.modules.push_back(std::move(module));
  return {};
}

}  // namespace

std::vector<const Value*> rows_of_script(const PipelineResult& result) {
  const Graph& graph = result.graph;
  const Value* const list = result.extras ? find_member(graph, *result.extras, "Modules") : nullptr;
  if (list == nullptr) {
    return {};
  }
  std::vector<const Value*> rows = without_nulls(items_of(graph, *list));
  // The script writes a row for a $null among the modules too.
  std::erase_if(rows, [&](const Value* row) {
    const auto empty = [&](std::string_view name) {
      const Value* const found = find_member(graph, *row, name);
      const auto text = found == nullptr ? std::nullopt : plain_text(graph, *found);
      return text && trim(*text).empty();
    };
    return empty("Identity") && empty("ExportStatus") && empty("ImportStatus") && empty("Text");
  });
  return rows;
}

std::optional<ModuleWords> words_of_module(const Graph& graph, const Value& item) {
  const Read read = read_module(graph, item);
  if (!read) {
    return std::nullopt;
  }
  return ModuleWords{std::string(read->identity), std::string(read->export_word),
                     std::string(read->import_word)};
}

Status read_modules(const PipelineResult& result, const Value& object, const Limits& limits,
                    BackupStatus& status) {
  const auto items = choose_items(result, *find_member(result.graph, object, "BackupModules"));
  if (!items) {
    return std::unexpected(items.error());
  }
  std::size_t number = 0;
  for (const Value* item : *items) {
    if (auto read = read_one(result.graph, ++number, *item, limits, status); !read) {
      return read;
    }
  }
  return {};
}

}  // namespace sfb::collectors
