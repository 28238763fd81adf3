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

// The text of every SecureString is masked: protocol 2.4 sends it readable (psrp.md 8).
std::string mask_secure_strings(std::string_view xml) {
  std::string out;
  while (!xml.empty()) {
    const std::size_t at = xml.find("<SS");
    const std::size_t close = at == std::string_view::npos ? at : xml.find('>', at);
    if (close == std::string_view::npos) {
      // An element cut in its own tag has no text yet.
      out += xml;
      return out;
    }
    const char next = xml[at + 3];
    out += xml.substr(0, close + 1);
    xml.remove_prefix(close + 1);
    if ((next == '>' || next == ' ' || next == '\t' || next == '\n' || next == '\r') &&
        out[out.size() - 2] != '/') {
      const std::size_t end = std::min(xml.find('<'), xml.size());
      out += end > 0 ? "***" : "";
      xml.remove_prefix(end);
    }
  }
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

std::string show(const Message& message, std::size_t limit) {
  std::string body = mask_secure_strings(message.body);
  if (body.size() > limit) {
    std::size_t cut = limit;
    while (cut > 0 && (static_cast<unsigned char>(body[cut]) & 0xC0U) == 0x80U) {
      --cut;
    }
    const std::size_t rest = body.size() - cut;
    body.resize(cut);
    body += fmt::format("... ({} more bytes)", rest);
  }
  return fmt::format("{} rpid={} pid={}{}{}", to_string(message.type), to_string(message.rpid),
                     to_string(message.pid), body.empty() ? "" : "\n", body);
}

}  // namespace sfb::psrp
