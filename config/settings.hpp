// What the configuration files say, checked, with every default filled in.
#pragma once

#include "agent/base/fqdn.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/url.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sfb::config {

/// `global:`. Intervals of a pool override the two evaluation ones.
struct Global {
  std::chrono::milliseconds evaluation_interval{120'000};  ///< the Backup Service's SyncInterval
  std::chrono::milliseconds evaluation_timeout{60'000};    ///< of one scheduled evaluation
  std::chrono::milliseconds stale_after{3'600'000};     ///< last good states stay exposed that long
  std::chrono::milliseconds min_live_interval{10'000};  ///< 0: every live query evaluates
  std::size_t max_concurrent_evaluations = 1024;

  bool operator==(const Global&) const = default;
};

/// One entry of `credentials:`.
struct Credentials {
  std::string name;
  std::string method;  ///< one of Capabilities::methods
  std::string username;
  std::string password_file;  ///< absolute (a relative one is taken from its file's folder)
  // Of `kerberos` and `negotiate`, which have one of password_file, keytab_file and ccache:
  std::string keytab_file = {};  ///< absolute
  std::string ccache = {};       ///< with its type: `FILE:/run/sfb/krb5cc`
  std::string realm = {};        ///< upper case; empty: the suffix of the name
  std::vector<std::string> kdcs =
      {};                   ///< of that realm, host or host:port; empty: krb5.conf or DNS
  bool allow_ntlm = false;  ///< `ntlm: allow`, of `negotiate`

  /// The method asks a KDC.
  bool uses_tickets() const { return method == "kerberos" || method == "negotiate"; }
  bool operator==(const Credentials&) const = default;
};

/// When messages are sealed: `automatic` over http, unless the method is basic, which cannot.
enum class Encryption : std::uint8_t { automatic, always, never };
std::string_view to_string(Encryption encryption);

/// `spn:` of an endpoint: the service that a ticket is for.
struct Spn {
  std::string service = "HTTP";
  std::string host;  ///< empty: the URL's host

  bool operator==(const Spn&) const = default;
};

/// What an endpoint may run.
enum class Language : std::uint8_t { automatic, full, constrained, none };
std::string_view to_string(Language language);

/// `tls:` of an endpoint.
struct Tls {
  std::string ca_file;      ///< absolute; empty: the system's store
  std::string server_name;  ///< empty: the URL's host
  std::string min_version = "1.2";

  bool operator==(const Tls&) const = default;
};

/// `session:` of an endpoint.
struct Session {
  bool reuse = true;
  std::chrono::milliseconds max_age{3'600'000};
  std::size_t max_pipelines = 50;

  bool operator==(const Session&) const = default;
};

/// The keys of transport `file`.
struct File {
  static constexpr std::string_view kTransport = "file";

  /// Absolute, with `{pool}`, `{collector}` and `{category}`.
  std::string path;
  std::chrono::milliseconds max_age{600'000};  ///< older content is a failure (`stale`)

  bool operator==(const File&) const = default;
};

/// The keys of transport `winrm`.
struct Winrm {
  static constexpr std::string_view kTransport = "winrm";

  /// Front ends in the order in which they are tried, each once, all of one scheme. Completed: with
  /// port (5985 or 5986, but 80 or 443 for another path than /wsman) and path (/wsman).
  std::vector<Url> urls;
  std::string configuration_name = "Microsoft.PowerShell";
  Language language = Language::automatic;
  std::string import_module;
  std::string credentials;  ///< the name of an entry that exists
  bool allow_unencrypted = false;
  Encryption encryption = Encryption::automatic;
  bool channel_binding = true;  ///< sent over https
  Spn spn = {};
  Tls tls = {};
  Session session = {};

  bool over_tls() const { return !urls.empty() && urls.front().tls; }
  bool operator==(const Winrm&) const = default;
};

/// The keys of transport `ssh`: either a program that speaks PSRP on its stdin and stdout, or an
/// ssh server whose subsystem does.
struct Ssh {
  static constexpr std::string_view kTransport = "ssh";

  std::vector<std::string> program;  ///< absolute path and arguments; empty: `host` is set
  /// That of the file in which the endpoint stands, absolute: the program's working folder.
  std::string folder = {};
  std::string host;  ///< a DNS name or an IP address
  std::uint16_t port = 22;
  std::string user;
  std::string identity_file;     ///< absolute; the private key
  std::string known_hosts_file;  ///< absolute; the host keys that are accepted
  std::string subsystem = "powershell";
  /// Further options of ssh_config(5), allow-listed, in the order of the file.
  std::vector<std::pair<std::string, std::string>> options;
  Language language = Language::automatic;
  std::string import_module;
  Session session;

  bool operator==(const Ssh&) const = default;
};

/// `transport:` of an endpoint, with the keys that this transport has.
/// `from:` of an endpoint that is pushed to: who may push. At least one.
struct Pushers {
  std::vector<std::string> tokens = {};        ///< names of entries of authorization.tokens
  std::vector<std::string> users = {};         ///< of basic_auth_users of the web configuration
  std::vector<std::string> certificates = {};  ///< names (SAN) of verified client certificates
  /// Of Kerberos callers: accounts with realm, or SIDs of accounts or groups.
  std::vector<std::string> principals = {};

  bool operator==(const Pushers&) const = default;
};

/// The keys of transport `push`.
struct Push {
  static constexpr std::string_view kTransport = "push";

  std::chrono::milliseconds max_age{600'000};  ///< older content is a failure (`stale`)
  Pushers from = {};

  bool operator==(const Push&) const = default;
};

using Transport = std::variant<File, Winrm, Ssh, Push>;
/// `file`, `winrm`, `ssh` or `push`.
std::string_view name_of(const Transport& transport);
/// The names of all transports.
std::vector<std::string> transport_names();

/// One entry of `endpoints:`.
struct Endpoint {
  std::string name;
  Transport transport;
  std::size_t max_concurrent = 1;  ///< evaluations at once on this endpoint

  bool operator==(const Endpoint&) const = default;
};

/// One entry of `collectors:` of a pool: what is asked beside the pool's status.
struct PoolCollector {
  std::string name;  ///< one of Capabilities::collectors
  std::chrono::milliseconds interval{3'600'000};

  bool operator==(const PoolCollector&) const = default;
};

/// One entry of `pools:`.
struct Pool {
  Fqdn fqdn;
  std::string endpoint;  ///< the name of an endpoint that exists
  Fqdn paired_pool;      ///< need not be configured itself
  std::string site;
  std::string deployment;   ///< pools of one CMS replication scope; may be empty
  bool cms_master = false;  ///< CentralMgmt.CMSMaster must export here
  bool expect_rgs = false;  ///< RGS modules must not be NotInitialized
  std::chrono::milliseconds evaluation_interval{0};  ///< resolved: the pool's own or the global one
  std::chrono::milliseconds evaluation_timeout{0};   ///< resolved likewise
  std::vector<PoolCollector> collectors = {};        ///< in the order of the file, each once

  bool operator==(const Pool&) const = default;
};

/// Callers without an identity: nobody, those on the loopback interface, everybody.
enum class AllowAnonymous : std::uint8_t { none, loopback, any };
std::string_view to_string(AllowAnonymous allow);

/// A caller and the groups that the operator says it is in: names, `DOMAIN\\name` or SIDs.
struct Membership {
  std::string name;
  std::vector<std::string> groups;

  bool operator==(const Membership&) const = default;
};

/// One entry of `tokens:`.
struct Token {
  std::string name;                 ///< for the log; each once
  std::string token_file;           ///< absolute
  std::vector<std::string> groups;  ///< none: it is one that pushes

  bool operator==(const Token&) const = default;
};

/// `authorization.directory:`: who knows the SIDs of groups.
struct Directory {
  std::vector<std::string> servers;  ///< host:port of global catalogs, in the order of asking
  std::string credentials;           ///< an entry of method kerberos

  bool operator==(const Directory&) const = default;
};

/// `authorization:`.
struct Authorization {
  AllowAnonymous allow_anonymous = AllowAnonymous::none;
  /// Beside RTCUniversalServerAdmins; only with something that can prove a group.
  std::vector<std::string> authorized_universal_groups = {};
  std::string keytab_file = {};        ///< of `negotiate`, absolute; empty: no tickets are taken
  std::vector<Membership> users = {};  ///< of basic_auth_users of the web configuration
  std::vector<Membership> certificates = {};  ///< names (SAN) of verified client certificates
  std::vector<Token> tokens = {};
  std::optional<Directory> directory = {};

  /// Callers can prove that they are in a group.
  bool proves_groups() const {
    return !keytab_file.empty() || !users.empty() || !certificates.empty() || !tokens.empty();
  }
  bool operator==(const Authorization&) const = default;
};

/// `storage:`, of the state (`--storage.path`).
struct Storage {
  std::chrono::milliseconds retention{std::chrono::hours(30 * 24)};  ///< age of the history's lines
  std::size_t max_size = 64UL << 20U;  ///< of the file: the history makes room

  bool operator==(const Storage&) const = default;
};

/// The whole effective configuration. Endpoints and pools stand in the order of the files.
/// Thread rule: a value; share it as an immutable snapshot.
struct Settings {
  Global global;
  Limits limits;
  std::vector<Credentials> credentials;
  std::vector<Endpoint> endpoints;
  std::vector<Pool> pools;
  Authorization authorization;
  Storage storage = {};

  bool operator==(const Settings&) const = default;
};

/// The entry of `settings` that an endpoint names. There is one: the loader refuses other names.
const Credentials& credentials_of(const Winrm& winrm, const Settings& settings);

/// The effective configuration as YAML (`/config`): every default written out, no secrets. Loads
/// back to equal Settings.
std::string to_yaml(const Settings& settings);

/// 16 hex digits that change when the effective configuration changes (comments and layout do not
/// count). FNV-1a 64: a change detector, not a protection against forgery.
std::string change_hash(const Settings& settings);

}  // namespace sfb::config
