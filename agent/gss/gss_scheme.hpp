// The state machine behind make_scheme.
#pragma once

#include "agent/auth/scheme.hpp"
#include "agent/base/time.hpp"
#include "agent/gss/credentials.hpp"
#include "agent/gss/negotiation.hpp"
#include "agent/gss/refusal.hpp"
#include "agent/gss/scheme.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sfb::gss {

/// Thread rule: that of auth::Scheme.
class GssScheme final : public auth::Scheme {
 public:
  using Challenges = std::span<const std::string>;
  static constexpr std::string_view kNegotiate = "Negotiate";
  /// A server that asks anew for so many bodies in a row asks for each.
  static constexpr std::size_t kAsked = 2;

  GssScheme(std::shared_ptr<Credentials> credentials, SchemeOptions options, auth::Peer peer,
            const Clock& clock);

  bool blocks() const override { return credentials_->account().method != Method::ntlm; }
  Result<auth::Step> step(Challenges challenges) override;
  Result<auth::Step> let_in(Challenges challenges) override;
  bool each_request() const override { return asked_in_a_row_ >= kAsked && !ntlm_; }
  Result<auth::Step> unasked() override;
  Status check_answer(Challenges challenges, int status) override;
  Result<auth::Payload> seal(auth::Payload plain) override;
  Result<auth::Payload> unseal(auth::Payload sealed, int status) override;
  void tell_secrets(Redactor& redactor) const override;
  auth::Proof proof() const override;
  Facts progress() const override;
  std::function<void()> chore() const override;

 private:
  enum class State : std::uint8_t {
    start,
    negotiating,
    ready,  ///< the last step carried the body
  };

  bool sealing() const;
  /// Where Kerberos cannot.
  bool may_use_ntlm() const;
  Result<auth::Step> begin();
  Result<std::string> begin_kerberos();
  Result<std::string> begin_ntlm();
  Result<auth::Step> go_on(Challenges challenges);
  Result<std::string> answer_to(std::string_view text);
  Result<auth::Step> finish();
  bool proves() const { return negotiation_->complete() && (ntlm_ || negotiation_->mutual()); }
  Result<auth::Step> begin_with(const std::string& token);
  Result<auth::Step> begin_with_body();
  Result<auth::Step> refused(Challenges challenges);
  Result<auth::Step> again(Challenges challenges);
  Result<auth::Step> carry(const std::string& token, bool body);
  Attempt attempt() const { return {credentials_->account(), options_.service, peer_, ntlm_}; }
  void note(std::string_view name, std::string value);

  std::shared_ptr<Credentials> credentials_;
  SchemeOptions options_;
  auth::Peer peer_;
  const Clock& clock_;
  bool ntlm_;
  std::string_view word_ = kNegotiate;
  State state_ = State::start;
  std::optional<Negotiation> negotiation_;
  bool retried_ = false;   ///< a refusal was answered with a new ticket and context
  bool proved_ = false;    ///< the server took a body of this context
  bool answered_ = false;  ///< the server has answered a token of this context
  std::size_t contexts_ = 0;
  std::size_t bodies_ = 0;          ///< that the server took with this context
  std::size_t asked_in_a_row_ = 0;  ///< contexts that were good for one body alone
  bool mutual_ = false;
  Secret token_;  ///< the last one sent, in base64
  std::size_t token_bytes_ = 0;
  Facts facts_;
};

}  // namespace sfb::gss
