#include "agent/remote/winrm/session_watch.hpp"

#include "agent/psrp/fragment.hpp"
#include "agent/psrp/message.hpp"
#include "agent/wsman/request.hpp"

#include <fmt/format.h>

namespace sfb::remote {

std::function<void(const psrp::Message&)> SessionWatch::messages() const {
  if (!watched()) {
    return {};
  }
  return [observer = observer_](const psrp::Message& message) {
    observer->wire("<", psrp::show(message));
  };
}

std::vector<std::string> SessionWatch::shown(std::string_view fragments) const {
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

void SessionWatch::answered(std::string_view envelope) const {
  if (watched()) {
    observer_->wire("<", wsman::show(envelope));
  }
}

void SessionWatch::opened(const psrp::RunspacePool& pool, const wsman::CreateReply& created) const {
  if (observer_ == nullptr) {
    return;
  }
  observer_->fact("protocol", fmt::format("server {}, used {}", pool.server_version(),
                                          psrp::to_string(pool.version())));
  observer_->fact("PowerShell", pool.ps_version().empty() ? "not told" : pool.ps_version());
  for (const auto& [name, value] : created.facts) {
    observer_->fact(name, value);
  }
}

}  // namespace sfb::remote
