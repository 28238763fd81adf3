// What a session asks, and what the pipeline's end amounts to.
#include "agent/base/text.hpp"
#include "agent/remote/winrm_session.hpp"
#include "agent/value/access.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::remote {

namespace {

// What a session without scripts says to one (psrp.md 11): seen from PowerShell 5.1 and 7. A cmdlet
// does not end with a parser's error.
bool refuses_scripts(const PipelineResult& result) {
  if (result.state != PipelineState::failed || !result.output.empty() || result.errors.empty()) {
    return false;
  }
  const ErrorRecord record = ErrorRecord::from(result.graph, result.errors.back());
  return istarts_with(record.error_id, "ScriptsNotAllowed") ||
         to_lower(record.exception_type).ends_with("parseexception");
}

// The dictionary that a Call's script sends besides the objects leaves the output.
void part_extras(PipelineResult& result) {
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
  std::erase_if(result.output, is_extras);
}

}  // namespace

std::vector<psrp::Command> WinrmSession::commands() const {
  psrp::Command command;
  command.is_script = as_script_;
  command.text = as_script_ ? std::string(call_.script) : call_.cmdlet;
  command.arguments = call_.parameters;
  if (as_script_ && !imported_ && !options_.import_module.empty()) {
    command.arguments.push_back({"SfbImportModule", Value::string(options_.import_module)});
  }
  return {std::move(command)};
}

WinrmSession::Next WinrmSession::begin_pipeline(MonoTime now) {
  as_script_ =
      !call_.script.empty() && options_.language != Language::none && scripts_.value_or(true);
  const Guid id = options_.guids();
  no_state_.reset();
  responses_.clear();
  pipeline_ = std::make_unique<psrp::Pipeline>(*pool_, id, commands(), shell_->max_blob());
  next_fragment_ = 1;
  ++pipelines_;
  return post(Step::command, shell_->command(id, pipeline_->fragments().front(), patience(now)),
              patience(now));
}

WinrmSession::Next WinrmSession::conclude(MonoTime now) {
  if (no_state_) {
    return give_up(*std::exchange(no_state_, std::nullopt));
  }
  PipelineResult result = pipeline_->take_result();
  pipeline_.reset();
  if (!as_script_) {
    return end(std::move(result));
  }
  if (refuses_scripts(result)) {
    const ErrorRecord record = ErrorRecord::from(result.graph, result.errors.back());
    if (options_.language != Language::automatic) {
      return end(fail(Reason::cmdlet, "winrm.scripts_refused",
                      "the session configuration does not let scripts run",
                      "write language: none or language: auto for this endpoint", record.message));
    }
    // Once per session: what its configuration allows does not change while it lives.
    scripts_ = false;
    tell("language", "no scripts: the cmdlet is called alone");
    if (spoiled_) {
      return end(fail(Reason::protocol, "winrm.scripts_refused",
                      "the session does not let scripts run, and its first command could not be "
                      "ended to ask without one",
                      "write language: none for this endpoint"));
    }
    if (now < deadline_) {
      return begin_pipeline(now);
    }
    return end(fail(Reason::timeout, "winrm.timeout",
                    "no time was left to ask again without a script",
                    "write language: none for this endpoint"));
  }
  part_extras(result);
  if (result.state == PipelineState::completed) {
    imported_ = true;
    if (!scripts_) {
      const Value* const mode =
          result.extras ? find_member(result.graph, *result.extras, "Language") : nullptr;
      tell("language", mode == nullptr ? std::string_view("scripts run")
                                       : plain_text(result.graph, *mode).value_or("scripts run"));
    }
    scripts_ = true;
  }
  return end(std::move(result));
}

void WinrmSession::tell_open(const wsman::CreateReply& created) const {
  tell("protocol", fmt::format("server {}, used {}", pool_->server_version(),
                               psrp::to_string(pool_->version())));
  tell("PowerShell", pool_->ps_version().empty() ? "not told" : pool_->ps_version());
  for (const auto& [name, value] : created.facts) {
    tell(name, value);
  }
}

void WinrmSession::tell(std::string_view name, std::string_view value) const {
  if (options_.observer != nullptr) {
    options_.observer->fact(name, value);
  }
}

bool WinrmSession::watched() const {
  return options_.observer != nullptr && options_.observer->wants_wire();
}

// The text of an envelope or reply, which is prepared only when somebody looks.
void WinrmSession::show(std::string_view direction, std::string_view text) const {
  if (watched()) {
    options_.observer->wire(direction, wsman::show(text));
  }
}

}  // namespace sfb::remote
