// What a session asks, and what the pipeline's end amounts to.
#include "agent/remote/winrm/winrm_session.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sfb::remote {

WinrmSession::WinrmSession(WinrmSessionOptions options)
    : options_(std::move(options)),
      asking_({.transport = "winrm",
               .language = options_.language,
               .import_module = options_.import_module,
               .observer = options_.observer}) {}

WinrmSession::Next WinrmSession::begin_pipeline(MonoTime now) {
  const Guid id = options_.guids();
  no_state_.reset();
  responses_.clear();
  pipeline_ = std::make_unique<psrp::Pipeline>(*pool_, id, asking_.commands(), shell_->max_blob());
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
  auto concluded = asking_.conclude(std::move(result), !spoiled_, now < deadline_);
  if (!concluded) {
    return begin_pipeline(now);
  }
  // Messages got lost in this session.
  spoiled_ = spoiled_ || (!*concluded && concluded->error().reason == Reason::protocol);
  return end(std::move(*concluded));
}

// What a server says when the process behind a shell ended: while it was asked something (995,
// 1726), or before (2150858843). The same reason as that of a child process (`ssh.exited`).
Error WinrmSession::told_of_exit(Error error) const {
  if (error.code != "wsman.aborted" && error.code != "wsman.shell_gone" &&
      error.code != "wsman.host_ended") {
    return error;
  }
  if (reposts_ > 0) {
    // The answer that was lost with its connection may have been the last one.
    error.reason = Reason::connect;
    error.code = "winrm.lost";
    error.message =
        fmt::format("an answer was lost with its connection, and then {}", error.message);
    error.remedy = "if it stays so, look at proxies in between and at the service behind the port";
    return error;
  }
  error.reason = Reason::process;
  error.code = "winrm.exited";
  error.message = fmt::format("the session ended in the middle of the run: {}", error.message);
  error.remedy =
      "look at the server's event logs for the end of wsmprovhost.exe or of the application pool, "
      "for a restart of WinRM, and at MaxMemoryPerShellMB; behind a load balancer each session "
      "must stay on one server";
  return error;
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

bool WinrmSession::holds_shell() const {
  return shell_ && !shell_->gone();
}

bool WinrmSession::needs_clearing() const {
  return holds_shell() && shell_->has_command();
}

bool WinrmSession::reusable() const {
  return holds_shell() && pool_->state() == psrp::RunspacePool::State::opened && !spoiled_ &&
         !shell_->has_command() && !shell_->outstanding();
}

}  // namespace sfb::remote
