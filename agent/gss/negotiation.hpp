// The legs of one context: tokens in and out.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/gss/account.hpp"
#include "agent/gss/gssapi.hpp"
#include "agent/gss/handle.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::gss {

/// Thread rule: one owner. The first leg of Kerberos may wait for a KDC, if get_ticket was not
/// called before.
class Negotiation {
 public:
  /// `bindings` as auth::Peer has them; empty: none.
  Negotiation(std::shared_ptr<Handle> handle, Service service, bool spnego, std::string bindings);

  /// The first token.
  Result<std::string> begin();
  /// The answer to the server's token; empty: there is none to send. Errors: status.hpp, step
  /// `proof`; `server_time` is set where the server told its clock.
  Result<std::string> next(std::string_view token);

  bool complete() const { return complete_; }
  bool ntlm() const { return handle_->tickets() == nullptr; }
  /// The server proved who it is. Precondition: complete.
  bool mutual() const { return (flags_ & GSS_C_MUTUAL_FLAG) != 0; }
  bool can_seal() const { return (flags_ & GSS_C_CONF_FLAG) != 0; }
  /// The last error is a refusal that gives no reason, as a 401 without a token does.
  bool refused() const { return refused_; }
  gss_ctx_id_t context() const { return context_.get(); }
  std::optional<WallTime> server_time() const { return server_time_; }

 private:
  Result<std::string> leg(std::string_view token);

  std::shared_ptr<Handle> handle_;
  Service service_;
  bool spnego_;
  std::string bindings_;
  Context context_;
  Name target_;
  OM_uint32 flags_ = 0;
  bool complete_ = false;
  bool refused_ = false;
  std::optional<WallTime> server_time_;
};

}  // namespace sfb::gss
