// What a session asks, and what the pipeline's end amounts to.
#include "agent/base/text.hpp"
#include "agent/remote/winrm_session.hpp"
#include "agent/value/access.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sfb::remote {

namespace {

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
  const std::vector<std::string>& fragments = pipeline_->fragments();
  return post(Step::command, shell_->command(id, fragments.front(), patience(now)), patience(now),
              fmt::format("{}", fmt::join(fragments, "")));
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
  if (psrp::refuses_scripts(result)) {
    const ErrorRecord record = ErrorRecord::from(result.graph, result.errors.back());
    if (options_.language != Language::automatic) {
      return end(fail(Reason::cmdlet, "winrm.scripts_refused",
                      "the session configuration does not let scripts run",
                      "write language: none or language: auto for this endpoint",
                      std::string(cut_utf8(record.message))));
    }
    // Once per session: what its configuration allows does not change while it lives.
    scripts_ = false;
    tell("language", options_.import_module.empty()
                         ? "no scripts: the cmdlet is called alone"
                         : "no scripts: the cmdlet is called alone, import_module is not used");
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

// The messages of a request, which are prepared only when somebody looks.
std::vector<std::string> WinrmSession::shown(std::string_view fragments) const {
  std::vector<std::string> texts;
  if (!watched()) {
    return texts;
  }
  const auto messages = psrp::Defragmenter({}).feed(fragments);
  for (const std::string& encoded : messages.value_or(std::vector<std::string>())) {
    if (const auto message = psrp::decode(encoded)) {
      texts.push_back(psrp::show(*message));
    }
  }
  return texts;
}

}  // namespace sfb::remote
