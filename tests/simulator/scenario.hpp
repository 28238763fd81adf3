// What the simulator plays: listeners, pools with states that follow a timetable, faults.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sim {

using Millis = std::chrono::milliseconds;

/// Export and import word of one module.
using States = std::pair<std::string, std::string>;

/// At a time from the start of the pool's behaviour, modules take other states.
struct Change {
  Millis at{0};
  std::map<std::string, States> states;
};

/// What the cmdlet does for one pool.
struct Pool {
  std::vector<std::string> modules = {"UserServices.PresenceFocus", "ConfServices.DataConf",
                                      "CentralMgmt.CMSMaster"};
  std::map<std::string, States> states;
  States standard = {"FinalState", "NormalState"};
  std::string active_machine;
  std::vector<Change> timetable;
  Millis every{0};         ///< the timetable begins again after this; 0: never
  std::string error;       ///< non-fatal error beside the status
  std::string only_error;  ///< non-fatal error and no status
  std::string fatal;       ///< terminating error
  std::string warning;
  std::string verbose;
  std::string progress;
  std::string rendered;          ///< what Out-String makes of its status; empty: it is not there
  std::string rendered_modules;  ///< and of its modules; empty: these are text
  std::string secure;            ///< a SecureString property with this base64 text
  bool null = false;             ///< $null instead of a status
  bool two = false;              ///< two status objects
  bool none = false;             ///< nothing at all
  bool text = false;             ///< an object that is no status
  bool host_call = false;        ///< asks for a line first
  Millis slow{0};                ///< before the output
  std::size_t huge = 0;          ///< bytes of further output
  std::chrono::steady_clock::time_point started{};  ///< of the timetable
};

/// The cmdlet whose answers stand in `pools`.
inline constexpr std::string_view kStatusCmdlet = "Get-CsBackupServiceStatus";

/// What another cmdlet answers.
struct CmdletAnswer {
  std::vector<std::string> objects = {};  ///< CLIXML
  std::string error = {};                 ///< a non-terminating error beside them
  Millis slow{0};
  /// Not empty: it takes PoolFqdn, and the answer is that of the pool; names in lower case.
  std::map<std::string, CmdletAnswer> pools = {};
  std::vector<std::string> unknown_parameters = {};  ///< a call that gives one is refused
};
/// By name and switches: `Get-CsPool -LocalStore`.
using Cmdlets = std::map<std::string, CmdletAnswer>;

/// What a server is like.
struct Server {
  std::string protocol = "2.3";
  std::string ps_version = "5.1.17763.1";
  std::string language = "full";  ///< full | constrained | none
  bool echo_ids = true;
  bool done_with_state = true;
  bool deaf = false;   ///< does not hear crtl_c
  bool crlf = false;   ///< ends lines as Windows does, out of process
  std::string broken;  ///< text: the pool cannot open
  std::string module;  ///< where the cmdlet is; only this one can be imported; empty: no need
  std::string import_warning;  ///< text: comes with an import
  Millis idle_timeout{0};      ///< 0: what the client asks for
  std::size_t max_shells = 25;
  std::size_t max_commands = 1000;  ///< per shell, those terminated included
  int depth = 1;
  std::vector<std::string> engine;  ///< a program and its arguments behind it; empty: none
  Cmdlets cmdlets;                  ///< beside the status
};

/// An IP address and a port; port 0: a free one.
struct Address {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;

  std::string text() const;  ///< `127.0.0.1:5985`, `[::1]:5985`
};

/// How a listener, or a proxy before it, ends connections by itself.
struct Closing {
  std::size_t behind = 0;  ///< so many answers; 0: never
  bool announced = false;  ///< the last one says `Connection: close`
  bool half = false;       ///< only its own direction; what still comes is read and dropped
  Millis delay{0};         ///< from the last answer to the end
  Millis idle{0};          ///< so long without a request; 0: never
};

/// The form of sealed replies.
struct SealingForm {
  bool blank = false;       ///< `-- Encrypted Boundary`
  bool tab = true;          ///< before part headers
  bool crlf = false;        ///< one too many behind the closing boundary
  bool plain_wrap = false;  ///< Kerberos by gss_wrap
};

