#include "agent/app/logons.hpp"

#include "agent/gss/krb5_conf.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace sfb::app {

namespace {

gss::Method method_of(const std::string& name) {
  return name == "kerberos" ? gss::Method::kerberos
         : name == "ntlm"   ? gss::Method::ntlm
                            : gss::Method::negotiate;
}

gss::Encryption encryption_of(config::Encryption configured) {
  switch (configured) {
    case config::Encryption::automatic:
      return gss::Encryption::automatic;
    case config::Encryption::always:
      return gss::Encryption::always;
    case config::Encryption::never:
      return gss::Encryption::never;
  }
  return gss::Encryption::automatic;
}

// The realms of all credentials, each once: two entries of one realm may name different KDCs.
std::vector<gss::Realm> realms_of(const config::Settings& settings) {
  std::vector<gss::Realm> realms;
  for (const config::Credentials& credentials : settings.credentials) {
    if (!credentials.uses_tickets() || credentials.realm.empty()) {
      continue;
    }
    auto realm = std::ranges::find(realms, credentials.realm, &gss::Realm::name);
    if (realm == realms.end()) {
      realm = realms.insert(realm, {.name = credentials.realm, .kdcs = {}, .hosts = {}});
    }
    for (const std::string& kdc : credentials.kdcs) {
      if (std::ranges::find(realm->kdcs, kdc) == realm->kdcs.end()) {
        realm->kdcs.push_back(kdc);
      }
    }
  }
  return realms;
}

}  // namespace

gss::Account account_of(const config::Credentials& credentials) {
  gss::Account account;
  account.method = method_of(credentials.method);
  account.allow_ntlm = credentials.allow_ntlm;
  account.username = credentials.username;
  account.realm = credentials.realm;
  account.keytab_file = credentials.keytab_file;
  account.ccache = credentials.ccache;
  return account;
}

remote::Logon logon_of(const config::Winrm& winrm, const config::Settings& settings,
                       const Clock& clock) {
  const config::Credentials& credentials = config::credentials_of(winrm, settings);
  if (credentials.method == "basic") {
    return remote::basic_logon(credentials.username, credentials.password_file);
  }
  gss::SchemeOptions options;
  options.service.name = winrm.spn.service;
  options.service.host = winrm.spn.host;
  options.encryption = encryption_of(winrm.encryption);
  auto logon = remote::gss_logon(account_of(credentials), credentials.password_file,
                                 std::move(options), clock);
  logon.channel_bindings = winrm.channel_binding;
  logon.seals = winrm.encryption == config::Encryption::always ||
                (winrm.encryption == config::Encryption::automatic && !winrm.over_tls());
  return logon;
}

Status use_realms(const config::Settings& settings) {
  Status used = gss::use_krb5_conf(gss::krb5_conf(realms_of(settings)));
  const bool wanted = std::ranges::any_of(settings.credentials, &config::Credentials::uses_tickets);
  return wanted ? used : Status();
}

}  // namespace sfb::app
