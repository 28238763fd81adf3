// PSRP messages ([MS-PSRP] 2.2.1): the 40-byte header and the body. Pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/guid.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sfb::psrp {

/// Every type of [MS-PSRP] 2.2.1. The wire may carry others: they are kept as numbers and ignored.
enum class MessageType : std::uint32_t {
  session_capability = 0x00010002,
  init_runspacepool = 0x00010004,
  public_key = 0x00010005,
  encrypted_session_key = 0x00010006,
  public_key_request = 0x00010007,
  connect_runspacepool = 0x00010008,
  set_max_runspaces = 0x00021002,
  set_min_runspaces = 0x00021003,
  runspace_availability = 0x00021004,
  runspacepool_state = 0x00021005,
  create_pipeline = 0x00021006,
  get_available_runspaces = 0x00021007,
  user_event = 0x00021008,
  application_private_data = 0x00021009,
  get_command_metadata = 0x0002100A,
  runspacepool_init_data = 0x0002100B,
  reset_runspace_state = 0x0002100C,
  runspacepool_host_call = 0x00021100,
  runspacepool_host_response = 0x00021101,
  pipeline_input = 0x00041002,
  end_of_pipeline_input = 0x00041003,
  pipeline_output = 0x00041004,
  error_record = 0x00041005,
  pipeline_state = 0x00041006,
  debug_record = 0x00041007,
  verbose_record = 0x00041008,
  warning_record = 0x00041009,
  progress_record = 0x00041010,
  information_record = 0x00041011,
  pipeline_host_call = 0x00041100,
  pipeline_host_response = 0x00041101,
};

/// `SESSION_CAPABILITY`; `0x00041234` for an unknown type.
std::string to_string(MessageType type);

enum class Destination : std::uint32_t { client = 1, server = 2 };

struct Message {
  Destination destination = Destination::server;
  MessageType type{};
  Guid rpid;         ///< zero in SESSION_CAPABILITY and ENCRYPTED_SESSION_KEY of servers
  Guid pid;          ///< zero in messages of the pool
  std::string body;  ///< CLIXML, UTF-8 without BOM; empty for `$null`
};

inline constexpr std::size_t kMessageHeader = 40;

/// Header in wire order (GUIDs as .NET writes them), then the body as it is.
std::string encode(const Message& message);

/// Removes a BOM. Reason::protocol:
/// - psrp.message_short
/// - psrp.message_destination: neither 1 nor 2
Result<Message> decode(std::string_view bytes);

/// Why a message may not belong to the stream on which it came, or may have been changed: a
/// sentence of ours, empty when there is no such sign. The stream is that of pipeline `pid` of this
/// pool, or with a zero `pid` the pool's own. The message is read or ignored as its type says all
/// the same.
std::string_view what_is_foreign(const Message& message, const Guid& rpid, const Guid& pid);

/// For `--debug`: type, ids and the CLIXML, with what a SecureString holds masked and at most
/// `limit` bytes.
std::string show(const Message& message, std::size_t limit = 16384);

}  // namespace sfb::psrp
