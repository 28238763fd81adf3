#include "agent/psrp/message.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace sfb::psrp {

namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

constexpr std::array<std::pair<MessageType, std::string_view>, 31> kNames = {{
    {MessageType::session_capability, "SESSION_CAPABILITY"},
    {MessageType::init_runspacepool, "INIT_RUNSPACEPOOL"},
    {MessageType::public_key, "PUBLIC_KEY"},
    {MessageType::encrypted_session_key, "ENCRYPTED_SESSION_KEY"},
    {MessageType::public_key_request, "PUBLIC_KEY_REQUEST"},
    {MessageType::connect_runspacepool, "CONNECT_RUNSPACEPOOL"},
    {MessageType::set_max_runspaces, "SET_MAX_RUNSPACES"},
    {MessageType::set_min_runspaces, "SET_MIN_RUNSPACES"},
    {MessageType::runspace_availability, "RUNSPACE_AVAILABILITY"},
    {MessageType::runspacepool_state, "RUNSPACEPOOL_STATE"},
    {MessageType::create_pipeline, "CREATE_PIPELINE"},
    {MessageType::get_available_runspaces, "GET_AVAILABLE_RUNSPACES"},
    {MessageType::user_event, "USER_EVENT"},
    {MessageType::application_private_data, "APPLICATION_PRIVATE_DATA"},
    {MessageType::get_command_metadata, "GET_COMMAND_METADATA"},
    {MessageType::runspacepool_init_data, "RUNSPACEPOOL_INIT_DATA"},
    {MessageType::reset_runspace_state, "RESET_RUNSPACE_STATE"},
    {MessageType::runspacepool_host_call, "RUNSPACEPOOL_HOST_CALL"},
    {MessageType::runspacepool_host_response, "RUNSPACEPOOL_HOST_RESPONSE"},
    {MessageType::pipeline_input, "PIPELINE_INPUT"},
    {MessageType::end_of_pipeline_input, "END_OF_PIPELINE_INPUT"},
    {MessageType::pipeline_output, "PIPELINE_OUTPUT"},
    {MessageType::error_record, "ERROR_RECORD"},
    {MessageType::pipeline_state, "PIPELINE_STATE"},
    {MessageType::debug_record, "DEBUG_RECORD"},
    {MessageType::verbose_record, "VERBOSE_RECORD"},
    {MessageType::warning_record, "WARNING_RECORD"},
    {MessageType::progress_record, "PROGRESS_RECORD"},
    {MessageType::information_record, "INFORMATION_RECORD"},
    {MessageType::pipeline_host_call, "PIPELINE_HOST_CALL"},
    {MessageType::pipeline_host_response, "PIPELINE_HOST_RESPONSE"},
}};

void put_little_endian(std::string& out, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) {
    out += static_cast<char>((value >> (8 * i)) & 0xFFU);
  }
}

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) {
    value = (value << 8U) | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

// .NET writes the first three fields of a GUID little endian, the rest as it is.
constexpr std::array<std::size_t, 16> kWireOrder = {3, 2, 1,  0,  5,  4,  7,  6,
                                                    8, 9, 10, 11, 12, 13, 14, 15};

void put_guid(std::string& out, const Guid& guid) {
  for (const std::size_t from : kWireOrder) {
    out += static_cast<char>(guid.bytes.at(from));
  }
}

Guid read_guid(std::string_view bytes) {
  Guid guid;
  for (std::size_t i = 0; i < kWireOrder.size(); ++i) {
    guid.bytes.at(kWireOrder.at(i)) = static_cast<unsigned char>(bytes[i]);
  }
  return guid;
}

// The `>` of the tag that begins at `at`; attributes may hold one. npos when there is none.
std::size_t end_of_tag(std::string_view xml, std::size_t at) {
  char quote = '\0';
  for (; at < xml.size(); ++at) {
    const char c = xml[at];
    if (quote != '\0') {
      quote = c == quote ? '\0' : quote;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return at;
    }
  }
  return std::string_view::npos;
}

// What every SecureString holds is masked, in whatever form: protocol 2.4 sends it
// readable.
std::string mask_secure_strings(std::string_view xml) {
  constexpr std::string_view kTag = "<SS";
  std::string out;
  for (std::size_t at = 0; (at = xml.find(kTag)) != std::string_view::npos;) {
    const std::size_t name_end = at + kTag.size();
    const std::size_t end = end_of_tag(xml, name_end);
    const bool ends = end != std::string_view::npos;
    // A tag that does not end is broken XML: all behind its name is masked.
    const std::size_t content = ends ? end + 1 : name_end;
    const bool secret =
        name_end < xml.size() && std::string_view("> \t\r\n").contains(xml[name_end]);
    const bool empty = ends && xml[end - 1] == '/';
    out += xml.substr(0, content);
    xml.remove_prefix(content);
    if (secret && !empty) {
      const std::size_t size = std::min(xml.find("</SS"), xml.size());
      out += size > 0 ? "***" : "";
      xml.remove_prefix(size);
    }
  }
  out += xml;
  return out;
}

}  // namespace

