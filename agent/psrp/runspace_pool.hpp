// The client's side of a runspace pool ([MS-PSRP] 3.1.5): sans-IO. Bytes of the
// pool's stream come in, bytes to send go out. The caller carries them.
// Thread rule: one owner.
#pragma once

#include "agent/base/guid.hpp"
#include "agent/base/limits.hpp"
#include "agent/psrp/bodies.hpp"
#include "agent/psrp/fragment.hpp"
#include "agent/psrp/message.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::psrp {

/// Host calls that may wait for an answer at once.
inline constexpr std::size_t kMostHostResponses = 64;

/// Sees every message of the server, for `--debug`. May be empty.
using MessageObserver = std::function<void(const Message&)>;

struct PoolOptions {
  Guid id;  ///< RPID
  Limits limits;
  MessageObserver observer;
};

class RunspacePool {
 public:
  enum class State : std::uint8_t { before_open, opening, opened, closed, broken };

  explicit RunspacePool(PoolOptions options);
  RunspacePool(const RunspacePool&) = delete;
  RunspacePool& operator=(const RunspacePool&) = delete;

  /// SESSION_CAPABILITY and INIT_RUNSPACEPOOL, fragments back to back. before_open -> opening.
  std::string open();
  /// Bytes of the pool's own stream. opening -> opened with RUNSPACEPOOL_STATE 2; an error makes
  /// the pool broken. A pool that is closed or broken ignores messages. Errors:
  /// - Reason::protocol: those of fragment.hpp, message.hpp and bodies.hpp
  /// - Reason::protocol, psrp.closed: the server closed the pool
  /// - Reason::protocol, psrp.capability: it opened the pool without its SESSION_CAPABILITY
  /// - Reason::cmdlet, psrp.broken: RUNSPACEPOOL_STATE 5, a session configuration that cannot
  ///   start; the server's error text is the peer's
  Status receive(std::string_view bytes);
  /// A message for the pool that came on a pipeline's stream.
  Status receive(const Message& message);

  State state() const { return state_; }
  const Guid& id() const { return options_.id; }
  /// The smaller of both sides' versions; what we offer until the server has spoken.
  ProtocolVersion version() const { return version_; }
  /// The server's own PowerShell version from its private data (`5.1.17763.1`); may be empty.
  const std::string& ps_version() const { return ps_version_; }
  /// The server's protocol version as it said it; empty until then.
  const std::string& server_version() const { return server_version_; }
  /// Answers to host calls of the pool (stream `pr`), to be sent and forgotten. More than
  /// kMostHostResponses at once are Reason::parse, psrp.too_large.
  std::vector<std::string> take_host_responses();
  /// Bytes of messages that are half-way.
  std::size_t held() const { return defragmenter_.held(); }

  // For Pipeline.
  std::uint64_t next_object_id() { return ++object_ids_; }
  const PoolOptions& options() const { return options_; }
  /// An object of the server began, on any stream. A server numbers its objects over the pool and
  /// all pipelines, so a gap tells that some did not come. They need not be ours: a process with
  /// other sessions (IIS may have them) numbers them all together. So a gap is a doubt, no error.
  void saw_object(std::uint64_t id);
  /// Notes a sign of lost messages, as a sentence of ours. The first one stays.
  void doubt(std::string why);
  /// The doubt since the last call. A pipeline that begins calls it to drop what was before.
  std::string take_doubt() { return std::exchange(doubt_, {}); }
  /// Nothing of the pool's own stream is half-way.
  bool idle() const { return defragmenter_.idle(); }
  /// Refuses a host call that waits for an answer: appends a message of this type and PID to
  /// `responses`. The call is read within `limits`.
  Status refuse(const Message& call, const Limits& limits, MessageType answer, const Guid& pid,
                std::vector<std::string>& responses);

 private:
  Status handle(const Message& message);
  Status handle_state(const Message& message);

  PoolOptions options_;
  State state_ = State::before_open;
  Defragmenter defragmenter_;
  std::uint64_t object_ids_ = 0;
  std::optional<std::uint64_t> last_object_;  ///< of the server
  std::string doubt_;
  ProtocolVersion version_ = kOffered;
  std::string ps_version_;
  std::string server_version_;
  std::vector<std::string> host_responses_;
};

}  // namespace sfb::psrp
