// How the command reaches an agent and who it says to be: from the environment, never from
// arguments, which everybody on a machine can read.
#pragma once

#include "agent/base/error.hpp"
#include "agent/http/client_stream.hpp"

#include <functional>
#include <string>

namespace sfb::client {

/// SFB_BACKUP_EXPORTER_* as it stands; empty: not set.
struct Access {
  std::string url = {};            ///< _URL
  std::string ca_file = {};        ///< _CA_FILE
  std::string cert_file = {};      ///< _CERT_FILE
  std::string key_file = {};       ///< _KEY_FILE
  std::string user = {};           ///< _USER, with _PASSWORD_FILE
  std::string password_file = {};  ///< _PASSWORD_FILE
  std::string token_file = {};     ///< _TOKEN_FILE
  std::string negotiate = {};      ///< _NEGOTIATE: `1`: the caller's Kerberos ticket
};

/// `variable` gives the value of an environment variable, nullptr where there is none.
Access access_from(const std::function<const char*(const char*)>& variable);

/// Reads the file of the password or token. Reason::parse, code `client.login`: what does not go
/// together; Reason::process, code `secret.unreadable`: the file. Messages name the variable and
/// hold nothing of a secret.
Result<http::ClientIdentity> identity_of(const Access& access);

}  // namespace sfb::client
