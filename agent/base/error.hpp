// What can go wrong, in one closed list, and the Result every fallible function returns.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace sfb {

/// Why an evaluation failed. A closed list: the values of the metric label `reason`, all of which
/// exist from the start. `Error::code` is finer and open, and never becomes a label.
enum class Reason : std::uint8_t {
  dns,        ///< a host name could not be resolved
  connect,    ///< no connection could be made
  tls,        ///< TLS handshake or certificate
  auth,       ///< credentials were refused
  forbidden,  ///< known, but not allowed
  throttled,  ///< the server's quota
  timeout,    ///< a deadline ran out
  protocol,   ///< the peer does not speak what it should
  parse,      ///< the answer cannot be understood
  not_found,  ///< the thing asked for is not there (a dropped file, for one)
  stale,      ///< a dropped file older than its max_age
  cmdlet,     ///< PowerShell reported an error instead of a status
  process,    ///< a child process or an operating system call failed
  internal,   ///< a bug of ours
};

inline constexpr std::array kReasons = {
    Reason::dns,       Reason::connect, Reason::tls,      Reason::auth,    Reason::forbidden,
    Reason::throttled, Reason::timeout, Reason::protocol, Reason::parse,   Reason::not_found,
    Reason::stale,     Reason::cmdlet,  Reason::process,  Reason::internal};

/// The label value: the enumerator's own name.
std::string_view to_string(Reason reason);

/// Where an evaluation was when it failed; `none` where there are no stages.
enum class Stage : std::uint8_t { none, queue, resolve, connect, tls, auth, open, query, parse };

inline constexpr std::array kStages = {Stage::none,    Stage::queue, Stage::resolve,
                                       Stage::connect, Stage::tls,   Stage::auth,
                                       Stage::open,    Stage::query, Stage::parse};

/// The enumerator's own name; empty for `none`.
std::string_view to_string(Stage stage);

/// One failure. `message` and `remedy` are our own words and hold nothing that a peer sent.
/// `peer` alone holds the peer's words, and is shown only through `quote` (text.hpp).
struct Error {
  Reason reason = Reason::internal;
  std::string code;     ///< finer kind, `area.what` (`file.too_old`); for history, JSON and log
  std::string message;  ///< names the thing and the place
  std::string remedy;   ///< what to do about it; may be empty
  std::string peer;     ///< the other side's words, unaltered and untrusted; may be empty
  Stage stage = Stage::none;
  bool let_in = false;  ///< before it failed, the server accepted who we are
  /// So long the server wants to be left alone; 0: it does not say.
  std::chrono::seconds retry_after{0};
};

/// One line for a log or a terminal: `message: "peer" (remedy)`, the peer's text quoted and cut.
std::string describe(const Error& error);

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

/// Shorthand for `return std::unexpected(Error{...})`.
inline std::unexpected<Error> fail(Reason reason, std::string code, std::string message,
                                   std::string remedy = {}, std::string peer = {}) {
  return std::unexpected(Error{reason, std::move(code), std::move(message), std::move(remedy),
                               std::move(peer), Stage::none});
}

}  // namespace sfb
