// What of one lane's shells outlives the process: each is in the ledger before it is made, and
// those of an earlier process are deleted first.
#pragma once

#include "agent/remote/session/stage_times.hpp"
#include "agent/remote/winrm/winrm_endpoint.hpp"
#include "agent/remote/winrm/winrm_link.hpp"
#include "agent/remote/winrm/winrm_session.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace sfb::remote {

/// Without a ledger (WinrmOptions::ledger) nothing is done. Thread rule: as Lane.
class ShellRecord {
 public:
  /// `link` outlives this object.
  ShellRecord(std::shared_ptr<WinrmEndpoint> endpoint, WinrmLink& link)
      : endpoint_(std::move(endpoint)), link_(link) {}

  /// Before a Create at `url`: what a killed process left there counts against the account's quota.
  /// A few tries; what cannot be reached is left alone.
  boost::asio::awaitable<void> clear_left(std::string url, MonoTime deadline, StageTimes& times);
  /// Before the session's Create goes out: a kill at any moment from now on leaves a trace of it.
  /// A disk that hangs does not hold us up.
  boost::asio::awaitable<void> about_to_make(const WinrmSession& session, MonoTime deadline);
  /// After whatever may have changed the session's shell.
  void note(const WinrmSession& session);
  /// Another session begins: a shell that was left behind stays in the ledger.
  void begin_anew() { shell_.clear(); }

 private:
  void made(const WinrmSession& session, std::function<void()> written);

  std::shared_ptr<WinrmEndpoint> endpoint_;
  WinrmLink& link_;
  std::string url_;    ///< of the shell
  std::string shell_;  ///< that the ledger knows; empty: none
};

}  // namespace sfb::remote
