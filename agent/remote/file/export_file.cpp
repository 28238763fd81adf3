#include "agent/remote/file/export_file.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/remote/file/export_content.hpp"
#include "agent/remote/file/export_counts.hpp"
#include "agent/remote/file/export_text.hpp"
#include "agent/value/access.hpp"
#include "agent/value/date_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace sfb::remote {

namespace {

constexpr std::string_view kVersionField = "SfbBackupExport";
constexpr std::int64_t kVersion = 1;

constexpr std::string_view kUseScript =
    "write it with Export-BackupStatus.ps1, or as deploy/transport-file.md, \"Files without "
    "the script\" says";
// Of the content only names are quoted, and only those that a secret does not look like.
constexpr std::size_t kMostQuoted = 100;

std::unexpected<Error> bad_wrapper(std::string what, std::string_view remedy = kUseScript) {
  return fail(Reason::parse, "file.bad_wrapper", std::move(what), std::string(remedy));
}

// A host name of several labels, else nothing.
std::string as_pool(std::string_view text) {
  const auto name = Fqdn::parse(trim(text));
  return name && name->str().contains('.') && name->str().size() <= kMostQuoted ? name->str()
                                                                                : std::string();
}

// Words joined by underscores, as collectors are called, else nothing.
std::string as_collector(std::string_view text) {
  text = trim(text);
  const bool word = std::ranges::all_of(text, [](char c) { return is_letter(c) || c == '_'; });
  return word && text.contains('_') && text.size() <= kMostQuoted ? to_lower(text) : std::string();
}

// Whether a date and time that was read says its zone: `Z`, `+01:00`, or `/Date(`, which is UTC.
bool has_zone(std::string_view text) {
  const std::size_t time = text.find_first_of("T ");
  return text.starts_with("/Date(") || text.ends_with('Z') ||
         (time != std::string_view::npos &&
          text.find_first_of("+-", time) != std::string_view::npos);
}

// An error that came through ConvertTo-Json: a bare text or an object.
ErrorRecord error_from_json(const Graph& graph, const Value& value) {
  const auto text = [&](std::string_view name) {
    const Value* member = find_member(graph, value, name);
    return std::string(member == nullptr ? "" : plain_text(graph, *member).value_or(""));
  };
  // The script writes the members of an ErrorRecord; a bare ConvertTo-Json of one has other names.
  ErrorRecord record = ErrorRecord::from(graph, value);
  for (const std::string_view name : {"Message", "Exception"}) {
    if (record.message.empty()) {
      record.message = text(name);
    }
  }
  if (record.message.empty()) {
    record.message = "(an error without a message)";
  }
  if (record.category_message.empty()) {
    record.category_message = text("CategoryInfo");
  }
  return record;
}

void add_error(PipelineResult& result, const Value& value) {
  if (value.is_null()) {
    return;
  }
  if (is_error_record(result.graph, value)) {
    result.errors.push_back(value);
  } else {
    const ErrorRecord record = error_from_json(result.graph, value);
    result.errors.push_back(record.to_value(result.graph));
  }
}

std::string warning_text(const Graph& graph, const Value& value) {
  const Value* message = find_member(graph, value, "Message");
  return std::string(plain_text(graph, message == nullptr ? value : *message).value_or(""));
}

Status check_version(const Graph& graph, const Value& version) {
  const auto number = as_int64(graph, version);
  if (!number || *number < 1) {
    return bad_wrapper(fmt::format("{} is not a version number", kVersionField));
  }
  if (*number > kVersion) {
    return bad_wrapper(
        fmt::format("{} is {}, this agent reads version {}", kVersionField, *number, kVersion),
        "the export was written by a newer script: update the agent");
  }
  return {};
}

std::unexpected<Error> wrong_pool(std::string_view named, const Fqdn& pool) {
  return fail(Reason::parse, "file.wrong_pool",
              fmt::format("the export is of another pool than {}", pool.str()),
              "check the task's pool list and the endpoint's path", as_pool(named));
}

Status check_pool(const Graph& graph, const Value* value, const Fqdn& pool) {
  const auto text = value == nullptr ? std::nullopt : plain_text(graph, *value);
  if (!text) {
    return bad_wrapper("PoolFqdn is missing");
  }
  const auto name = Fqdn::parse(trim(*text));
  return name && *name == pool ? Status() : wrong_pool(*text, pool);
}

// `wanted`: absent where the wrapper alone says which collector it is of.
Result<std::string> read_collector(const Graph& graph, const Value* value,
                                   std::optional<std::string_view> wanted) {
  const auto text = value == nullptr ? std::nullopt : plain_text(graph, *value);
  if (!wanted) {
    std::string name = as_collector(text.value_or(kDefaultCollector));
    return name.empty() || (value != nullptr && !text)
               ? Result<std::string>(bad_wrapper("Collector is no name of a collector"))
               : std::move(name);
  }
  if (!iequals(trim(text.value_or(kDefaultCollector)), *wanted)) {
    return fail(Reason::parse, "file.wrong_collector",
                fmt::format("the export is not of collector {}", *wanted),
                "write {collector} into the endpoint's path and run Export-BackupStatus.ps1 with "
                "-Collector",
                as_collector(text.value_or("")));
  }
  return std::string(*wanted);
}

Result<std::string> read_category(const Graph& graph, const Value* value) {
  if (value == nullptr || value->is_null()) {
    return std::string();
  }
  const auto text = plain_text(graph, *value);
  const std::string_view word = trim(text.value_or(""));
  if (word.empty() || word.size() > kMostQuoted || !std::ranges::all_of(word, is_letter)) {
    return bad_wrapper("Category is no name of a category");
  }
  return iequals(word, "All") ? std::string() : std::string(word);
}

Result<PipelineState> read_state(const Graph& graph, const Value* value) {
  const auto text = value == nullptr ? std::nullopt : plain_text(graph, *value);
  if (text && iequals(*text, "Completed")) {
    return PipelineState::completed;
  }
  if (text && iequals(*text, "Failed")) {
    return PipelineState::failed;
  }
  return bad_wrapper("State is neither Completed nor Failed");
}

// The items of a list, which has none from then on: a copy would be as large as the list.
std::vector<Value> take_items(Graph& graph, const Value& list) {
  const Object* const object = graph.object(list);
  if (object != nullptr && object->collection &&
      object->collection->form != Collection::Form::dictionary) {
    return std::move(graph.at(list.object).collection->items);
  }
  std::vector<Value> items;
  for (const Value* const item : items_of(graph, list)) {
    items.push_back(*item);
  }
  return items;
}

Result<Export> read_wrapper(PipelineResult content, const Fqdn& pool,
                            std::optional<std::string_view> wanted) {
  const Value wrapper = content.output.front();
  // Of the command that wrote the wrapper, not of the cmdlet whose errors it holds.
  const bool has_errors_beside = !content.errors.empty();
  Export parsed;
  parsed.wrapped = true;
  parsed.result = std::move(content);
  Graph& graph = parsed.result.graph;
  const auto member = [&](std::string_view name) { return find_member(graph, wrapper, name); };
  if (Status version = check_version(graph, *member(kVersionField)); !version) {
    return std::unexpected(std::move(version.error()));
  }
  if (Status named = check_pool(graph, member("PoolFqdn"), pool); !named) {
    return std::unexpected(std::move(named.error()));
  }
  auto collector = read_collector(graph, member("Collector"), wanted);
  if (!collector) {
    return std::unexpected(std::move(collector.error()));
  }
  parsed.collector = std::move(*collector);
  auto category = read_category(graph, member("Category"));
  if (!category) {
    return std::unexpected(std::move(category.error()));
  }
  parsed.category = std::move(*category);
  const auto state = read_state(graph, member("State"));
  if (!state) {
    return std::unexpected(state.error());
  }
  parsed.result.state = has_errors_beside ? PipelineState::failed : *state;
  const Value* when = member("ExportedAt");
  const auto when_text = when == nullptr ? std::nullopt : plain_text(graph, *when);
  if (!when_text) {
    return bad_wrapper("ExportedAt is missing");
  }
  const auto time = parse_date_time(*when_text);
  if (!time) {
    return bad_wrapper("ExportedAt is not a date and time");
  }
  // Local time of a zone east of Greenwich, taken for UTC, would make an old file look new.
  if (!has_zone(*when_text)) {
    return bad_wrapper("ExportedAt does not say in which time zone it is",
                       "write it in UTC with a Z at its end, as Export-BackupStatus.ps1 does");
  }
  parsed.exported_at = *time;
  if (const Value* version = member("PSVersion")) {
    parsed.result.ps_version = std::string(plain_text(graph, *version).value_or(""));
  }
  for (const std::string_view name : {"Output", "Errors", "Warnings"}) {
    const Value* const list = member(name);
    // A missing list is not an empty one: nothing would look like an empty, good answer.
    if (list == nullptr && name != "Warnings") {
      return bad_wrapper(fmt::format("{} is missing", name));
    }
    if (list != nullptr && unwrap_counted(graph, *list) == nullptr) {
      return bad_wrapper(fmt::format("Count beside {} is not the number of its items", name));
    }
  }
  if (!counts_are_right(graph, wrapper)) {
    return bad_wrapper("Counts does not say how many items the lists of the export have");
  }
  const auto items = [&](std::string_view name) { return items_in(graph, member(name)); };
  for (const Value* const warning : items("Warnings")) {
    if (!warning->is_null()) {
      parsed.result.warnings.push_back(warning_text(graph, *warning));
    }
  }
  for (const Value* const error : items("Errors")) {
    add_error(parsed.result, *error);
  }
  if (const Value* const extras = member(kExtrasTag)) {
    parsed.result.extras = *extras;  // of an answer that was kept (export_writer.hpp)
  }
  ExportText text = read_text_of(graph, wrapper, parsed.result.state);
  parsed.result.rendered = std::move(text.rendered);
  parsed.culture = std::move(text.culture);
  parsed.text_left_out = std::move(text.left_out);
  parsed.result.output = take_items(graph, *unwrap_counted(graph, *member("Output")));
  return parsed;
}

Result<Export> read_bare(PipelineResult content, const Fqdn& pool, std::string_view collector) {
  Export parsed;
  parsed.result = std::move(content);
  parsed.collector = collector;
  // Whether a status names its pool is not known. Of other cmdlets it may be the partner.
  for (const Value& value : parsed.result.output) {
    const Graph& graph = parsed.result.graph;
    const Value* const named = find_member(graph, value, "PoolFqdn");
    const auto text = named == nullptr ? std::nullopt : plain_text(graph, *named);
    const std::string name = as_pool(text.value_or(""));
    if (collector == kDefaultCollector && !name.empty() && name != pool.str()) {
      return wrong_pool(name, pool);
    }
  }
  std::vector<Value>& output = parsed.result.output;
  const auto is_record = [&](const Value& value) {
    return is_error_record(parsed.result.graph, value);
  };
  std::ranges::copy_if(output, std::back_inserter(parsed.result.errors), is_record);
  std::erase_if(output, is_record);
  if (std::ranges::all_of(output, &Value::is_null)) {
    parsed.result.doubt =
        "the export is empty and without the wrapper that holds errors too: the cmdlet may have "
        "failed (write it with Export-BackupStatus.ps1)";
  } else if (!parsed.result.errors.empty()) {
    // Nothing tells whether the command went on after an error: this may be the half of an answer.
    parsed.result.state = PipelineState::failed;
  }
  return parsed;
}

Result<Export> parse(std::string_view bytes, const Fqdn& pool, const Limits& limits,
                     std::optional<std::string_view> collector) {
  // UTF-16, which Export-Clixml writes, takes two bytes a character.
  const bool utf16 = bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF");
  if (bytes.size() > limits.object * (utf16 ? 2 : 1)) {
    return fail(Reason::parse, "file.too_large",
                fmt::format("the export is larger than {} bytes", limits.object),
                "raise limits.object, or look what was written");
  }
  ExportFormat format = ExportFormat::clixml;
  auto content = read_content(bytes, limits, format);
  if (!content) {
    // What cannot be read may be anybody's file: it is not quoted, its place must do.
    content.error().peer.clear();
    if (content.error().remedy.empty()) {
      content.error().remedy =
          "look what wrote the export: Export-BackupStatus.ps1 writes it right, and "
          "deploy/transport-file.md shows what one may hold";
    }
    return std::unexpected(std::move(content.error()));
  }
  const bool wrapped = std::ranges::any_of(content->output, [&](const Value& root) {
    return find_member(content->graph, root, kVersionField) != nullptr;
  });
  if (wrapped && content->output.size() > 1) {
    return bad_wrapper(fmt::format("the export holds {} objects, but is to be one object",
                                   content->output.size()));
  }
  Result<Export> parsed =
      wrapped ? read_wrapper(std::move(*content), pool, collector)
              : read_bare(std::move(*content), pool, collector.value_or(kDefaultCollector));
  if (parsed) {
    parsed->format = format;
  }
  return parsed;
}

}  // namespace

Result<Export> parse_export(std::string_view bytes, const Fqdn& pool, const Limits& limits,
                            std::string_view collector) {
  return parse(bytes, pool, limits, collector);
}

Result<Export> parse_any_export(std::string_view bytes, const Fqdn& pool, const Limits& limits) {
  return parse(bytes, pool, limits, std::nullopt);
}

}  // namespace sfb::remote