struct Listener {
  std::string name;
  Address listen;
  std::string path = "/wsman";
  std::string certificate;  ///< PEM files; empty: plain HTTP
  std::string key;
  std::string max_tls;                      ///< 1.1, 1.2, 1.3; empty: no limit
  std::string client_certificate = "none";  ///< none | required | reset | not_supported
  std::string bound_certificate;  ///< whose channel bindings are right; empty: `certificate`'s
  std::map<std::string, std::string> users;     ///< without keytab, empty: everybody is let in
  std::string keytab;                           ///< empty: no Kerberos
  std::vector<std::string> offers = {"Basic"};  ///< what a 401 offers and what is taken
  std::vector<std::string> mechanisms;          ///< kerberos, ntlm; empty: what there is
  std::string encryption = "optional";          ///< optional | required, over http
  std::string bindings = "relaxed";             ///< none | relaxed | strict, over https
  bool error_tokens = false;                    ///< of GSSAPI, in a 401 that refuses
  SealingForm sealing;
  Closing closing;
  std::string http = "1.1";  ///< the version of its answers
  Server server;
  /// `FILE:LINE:COLUMN: key: `, for what goes wrong when it begins to listen.
  std::string listen_place;
  std::string tls_place;
};

/// Something that goes wrong (README.md lists what `act` may be and which arguments each takes).
struct Fault {
  std::string listener;  ///< empty: any
  std::string pool;
  std::string action;
  std::size_t nth = 0;    ///< only the n-th match
  std::size_t every = 0;  ///< every n-th match
  double probability = 1;
  std::size_t times = 0;  ///< 0: for ever
  std::size_t child = 0;  ///< only in that process; 0: in all
  std::string act;
  /// Where the act can be: in an answer over HTTP, out of process, in both, or in what a pipeline
  /// sends over either.
  enum class Door { http, stdio, both, pipeline } door = Door::http;
  // Arguments of the act; where there is no value here, the act has one of its own.
  std::uint32_t code = 200;
  std::string subcode = "InternalError";
  std::string text = "The simulator was told to fail.";
  std::string detail = "wsman";
  std::optional<std::string> body;
  std::string content_type = "text/html";
  std::string as = "page";
  std::optional<std::size_t> at;
  std::optional<std::size_t> bytes;
  std::size_t by = 10;
  Millis time{0};
  Millis pause{200};
  std::optional<bool> sealed;
  bool before = true;
  bool term = true;
  // What became of it.
  std::size_t matched = 0;
  std::size_t done = 0;
};

struct Scenario {
  std::vector<Listener> listeners;
  std::map<std::string, Pool> pools;  ///< by FQDN in lower case
  std::vector<Fault> faults;
  std::uint64_t seed = 1;
  std::optional<Address> control;  ///< of the control door
  std::string control_place;
  std::string make_certificate;  ///< folder for ca.pem, server.pem, server.key
  std::vector<std::string> certificate_names;
  std::string certificate_place;
  std::string folder;  ///< where relative paths begin
};

/// Reads a scenario. An error is `FILE:LINE:COLUMN: key: what is wrong, what is allowed`; what the
/// control door reads has no FILE.
std::expected<Scenario, std::string> read_scenario(const std::string& yaml,
                                                   const std::string& folder,
                                                   const std::string& file);
/// The list of the key `faults` alone, for the listeners and pools of that scenario.
std::expected<std::vector<Fault>, std::string> read_faults(const std::string& yaml,
                                                           const Scenario& scenario);
/// One pool's map alone.
std::expected<Pool, std::string> read_pool(const std::string& yaml);
/// The keys of a listener without `name` and `listen`; those not written stay.
std::expected<Listener, std::string> read_listener(const std::string& yaml, Listener listener,
                                                   const std::string& folder);

/// The states of a pool's modules now.
std::map<std::string, States> states_at(const Pool& pool,
                                        std::chrono::steady_clock::time_point now);

}  // namespace sim
