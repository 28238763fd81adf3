// Transport `winrm`: WinrmSession over HTTP(S) connections.
#pragma once

#include "agent/auth/scheme.hpp"
#include "agent/base/byte_budget.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/gss/scheme.hpp"
#include "agent/http/client_connection.hpp"
#include "agent/net/tls_clients.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/os/shared_watch.hpp"
#include "agent/remote/session/observer.hpp"
#include "agent/remote/transport.hpp"
#include "agent/remote/winrm/shell_ledger.hpp"
#include "agent/remote/winrm/winrm_session.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace sfb::remote {

/// What all endpoints share. Thread rule: made and destroyed on the loop thread; outlives the
/// transports' last coroutine.
struct WinrmServices {
  /// `lookup`: of host names.
  explicit WinrmServices(boost::asio::any_io_executor executor,
                         net::Resolver::Lookup lookup = net::resolve_blocking);
  /// Starts the first thread of each pool: net::WorkerPool::start.
  Status start();

  net::Resolver resolver;
  std::shared_ptr<os::SharedWatch> secrets;  ///< the folders of the password files
  net::TlsClients trusted;
  net::WorkerPool readers;  ///< reads answers that would hold the loop up
};

/// How the connections of an endpoint prove who we are. The files are read again when they changed.
struct Logon {
  std::string method = "basic";  ///< for the log
  /// Absolute, each may be empty; one trailing line end is not part of the password.
  std::string password_file;
  std::string keytab_file;
  std::string ccache_file;
  bool channel_bindings = true;  ///< sent over https by methods that know them
  bool seals = false;            ///< messages over http
  auth::SchemeFactory make_scheme;
};
/// Method basic.
Logon basic_logon(std::string username, std::string password_file);
/// The other methods. `realms` stand in krb5.conf (gss::use_krb5_conf).
Logon gss_logon(gss::Account account, std::string password_file, gss::SchemeOptions options,
                const Clock& clock);

struct WinrmOptions {
  std::string endpoint;  ///< its name, for messages
  /// Front ends, tried in this order when one cannot be reached; not empty, all of one scheme.
  std::vector<Url> urls;
  net::TlsOptions tls;  ///< for https
  Logon logon;
  std::string configuration_name = "Microsoft.PowerShell";
  Language language = Language::automatic;
  std::string import_module;
  bool reuse = true;  ///< the shell is kept for the next ask
  std::chrono::milliseconds max_age{
      3'600'000};                  ///< a shell older than this is closed after its run
  std::size_t max_pipelines = 50;  ///< so is one that ran as many
  std::size_t max_concurrent = 1;  ///< sessions at once
  Limits limits;
  std::chrono::milliseconds auth_cap{10'000};
  std::chrono::milliseconds open_cap{30'000};
  std::chrono::milliseconds close_cap{5'000};
  std::chrono::milliseconds connection_idle{100'000};  ///< http.sys drops one after about 120 s
  std::chrono::milliseconds session_idle{200'000};     ///< below the shell's IdleTimeOut
  std::shared_ptr<ByteBudget> budget;                  ///< shared; absent: one of its own
  std::shared_ptr<WinrmServices> services;             ///< shared; absent: its own
  std::shared_ptr<ShellLedger> ledger;                 ///< absent: no shell is remembered
  std::shared_ptr<Observer> observer;                  ///< `evaluate` only
};

/// Each session has one connection with one request at a time, and one front end: another is taken
/// where a new session cannot be connected, or one of an earlier ask whose Command never went out.
/// What an ask leaves behind on the server (it failed, ran out of time or was cancelled) is cleared
/// in the background within close_cap; the next ask waits for it a moment, then opens a session
/// beside it. Idle sessions are used newest first. A new password in the file is used by the next
/// request, and told (on_credentials). Close the transport before it is dropped, or its shells stay
/// until the server's idle time-out; asks that wait for a session then are still served. Errors:
/// those of http_connection.hpp, scheme.hpp, gss/status.hpp, shell.hpp and psrp; process
/// `secret.unreadable` (the password file), timeout `secret.hung` (it lies on a dead mount),
/// `winrm.timeout`, internal `winrm.closing`, `http.in_flight` (limits.in_flight), connect
/// `winrm.lost` (the connection was lost where a request must not be repeated), cmdlet
/// `winrm.scripts_refused` (language full or constrained was configured).
std::shared_ptr<Transport> make_winrm_transport(boost::asio::any_io_executor executor,
                                                WinrmOptions options, const Clock& clock,
                                                Logger logger);

}  // namespace sfb::remote
