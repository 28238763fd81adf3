#include "agent/remote/session/asking.hpp"

#include "agent/base/text.hpp"
#include "agent/psrp/pipeline.hpp"
#include "agent/remote/plain_lines.hpp"
#include "agent/value/access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace sfb::remote {

namespace {

// The dictionary that a Call's script sends besides the objects leaves the output; how many were
// there.
std::size_t part_extras(PipelineResult& result) {
  const auto is_extras = [&](const Value& value) {
    const Object* const object = result.graph.object(value);
    return object != nullptr && object->collection &&
           object->collection->form == Collection::Form::dictionary &&
           find_member(result.graph, value, kExtrasTag) != nullptr;
  };
  for (const Value& value : result.output) {
    if (is_extras(value)) {
      result.extras = value;
    }
  }
  return std::erase_if(result.output, is_extras);
}

// Neither side counts `$null`: an object whose content was lost must not pass for one that came.
std::size_t objects_in(const PipelineResult& result) {
  return static_cast<std::size_t>(
      std::ranges::count_if(result.output, [](const Value& value) { return !value.is_null(); }));
}

const Value* extra_value(const PipelineResult& result, std::string_view name) {
  return result.extras ? find_member(result.graph, *result.extras, name) : nullptr;
}

// A number of things that the script counted.
std::optional<std::int64_t> extra_count(const PipelineResult& result, std::string_view name) {
  const Value* const value = extra_value(result, name);
  return value == nullptr ? std::nullopt : as_int64(result.graph, *value);
}

std::optional<std::string> extra(const PipelineResult& result, std::string_view name) {
  const Value* const value = extra_value(result, name);
  if (value == nullptr || value->is_null()) {
    return std::nullopt;
  }
  return std::string(plain_text(result.graph, *value).value_or(""));
}

// Out-String takes no width below 2, and a console uses all columns but its last.
constexpr int kLeastWidth = 3;

}  // namespace

void Asking::forget() {
  scripts_.reset();
  imported_ = false;
  renders_ = true;
}

std::vector<psrp::Command> Asking::commands() {
  as_script_ =
      !call_.script.empty() && options_.language != Language::none && scripts_.value_or(true);
  rendering_ = as_script_ && renders_ && call_.render.width >= kLeastWidth;
  psrp::Command command;
  command.is_script = as_script_;
  command.text = as_script_ ? std::string(call_.script) : call_.cmdlet;
  command.arguments = call_.parameters;
  if (as_script_ && !imported_ && !options_.import_module.empty()) {
    command.arguments.push_back({"SfbImportModule", Value::string(options_.import_module)});
  }
  if (rendering_) {
    command.arguments.push_back({"SfbWidth", Value::int32(call_.render.width - 1)});
    if (call_.render.expanded) {
      command.arguments.push_back({"SfbExpand", Value::boolean(true)});
    }
  }
  return {std::move(command)};
}

std::optional<Result<PipelineResult>> Asking::conclude(PipelineResult result, bool usable,
                                                       bool in_time) {
  if (!as_script_) {
    // A message that lost its body reads as `$null`; the script counts what it puts out.
    if (result.doubt.empty() && objects_in(result) == 0 && !result.output.empty()) {
      result.doubt = "$null came where an object belongs";
    }
    return result;
  }
  if (psrp::refuses_scripts(result)) {
    const ErrorRecord record = ErrorRecord::from(result.graph, result.errors.back());
    if (options_.language != Language::automatic) {
      return fail(Reason::cmdlet, code("scripts_refused"),
                  "the session configuration does not let scripts run",
                  "write language: none or language: auto for this endpoint",
                  std::string(cut_utf8(record.message)));
    }
    // Once per session: what its configuration allows does not change while it lives.
    scripts_ = false;
    tell("language", options_.import_module.empty()
                         ? "no scripts: the cmdlet is called alone"
                         : "no scripts: the cmdlet is called alone, import_module is not used");
    if (!usable) {
      return fail(Reason::protocol, code("scripts_refused"),
                  "the session does not let scripts run, and its first command could not be "
                  "ended to ask without one",
                  "write language: none for this endpoint");
    }
    if (in_time) {
      return std::nullopt;
    }
    return fail(Reason::timeout, code("timeout"), "no time was left to ask again without a script",
                "write language: none for this endpoint");
  }
  if (Status taken = take_extras(result); !taken) {
    return std::unexpected(std::move(taken.error()));
  }
  return result;
}

