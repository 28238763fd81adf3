// What a session asks, and what the pipeline's end amounts to.
#include "agent/remote/winrm_session.hpp"

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
