// How one connection of transport `winrm` proves who we are: the scheme's steps, some of them
// beside the loop, and what it seals.
#pragma once

#include "agent/auth/scheme.hpp"
#include "agent/http/client_connection.hpp"
#include "agent/remote/winrm/winrm_endpoint.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace sfb::remote {

/// Thread rule: loop thread; one call at a time.
class LinkLogon {
 public:
  explicit LinkLogon(std::shared_ptr<WinrmEndpoint> endpoint) : endpoint_(std::move(endpoint)) {}

  /// A new connection to `url`: a scheme of its own and its first step. `secret`: the content of
  /// the file that the endpoint names; absent: it names none. Errors: scheme.hpp, gss/status.hpp;
  /// timeout `auth.timeout` (no domain controller answered within the cap of this stage).
  boost::asio::awaitable<Status> begin(const http::HttpConnection& connection, const Url& url,
                                       const std::shared_ptr<const Secret>& secret,
                                       MonoTime deadline);
  /// The scheme's word to an answer that was not the envelope's. Errors as begin.
  boost::asio::awaitable<Status> answered(const http::HttpReply& reply, MonoTime deadline);
  /// Before each envelope: a server may want a proof with each. Errors as begin.
  boost::asio::awaitable<Status> prepare(MonoTime deadline);
  /// Has the sender of this answer to the envelope proved itself? Errors:
  /// auth::Scheme::check_answer.
  Status check(const http::HttpReply& reply);

  /// An answer that no logon has: protocol `http.status` or `auth.token_too_large`.
  Error unexpected_status(int status) const;

  /// What the next request carries.
  const auth::Step& step() const { return step_; }
  /// The same, for the request that goes out now.
  auth::Step take_step();

  Result<auth::Payload> seal(auth::Payload plain) { return scheme_->seal(std::move(plain)); }
  boost::asio::awaitable<Result<auth::Payload>> unseal(auth::Payload sealed, int status,
                                                       MonoTime deadline);
  /// Tells how it was proved, once a connection, and each context of NTLM.
  void note_proof();
  /// Steps may wait for a KDC.
  bool blocks() const { return scheme_ && scheme_->blocks(); }
  /// The connection is gone.
  void reset();

 private:
  using Say = std::function<Result<auth::Step>(auth::Scheme&)>;
  boost::asio::awaitable<Status> next(Say say, MonoTime deadline);
  void tell_wait(Error& error, std::chrono::nanoseconds waited);
  void note_ntlm(const auth::Proof& proof);
  void begin_chore();
  std::string bindings(const http::HttpConnection& connection);

  std::shared_ptr<WinrmEndpoint> endpoint_;
  std::shared_ptr<auth::Scheme> scheme_;  ///< shared with a job that may outlive its caller
  auth::Step step_;
  std::string host_;  ///< of the URL
  bool noted_ = false;
  std::size_t noted_ntlm_ = 0;  ///< contexts of NTLM
};

}  // namespace sfb::remote