// What a Completed script put out is here as a whole, or it is an error: half an answer would look
// like a service that is not configured.
Status Asking::agree(const PipelineResult& result, std::size_t extras) const {
  const auto lost = [&](std::string_view what, std::string message) {
    return fail(Reason::protocol, code(what), std::move(message),
                "part of the answer was lost or changed on the way; if it happens again, look "
                "whether something between the agent and the server changes the traffic, or write "
                "language: none for this endpoint");
  };
  if (extras == 0) {
    return lost("extras_missing", "the script completed, but what it sends last did not come");
  }
  if (extras > 1) {
    return lost("extras_disagree", "what the script sends last came more than once");
  }
  const auto count = extra_count(result, "Count");
  if (!count) {
    return lost("extras_disagree", "the script's answer does not say how many objects there were");
  }
  if (const std::size_t came = objects_in(result); !std::cmp_equal(*count, came)) {
    return lost("extras_disagree",
                fmt::format("the script put out objects: {}, there came: {}", *count, came));
  }
  const Value* const modules = extra_value(result, "Modules");
  const bool whole = std::ranges::any_of(result.output, [&](const Value& value) {
    return find_member(result.graph, value, call_.rows_of) != nullptr;
  });
  if (modules != nullptr && !call_.rows_of.empty() && !whole &&
      !items_of(result.graph, *modules).empty()) {
    return lost("extras_disagree", "modules came without the object that holds them");
  }
  return {};
}

Status Asking::take_extras(PipelineResult& result) {
  const std::size_t extras = part_extras(result);
  // What fails by its errors is told with the server's own words.
  const bool only_errors = objects_in(result) == 0 && !result.errors.empty();
  if (result.state != PipelineState::completed || (extras == 0 && only_errors)) {
    return {};
  }
  if (Status agreed = agree(result, extras); !agreed) {
    return agreed;
  }
  // Its objects are all there, whatever else was lost. An error that was lost is of importance only
  // where nothing else came; sessions may also hide errors that the script counts.
  result.doubt.clear();
  const std::int64_t errors = extra_count(result, "Errors").value_or(0);
  if (objects_in(result) == 0 && std::cmp_less(result.errors.size(), errors)) {
    result.doubt =
        fmt::format("the script counted errors: {}, there came: {}", errors, result.errors.size());
  }
  imported_ = true;
  if (!scripts_) {
    tell("language", extra(result, "Language").value_or("scripts run"));
  }
  scripts_ = true;
  if (!rendering_) {
    return {};
  }
  if (const auto text = extra(result, "Rendered")) {
    result.rendered.push_back({.form = call_.render, .text = as_plain_lines(*text)});
  } else if (const auto refusal = extra(result, "RenderRefused")) {
    renders_ = false;  // Out-String is not there, or may not be used
    tell("text", fmt::format("not rendered by the server: {}", cut_utf8(*refusal)));
  } else if (const auto failure = extra(result, "RenderFailed")) {
    tell("text", fmt::format("not rendered by the server this time: {}", cut_utf8(*failure)));
  }
  return {};
}

std::string Asking::code(std::string_view what) const {
  return fmt::format("{}.{}", options_.transport, what);
}

void Asking::tell(std::string_view name, std::string_view value) const {
  if (options_.observer != nullptr) {
    options_.observer->fact(name, value);
  }
}

}  // namespace sfb::remote
