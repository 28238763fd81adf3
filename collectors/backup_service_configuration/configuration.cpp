#include "collectors/backup_service_configuration/configuration.hpp"

#include "agent/base/text.hpp"
#include "agent/value/access.hpp"
#include "agent/value/time_span.hpp"
#include "collectors/answer.hpp"
#include "collectors/backup_service_configuration/cmdlet.hpp"
#include "collectors/backup_service_configuration/groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace sfb::collectors {

namespace {

constexpr std::string_view kGroups = "AuthorizedUniversalGroups";
constexpr std::array<std::string_view, 2> kTexts = {kGroups, "AuthorizedLocalAccounts"};

std::optional<std::int64_t> read_value(const Graph& graph, const Value& value, Setting::Kind kind) {
  switch (kind) {
    case Setting::Kind::duration:
      return as_time_span(graph, value);
    case Setting::Kind::number:
    case Setting::Kind::kilobytes:
      return as_int64(graph, value);
    case Setting::Kind::boolean:
      return as_bool(graph, value).transform([](bool on) { return std::int64_t{on ? 1 : 0}; });
  }
  return std::nullopt;
}

std::string_view name_of(Setting::Kind kind) {
  switch (kind) {
    case Setting::Kind::duration:
      return "time span";
    case Setting::Kind::number:
    case Setting::Kind::kilobytes:
      return "whole number";
    case Setting::Kind::boolean:
      return "boolean";
  }
  return "";
}

// As a console prints it.
std::string word_of(const std::optional<std::int64_t>& value, Setting::Kind kind) {
  if (!value) {
    return "unknown";
  }
  switch (kind) {
    case Setting::Kind::duration:
      return time_span_text(*value);
    case Setting::Kind::boolean:
      return *value != 0 ? "True" : "False";
    case Setting::Kind::number:
    case Setting::Kind::kilobytes:
      break;
  }
  return std::to_string(*value);
}

bool is_configuration(const Graph& graph, const Value& object) {
  const auto has = [&](std::string_view member) {
    return find_member(graph, object, member) != nullptr;
  };
  return std::ranges::any_of(kSettings, has, &Setting::member) || std::ranges::any_of(kTexts, has);
}

}  // namespace

Result<Configuration> read_configuration(const PipelineResult& result) {
  const auto objects = objects_of(result, kConfigurationCmdlet);
  if (!objects) {
    return std::unexpected(objects.error());
  }
  if (objects->size() > 1) {
    return bad_answer("configuration.several",
                      fmt::format("{} objects came where one belongs", objects->size()));
  }
  const Graph& graph = result.graph;
  const Value& object = *objects->front();
  if (!is_configuration(graph, object)) {
    return bad_answer("configuration.unrecognised",
                      "the object has no member of a configuration of the Backup Service");
  }
  Configuration configuration;
  configuration.notes = gaps_of(result);
  for (std::size_t i = 0; i < kSettings.size(); ++i) {
    const auto& [member, kind] = kSettings[i];
    const Value* const found = find_member(graph, object, member);
    if (found == nullptr || found->is_null()) {
      continue;
    }
    configuration.values[i] = read_value(graph, *found, kind);
    if (!configuration.values[i]) {
      configuration.notes.push_back(fmt::format("{} is no {}: {}", member, name_of(kind),
                                                quote(plain_text(graph, *found).value_or(""), 80)));
    }
  }
  if (const Value* const groups = find_member(graph, object, kGroups);
      groups != nullptr && !groups->is_null()) {
    configuration.groups = read_groups(graph, *groups);
    if (!configuration.groups) {
      configuration.notes.push_back(fmt::format("{} is no list of names", kGroups));
    }
  }
  return configuration;
}

std::vector<Change> changes(const Configuration& before, const Configuration& now) {
  std::vector<Change> found;
  for (std::size_t i = 0; i < kSettings.size(); ++i) {
    const auto& [member, kind] = kSettings[i];
    if (before.values[i] != now.values[i]) {
      found.push_back({"configuration changed",
                       {{"member", std::string(member)},
                        {"from", word_of(before.values[i], kind)},
                        {"to", word_of(now.values[i], kind)}}});
    }
  }
  return found;
}

}  // namespace sfb::collectors
