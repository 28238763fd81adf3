// The client's side of a runspace pool (MS-PSRP 3.1.5, psrp.md 2 and 8): sans-IO. Bytes of the
// pool's stream come in, bytes to send go out; who carries them is another's affair.
// Thread rule: one owner.
#pragma once

#include "agent/base/guid.hpp"
#include "agent/base/limits.hpp"
#include "agent/psrp/bodies.hpp"
#include "agent/psrp/fragment.hpp"
#include "agent/psrp/message.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
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

  /// SESSION_CAPABILITY and INIT_RUNSPACEPOOL, fragments back to back. before_open -> opening.
  std::string open();
  /// Bytes of the pool's own stream. opening -> opened with RUNSPACEPOOL_STATE 2; an error makes
  /// the pool broken. Reason::protocol: those of fragment.hpp, message.hpp and bodies.hpp;
  /// psrp.closed (the server closed the pool). Reason::cmdlet, code psrp.broken: RUNSPACEPOOL_STATE
  /// 5, the server's error text as peer (a session configuration that cannot start). Messages to a
  /// pool that is closed or broken are ignored.
  Status receive(std::string_view bytes);
  /// A message for the pool that came on a pipeline's stream.
  Status receive(const Message& message);

  /// A reply with bytes of the pool was lost: what comes next must follow what came before, else
  /// psrp.fragment_gap.
  void expect_no_gap() { defragmenter_.expect(largest_object_ + 1); }

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
  /// The largest object id of the server, over the pool and all its pipelines.
  std::uint64_t largest_object() const { return largest_object_; }
  void saw_object(std::uint64_t id) { largest_object_ = std::max(largest_object_, id); }
  /// A host call that waits is answered by a refusal: a message of this type and PID behind
  /// `responses`.
  Status refuse(const Message& call, MessageType answer, const Guid& pid,
                std::vector<std::string>& responses);

 private:
  Status handle(const Message& message);
  Status handle_state(const Message& message);

  PoolOptions options_;
  State state_ = State::before_open;
  Defragmenter defragmenter_;
  std::uint64_t object_ids_ = 0;
  std::uint64_t largest_object_ = 0;
  ProtocolVersion version_ = kOffered;
  std::string ps_version_;
  std::string server_version_;
  std::vector<std::string> host_responses_;
};

}  // namespace sfb::psrp
