#include "agent/auth/basic.hpp"

#include "agent/auth/challenge.hpp"
#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace sfb::auth {

namespace {

constexpr std::string_view kName = "Basic";

bool has_control(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

// Its whole size is reserved, so that no part of the secret stays in freed memory. (Formatting
// would leave a copy on the stack.)
Secret joined(std::string_view first, char between, std::string_view secret) {
  std::string text;
  text.reserve(first.size() + 1 + secret.size());
  text.append(first).append(1, between).append(secret);
  return Secret(std::move(text));
}

class Basic final : public Scheme {
 public:
  Basic(std::string user_name, std::shared_ptr<const Secret> password)
      : user_name_(std::move(user_name)), password_(std::move(password)) {}

  Result<Step> step(std::span<const std::string> challenges) override;
  // Basic has no keys: TLS is what seals.
  Result<Payload> seal(Payload plain) override { return plain; }
  Result<Payload> unseal(Payload sealed, int /*status*/) override { return sealed; }
  void tell_secrets(Redactor& redactor) const override;
  Proof proof() const override { return {.method = "basic"}; }

 private:
  Status check() const;
  Secret pair() const;

  std::string user_name_;
  std::shared_ptr<const Secret> password_;
  bool sent_ = false;
};

Status Basic::check() const {
  if (user_name_.contains(':')) {
    return fail(Reason::auth, "auth.user_name",
                "the user name has a colon, which Basic cannot carry",
                "write it as DOMAIN\\user or user@domain");
  }
  if (has_control(user_name_) || !is_utf8(user_name_)) {
    return fail(Reason::auth, "auth.user_name",
                "the user name has a control character or is not UTF-8");
  }
  if (password_ == nullptr) {
    return fail(Reason::internal, "auth.password", "there is no password");
  }
  if (has_control(password_->reveal()) || !is_utf8(password_->reveal())) {
    return fail(Reason::auth, "auth.password",
                "the password has a control character or is not UTF-8, which Basic cannot carry",
                "check the password file: one line, saved as UTF-8");
  }
  return {};
}

Result<Step> Basic::step(std::span<const std::string> challenges) {
  const auto offered = offered_schemes(challenges);
  const bool takes_basic = std::ranges::any_of(
      offered, [](const std::string& scheme) { return iequals(scheme, kName); });
  if (!offered.empty() && !takes_basic) {
    return fail(Reason::auth, "auth.not_offered", "the server does not take Basic",
                fmt::format("{}; or allow Basic on the endpoint (winrm/config/service/auth, or the "
                            "virtual directory in IIS)",
                            other_logon(challenges)),
                fmt::format("{}", fmt::join(offered, ", ")));
  }
  if (sent_) {
    return fail(Reason::auth, "auth.refused",
                fmt::format("the server refused user {} or the password", user_name_),
                "check both; WinRM itself takes local accounts only with Basic, IIS also those of "
                "the domain",
                fmt::format("{}", fmt::join(offered, ", ")));
  }
  if (Status good = check(); !good) {
    return std::unexpected(std::move(good).error());
  }
  sent_ = true;
  return Step{.authorization = joined(kName, ' ', Secret(base64_encode(pair().reveal())).reveal())};
}

Secret Basic::pair() const {
  return joined(user_name_, ':', password_->reveal());
}

void Basic::tell_secrets(Redactor& redactor) const {
  if (password_ == nullptr || password_->empty()) {
    return;
  }
  const std::size_t user = user_name_.size() + 1;
  redactor.hide(password_->reveal());
  redactor.hide(pair().reveal(), user);
  // Without the padding, which some leave out. Four characters for three bytes.
  const Secret proof(base64_encode(pair().reveal()));
  const std::string_view text = proof.reveal();
  redactor.hide(text.substr(0, text.find_last_not_of('=') + 1), user * 4 / 3);
}

}  // namespace

std::unique_ptr<Scheme> make_basic(std::string user_name, std::shared_ptr<const Secret> password) {
  return std::make_unique<Basic>(std::move(user_name), std::move(password));
}

}  // namespace sfb::auth
