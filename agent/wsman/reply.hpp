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

/// Longer ids of a server, and such with other characters than visible ASCII without `& < > "`, are
/// refused: they come back in our requests, whose size must be known beforehand (max_blob).
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

/// Reads a SOAP envelope. Reason::protocol; codes wsman.not_soap (no envelope), wsman.reply (no
/// known body, no id where one must be, bad base64) and those of xml. Never throws.
Result<Reply> read_reply(std::string_view envelope, std::size_t max_bytes);

/// `message_id` without regard to case and `uuid:` or `urn:uuid:` before it.
bool relates(std::string_view relates_to, std::string_view message_id);

}  // namespace sfb::wsman
