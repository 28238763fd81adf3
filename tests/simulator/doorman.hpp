// Who may come in on one connection: Basic, and contexts of Negotiate, Kerberos and NTLM.
#pragma once

#include "tests/simulator/acceptor.hpp"
#include "tests/simulator/machine.hpp"
#include "tests/simulator/world.hpp"

#include <memory>
#include <optional>
#include <string>

namespace sim {

/// A request's part that it is judged by.
struct Caller {
  std::string method;
  std::string authorization;
  bool has_length = true;
  bool has_body = false;
};

/// Thread rule: one loop thread; dies with its connection, and the context with it.
class Doorman {
 public:
  /// Both outlive it; the listener may change.
  Doorman(const Listener& listener, World& world);
  ~Doorman();
  Doorman(const Doorman&) = delete;
  Doorman& operator=(const Doorman&) = delete;

  struct Verdict {
    /// Said instead of acting upon the request; none: it may come in.
    std::optional<Answer> answer;
    std::string headers;          ///< of the answer to a request that came in
    std::optional<Millis> delay;  ///< first
  };
  Verdict hear(const Caller& caller);
  /// 401 with what is offered; a context there was is gone.
  Answer refuse();

  /// The context that is established; none: Basic, or nobody needs to log on.
  Acceptor* context() const { return established_ ? acceptor_.get() : nullptr; }
  const std::string& scheme() const { return scheme_; }
  /// The sealed body of the reply before, for who replays it.
  std::string last_sealed;

 private:
  Verdict negotiate(const std::string& scheme, const std::string& token, const Caller& caller);
  Verdict finish(Acceptor::Answer& said, const Caller& caller);
  std::string token_header(const std::string& token) const;
  Verdict refuse_logon(const std::string& why);
  bool basic(const std::string& credentials);
  AcceptorRules rules() const;
  void forget();

  const Listener& listener_;
  World& world_;
  std::unique_ptr<Acceptor> acceptor_;
  bool established_ = false;
  std::string scheme_;
  std::optional<Fault> fault_;  ///< of this context
};

}  // namespace sim
