// The envelopes a WS-Management shell client sends ([MS-WSMV] 3.1.4, README.md). Pure functions.
#pragma once

#include "agent/base/guid.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::wsman {

/// The safe value for every server; 2008 R2 refuses more.
inline constexpr std::size_t kSmallEnvelope = 153'600;
/// For servers that answered protocol 2.2 or newer.
inline constexpr std::size_t kLargeEnvelope = 512'000;

/// What all requests of one client session share.
struct Session {
  std::string to;                  ///< the URL
  std::string configuration_name;  ///< `Microsoft.PowerShell`: the last part of the resource URI
  Guid session_id;
  std::size_t max_envelope = kSmallEnvelope;  ///< bytes of the largest reply the server may send
};

/// What a request is about.
enum class Action : std::uint8_t { create, receive, command, send, signal, remove };
/// `Create`, `Receive`, ...: for messages.
std::string_view to_string(Action action);

enum class SignalCode : std::uint8_t {
  stop,       ///< `powershell/signal/crtl_c`, misspelled by definition: PIPELINE_STATE follows
  terminate,  ///< frees the command
};

/// One request, ready to be posted.
struct Envelope {
  Action action = Action::create;
  Guid message_id;
  std::string xml;
};

/// `shell` proposes the id, `creation` is the fragments of psrp::RunspacePool::open.
Envelope create(const Session& session, Guid message_id, const Guid& shell,
                std::string_view creation, std::chrono::milliseconds operation_timeout,
                std::chrono::milliseconds idle_timeout);
/// `shell` and `command` are the ids as the server returned them; an empty command is the pool.
Envelope receive(const Session& session, Guid message_id, std::string_view shell,
                 std::string_view command, std::chrono::milliseconds operation_timeout);
/// `command` proposes the id, `fragment` is the first one of CREATE_PIPELINE.
Envelope command(const Session& session, Guid message_id, std::string_view shell,
                 const Guid& command, std::string_view fragment,
                 std::chrono::milliseconds operation_timeout);
/// `stream` is `stdin`, or `pr` for answers to host calls. An empty command is the pool.
Envelope send(const Session& session, Guid message_id, std::string_view shell,
              std::string_view command, std::string_view stream, std::string_view fragments,
              std::chrono::milliseconds operation_timeout);
Envelope signal(const Session& session, Guid message_id, std::string_view shell,
                std::string_view command, SignalCode code,
                std::chrono::milliseconds operation_timeout);
Envelope remove(const Session& session, Guid message_id, std::string_view shell,
                std::chrono::milliseconds operation_timeout);

/// How many bytes a fragment blob may have so that any request stays within `max_envelope`
/// (README.md, "Sizes"); never more than 32747.
std::size_t max_blob(const Session& session);

/// The envelope for `--debug`: base64 of fragments replaced by its size, at most `limit` bytes.
std::string show(std::string_view envelope, std::size_t limit = 16384);

}  // namespace sfb::wsman
