// One connection of transport `winrm` with its authentication: posts envelopes, reconnects when it
// has to, and never repeats a request that may have been executed.
#pragma once

#include "agent/base/secret.hpp"
#include "agent/http/client_connection.hpp"
#include "agent/remote/session/stage_times.hpp"
#include "agent/remote/winrm/cookies.hpp"
#include "agent/remote/winrm/link_logon.hpp"
#include "agent/remote/winrm/winrm_endpoint.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sfb::remote {

/// Thread rule: loop thread; one post at a time.
class WinrmLink {
 public:
  /// The server may answer this much later than it promised.
  static constexpr std::chrono::seconds kSlack{10};

  explicit WinrmLink(std::shared_ptr<WinrmEndpoint> endpoint);
  ~WinrmLink();
  WinrmLink(const WinrmLink&) = delete;
  WinrmLink& operator=(const WinrmLink&) = delete;

  /// One envelope on its way.
  struct Posting {
    Stage stage = Stage::query;
    std::string envelope;
    std::vector<std::string> messages = {};  ///< decoded, for `--debug`
    std::chrono::nanoseconds patience{};     ///< the server answers within this
    std::chrono::nanoseconds cap{};          ///< for this post alone, connecting left out
    MonoTime deadline{};                     ///< for everything
    bool tidying = false;                    ///< clears away; nobody waits for the answer
    bool once = false;                       ///< must not be repeated when its answer is lost
    bool anywhere = false;                   ///< no front end holds its shell
  };
  /// Opens a connection when there is none that can be used, proves who we are, posts. Where the
  /// server closes connections by itself (KeepAlive), each post has a connection of its own. A 401
  /// means that nothing was executed: the request goes out again with what the scheme says to it.
  /// After an error and after an exception (cancelled) the connection is gone. Errors: those of
  /// http_connection.hpp, scheme.hpp, PasswordFile::read; timeout `winrm.timeout` (`cap` or
  /// `deadline` came first). Each has its stage.
  /// The password is read for each connection. Only who tidies goes on with the one that was
  /// accepted last, although the file has another by now, and never with one that was refused: a
  /// shell is not worth the lock-out of an account.
  boost::asio::awaitable<Result<http::HttpReply>> post(Posting posting, StageTimes& times);
  /// For a session that has no shell yet: as `post` opens a connection, but to the first front end
  /// that can be connected to (FrontEnds). `url` is its then. Errors as post.
  boost::asio::awaitable<Status> choose(MonoTime deadline, StageTimes& times);
  /// The front end that is posted to.
  const Url& url() const { return endpoint_->front_ends.url(place_); }
  /// That of the connection that the last post had, since `forget_reached`; empty: none came about.
  const std::string& reached() const { return reached_; }
  void forget_reached() { reached_.clear(); }
  /// A new session begins: nothing of the old one is sent.
  void forget_cookies() { cookies_.clear(); }

  /// The last answer was the first one on its connection.
  bool fresh() const { return answers_ == 1; }

  bool connected() const { return connection_ != nullptr; }
  /// Precondition: connected.
  MonoTime last_used() const { return connection_->last_used(); }
  /// Grows with each answer that shows that the server took the password.
  std::uint64_t acceptances() const { return acceptances_; }
  /// Closes the connection.
  void drop();
  /// Of the answers read so far only so many bytes are still held: gives the rest of their share of
  /// `limits.in_flight` back.
  void keep(std::size_t bytes);
  /// keep(0)
  void release() { keep(0); }

 private:
  /// Of the stage `connect` where it is of none, and explained.
  boost::asio::awaitable<Status> opened(const Posting& posting, StageTimes& times);
  boost::asio::awaitable<Status> ensure_open(const Posting& posting, StageTimes& times);
  boost::asio::awaitable<Status> connect(const Posting& posting, StageTimes& times);
  boost::asio::awaitable<Status> connect_here(MonoTime end, StageTimes& times);
  boost::asio::awaitable<bool> reusable(const Posting& posting, StageTimes& times);
  boost::asio::awaitable<Result<std::shared_ptr<const Secret>>> password(MonoTime deadline,
                                                                         bool tidying);
  void learn(const Result<http::HttpReply>& reply);
  boost::asio::awaitable<Result<http::HttpReply>> exchange(const Posting& posting, MonoTime end,
                                                           StageTimes& times);
  boost::asio::awaitable<Status> reopen(const Posting& posting, StageTimes& times);
  boost::asio::awaitable<Result<http::HttpReply>> send(const Posting& posting, MonoTime end);
  std::uint64_t secret_version() const;
  bool admit(std::size_t bytes);
  Error explain(Error error, const Posting& posting, MonoTime end, bool answering) const;

  std::shared_ptr<WinrmEndpoint> endpoint_;
  std::unique_ptr<http::HttpConnection> connection_;
  LinkLogon logon_;
  std::size_t place_ = 0;  ///< in the list of front ends
  std::string reached_;
  Cookies cookies_;                                ///< of that front end
  std::chrono::nanoseconds ticket_time_{};         ///< of the first step, before anything was sent
  std::optional<MonoTime> auth_end_;               ///< of a new connection's logon, legs included
  std::optional<std::uint64_t> password_version_;  ///< of the connection; none: not the file's
  std::shared_ptr<const Secret> password_;         ///< of the connection; absent: none is needed
  std::shared_ptr<const Secret> accepted_;         ///< the last that a server took
  std::uint64_t accepted_version_ = 0;
  bool refused_ = false;  ///< the last try was refused
  std::uint64_t acceptances_ = 0;
  std::size_t answers_ = 0;  ///< on this connection
  std::size_t held_ = 0;     ///< bytes of the budget
};

}  // namespace sfb::remote
