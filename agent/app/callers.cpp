#include "agent/app/callers.hpp"

#include "agent/access/authorized.hpp"
#include "agent/net/address.hpp"
#include "agent/remote/winrm/password_file.hpp"
#include "config/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

namespace sfb::app {

namespace {

constexpr remote::SecretKind kTokenFile{"token file", "token_file", kMostSecret, true};

bool verifies_clients(const config::WebConfig& web) {
  return web.tls && (web.tls->client_auth == config::ClientAuth::verify_if_given ||
                     web.tls->client_auth == config::ClientAuth::require_and_verify);
}

bool is_open(const std::string& listens) {
  if (listens.starts_with("unix:")) {
    return false;  // also one of systemd without a file
  }
  const auto address = net::parse_listen_address(listens);
  return !address || !address->is_loopback();
}

bool knows(const config::WebConfig& web, const std::string& user) {
  return std::ranges::find(web.basic_auth_users, user, &config::WebUser::name) !=
         web.basic_auth_users.end();
}

constexpr std::string_view kNoCertificates =
    "the web configuration verifies no client certificate, so none counts; set client_auth_type to "
    "VerifyClientCertIfGiven or RequireAndVerifyClientCert";

// Tokens that there are not are a mistake of the configuration alone: the loader refuses them.
void doubt_pushers(const std::string& endpoint, const config::Pushers& from,
                   const config::Authorization& authorization, const config::WebConfig& web,
                   std::vector<std::string>& doubts) {
  const auto doubt = [&](std::string_view key, std::string_view what) {
    doubts.push_back(
        fmt::format("endpoints.{}.from.{}: {}", config::key_text(endpoint), key, what));
  };
  for (const std::string& user : from.users) {
    if (!knows(web, user)) {
      doubt("users", fmt::format("basic_auth_users of the web configuration has no user {}, so "
                                 "nobody pushes as it",
                                 config::key_text(user)));
    }
  }
  if (!from.certificates.empty() && !verifies_clients(web)) {
    doubt("certificates", kNoCertificates);
  }
  if (!from.principals.empty() && authorization.keytab_file.empty()) {
    doubt("principals",
          "without authorization.negotiate no ticket is looked at, so none of them can push; give "
          "it a keytab_file");
  }
}

}  // namespace

serve::Identities identities_of(const config::Authorization& authorization) {
  serve::Identities identities;
  for (const config::Membership& user : authorization.users) {
    identities.users[user.name] = user.groups;
  }
  for (const config::Membership& certificate : authorization.certificates) {
    identities.certificates[certificate.name] = certificate.groups;
  }
  for (const config::Token& token : authorization.tokens) {
    identities.tokens.push_back({token.name, token.token_file, token.groups});
  }
  return identities;
}

std::shared_ptr<serve::Tokens> make_tokens(boost::asio::any_io_executor loop,
                                           net::WorkerPool& files, Logger logger) {
  return std::make_shared<serve::Tokens>(serve::Tokens::Parts{
      std::move(loop), files,
      [](const std::string& path) { return remote::read_secret(path, kTokenFile); },
      std::move(logger)});
}

std::vector<std::string> caller_doubts(const config::Settings& settings,
                                       const config::WebConfig& web,
                                       const std::vector<std::string>& listens) {
  const config::Authorization& authorization = settings.authorization;
  std::vector<std::string> doubts;
  const auto open = std::ranges::find_if(listens, is_open);
  if (!web.tls && open != listens.end()) {
    const auto doubt = [&](std::string_view key, std::string_view what) {
      doubts.push_back(
          fmt::format("authorization.{}: without TLS {} on its way to {}; write tls_server_config "
                      "into a web configuration file, or listen on loopback alone",
                      key, what, *open));
    };
    if (!authorization.tokens.empty()) {
      doubt("tokens", "whoever reads a token can use it");
    }
    if (!authorization.keytab_file.empty()) {
      doubt("negotiate", "whoever reads the answer to a Kerberos ticket learns what it says");
    }
  }
  for (const config::Membership& user : authorization.users) {
    if (!knows(web, user.name)) {
      doubts.push_back(
          fmt::format("authorization.users.{}: basic_auth_users of the web configuration has no "
                      "such user, so nobody logs in as it",
                      config::key_text(user.name)));
    }
  }
  if (!authorization.certificates.empty() && !verifies_clients(web)) {
    doubts.push_back(fmt::format("authorization.certificates: {}", kNoCertificates));
  }
  for (const config::Endpoint& endpoint : settings.endpoints) {
    if (const auto* const push = std::get_if<config::Push>(&endpoint.transport)) {
      doubt_pushers(endpoint.name, push->from, authorization, web, doubts);
    }
  }
  const access::Authorized authorized(authorization.authorized_universal_groups);
  const auto look = [&](std::string_view key, const std::string& name,
                        const std::vector<std::string>& groups) {
    if (!groups.empty() &&
        !authorized.admits({.proof = access::Proof::token, .name = name, .group_names = groups})) {
      doubts.push_back(fmt::format("authorization.{}.{}: none of its groups may run the cmdlet: {}",
                                   key, config::key_text(name), authorized.text()));
    }
  };
  for (const config::Membership& each : authorization.users) {
    look("users", each.name, each.groups);
  }
  for (const config::Membership& each : authorization.certificates) {
    look("certificates", each.name, each.groups);
  }
  for (const config::Token& each : authorization.tokens) {
    look("tokens", each.name, each.groups);
  }
  return doubts;
}

void CallerDoubts::tell(const config::Settings& settings, const config::WebConfig& web) {
  if (held_) {
    return;
  }
  for (std::string& doubt : caller_doubts(settings, web, listens_)) {
    if (std::ranges::find(told_, doubt) == told_.end()) {
      logger_.warn("configuration", {{"problem", doubt}});
      told_.push_back(std::move(doubt));
    }
  }
}

const std::vector<std::string>& CallerDoubts::release(const config::Settings& settings,
                                                      const config::WebConfig& web) {
  held_ = false;
  told_.clear();
  tell(settings, web);
  return told_;
}

}  // namespace sfb::app
