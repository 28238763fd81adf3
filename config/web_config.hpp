// The web configuration file (--web.config.file): TLS, headers, users and the rate of our own HTTP
// server, in the format of Prometheus' exporter-toolkit, so that one file serves all exporters of a
// machine.
#pragma once

#include "agent/base/secret.hpp"
#include "config/files.hpp"
#include "config/problem.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::config {

/// What is asked of a client's certificate. In brackets: the name in the file, which is Go's.
enum class ClientAuth : std::uint8_t {
  none,                ///< nothing (NoClientCert)
  request,             ///< it is asked for and not looked at (RequestClientCert)
  require_any,         ///< there must be one, whoever issued it (RequireAnyClientCert)
  verify_if_given,     ///< one that is sent must be good (VerifyClientCertIfGiven)
  require_and_verify,  ///< there must be one, and it must be good (RequireAndVerifyClientCert)
};

/// The versions that are spoken; older ones are refused when the file is read.
enum class WebTlsVersion : std::uint8_t { tls1_2, tls1_3 };

/// Text in PEM form, and where it came from, for messages.
template <typename Text>
struct Pem {
  Text text = {};
  std::string from = {};  ///< the file's path, or the key that holds it (`tls_server_config.cert`)
};

/// `tls_server_config`. What PEM texts hold has not been looked at.
struct WebTls {
  Pem<std::string> certificate;  ///< the server's own, then those of its issuers
  Pem<Secret> key;
  ClientAuth client_auth = ClientAuth::none;
  /// Who may issue clients' certificates. Absent: with a verifying client_auth, the system's CAs.
  std::optional<Pem<std::string>> client_ca;
  /// A client's certificate must have one of these as DNS name, e-mail address, IP address or URI,
  /// letter by letter. Absent: any will do; never empty.
  std::optional<std::vector<std::string>> client_allowed_sans;
  WebTlsVersion min_version = WebTlsVersion::tls1_2;
  WebTlsVersion max_version = WebTlsVersion::tls1_3;
  /// Of TLS 1.2, in OpenSSL's names, best first. Empty: the usual ones.
  std::vector<std::string> cipher_suites;
  bool prefer_server_cipher_suites = true;
  /// In OpenSSL's names, best first. Empty: the usual ones.
  std::vector<std::string> curves;
};

/// One of `http_server_config.headers`: goes with every answer. The value is printable, not empty.
struct WebHeader {
  std::string name;
  std::string value;
};

/// One of `basic_auth_users`.
struct WebUser {
  std::string name;  ///< printable, without a colon; may be empty
  Secret hash;       ///< bcrypt's whole text, `$2y$10$` and 53 characters behind; well-formed
  int cost = 0;      ///< its cost, 4 to 31: each step doubles the time that one check takes
};

/// `rate_limit`: a bucket of `burst` requests, filled up by one each `interval`.
struct WebRateLimit {
  std::chrono::nanoseconds interval{0};  ///< above 0
  std::size_t burst = 0;                 ///< above 0
};

/// What the file says. An empty file is a good one: no TLS, no users. Thread rule: a value,
/// immutable when it is shared.
struct WebConfig {
  std::optional<WebTls> tls;  ///< absent: plain HTTP
  std::vector<WebHeader> headers;
  std::vector<WebUser> basic_auth_users;   ///< in the file's order; empty: everybody may come in
  std::optional<WebRateLimit> rate_limit;  ///< absent, or an interval of 0: none
};

/// A file that was read, whether it is good or not.
struct WebFile {
  std::expected<WebConfig, std::vector<Problem>> config;  ///< the problems by position
  std::vector<Problem> warnings;                          ///< by position
  /// What was read, or would have been, by absolute path: the file itself first, then those it
  /// names. A change of one of them is a reason to read again.
  std::vector<std::string> files;
};

/// Reads and checks the file and what it names. It is as strict as the toolkit, and stricter where
/// that one lets a mistake pass; every mistake is told at once. No message holds a key, a hash or
/// what may be a password. Never throws. Thread rule: any thread; blocks on `files`.
WebFile load_web_config(const std::string& path, const Files& files);

/// The cost of a bcrypt text (`$2a$`, `$2b$` or `$2y$`, cost 04 to 31, salt and digest); nothing
/// for any other text.
std::optional<int> bcrypt_cost(std::string_view text);

}  // namespace sfb::config
