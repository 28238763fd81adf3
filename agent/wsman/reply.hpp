// Replies of a WS-Management server, read by namespace and local name. Pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/wsman/fault.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sfb::wsman {

/// The longest id of a server. Longer ids are refused, and so are ids with `& < > "` or anything
/// but visible ASCII: ids come back in our requests, whose size must be known before (max_blob).
inline constexpr std::size_t kMaxIdLength = 128;

struct CreateReply {
  std::string shell_id;  ///< of x:ResourceCreated, else of rsp:Shell; as written
  /// What newer servers tell besides: IdleTimeOut, MaxIdleTimeOut, Owner, ClientIP, ProcessId, ...
  std::vector<std::pair<std::string, std::string>> facts;
};

struct CommandReply {
  std::string command_id;  ///< as written
};

/// One rsp:Stream, decoded.
struct Stream {
  std::string command_id;  ///< empty: the pool's
  std::string bytes;
};

enum class CommandState : std::uint8_t { absent, running, pending, done };

struct ReceiveReply {
  std::vector<Stream> streams;
  CommandState state = CommandState::absent;
  std::string state_command_id;  ///< whose state; empty when it does not say
};

/// SendResponse, SignalResponse, DeleteResponse: nothing in them matters.
struct EmptyReply {};

struct Reply {
  std::string relates_to;  ///< as written; empty without the header
  std::variant<CreateReply, CommandReply, ReceiveReply, EmptyReply, Fault> body;
};

/// Reads a SOAP envelope. Never throws. Errors:
/// - Reason::protocol, wsman.not_soap: no envelope
/// - Reason::protocol, wsman.reply: no known body, no id where one must be, bad base64
/// - those of xml
Result<Reply> read_reply(std::string_view envelope, std::size_t max_bytes);

/// Compares with `message_id`, ignoring case and `uuid:` or `urn:uuid:` before it.
bool relates(std::string_view relates_to, std::string_view message_id);

}  // namespace sfb::wsman