std::string to_string(MessageType type) {
  const auto found =
      std::ranges::find(kNames, type, &std::pair<MessageType, std::string_view>::first);
  return found != kNames.end() ? std::string(found->second)
                               : fmt::format("0x{:08x}", static_cast<std::uint32_t>(type));
}

std::string encode(const Message& message) {
  std::string out;
  out.reserve(kMessageHeader + message.body.size());
  put_little_endian(out, static_cast<std::uint32_t>(message.destination));
  put_little_endian(out, static_cast<std::uint32_t>(message.type));
  put_guid(out, message.rpid);
  put_guid(out, message.pid);
  out += message.body;
  return out;
}

Result<Message> decode(std::string_view bytes) {
  if (bytes.size() < kMessageHeader) {
    return fail(Reason::protocol, "psrp.message_short",
                fmt::format("a PSRP message has {} bytes, less than its header of {}", bytes.size(),
                            kMessageHeader));
  }
  const std::uint32_t destination = little_endian(bytes);
  if (destination != 1 && destination != 2) {
    return fail(Reason::protocol, "psrp.message_destination",
                fmt::format("a PSRP message is for destination {}, which is neither client nor "
                            "server",
                            destination));
  }
  std::string_view body = bytes.substr(kMessageHeader);
  if (body.starts_with(kBom)) {
    body.remove_prefix(kBom.size());
  }
  return Message{static_cast<Destination>(destination),
                 static_cast<MessageType>(little_endian(bytes.substr(4))),
                 read_guid(bytes.substr(8)), read_guid(bytes.substr(24)), std::string(body)};
}

std::string_view what_is_foreign(const Message& message, const Guid& rpid, const Guid& pid) {
  if (message.destination != Destination::client) {
    return "a message to a server came";
  }
  if (!message.rpid.is_zero() && message.rpid != rpid) {
    return "a message of another session came";
  }
  std::string_view member;  // what a record that is only ignored must have
  switch (message.type) {
    case MessageType::session_capability:
    case MessageType::encrypted_session_key:
    case MessageType::public_key_request:
    case MessageType::runspace_availability:
    case MessageType::runspacepool_state:
    case MessageType::user_event:
    case MessageType::application_private_data:
    case MessageType::runspacepool_init_data:
    case MessageType::runspacepool_host_call:
      return message.pid.is_zero() ? "" : "a message of the session came with a pipeline's id";
    case MessageType::pipeline_output:
    case MessageType::error_record:
    case MessageType::pipeline_state:
    case MessageType::pipeline_host_call:
      break;
    case MessageType::debug_record:
    case MessageType::verbose_record:
    case MessageType::warning_record:
      member = R"(N="InformationalRecord_Message")";
      break;
    case MessageType::progress_record:
      member = R"(N="Activity")";
      break;
    case MessageType::information_record:
      member = R"(N="MessageData")";
      break;
    default:
      return "a message of an unknown type came";
  }
  if (pid.is_zero()) {
    return "a message of a pipeline came to the session";
  }
  if (message.pid != pid) {
    return message.pid.is_zero() ? "a message of a pipeline came without its id"
                                 : "a message of another pipeline came";
  }
  return message.body.contains(member) ? "" : "a record came in a message of another type";
}

std::string show(const Message& message, std::size_t limit) {
  std::string body = mask_secure_strings(message.body);
  if (body.size() > limit) {
    const std::size_t kept = cut_utf8(body, limit).size();
    const std::size_t rest = body.size() - kept;
    body.resize(kept);
    body += fmt::format("... ({} more bytes)", rest);
  }
  return fmt::format("{} rpid={} pid={}{}{}", to_string(message.type), to_string(message.rpid),
                     to_string(message.pid), body.empty() ? "" : "\n", body);
}

}  // namespace sfb::psrp
