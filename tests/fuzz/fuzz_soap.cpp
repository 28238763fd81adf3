// Any bytes as the answer to each request of a shell: no crash, and whatever a server names, our
// next request keeps its size. The ids of messages are fixed, so that seeds can relate to them.
#include "agent/wsman/http_answer.hpp"
#include "agent/wsman/shell.hpp"
#include "tests/fuzz/require.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

using sfb::fuzz::require;

namespace {

using sfb::wsman::Action;
using sfb::wsman::Shell;

constexpr std::size_t kMaxReply = 1UL << 17U;
constexpr std::chrono::milliseconds kPatience{1000};
constexpr std::string_view kSoapType = "application/soap+xml";

sfb::Guid fixed() {
  sfb::Guid id;
  id.bytes.fill(0xAB);
  return id;
}

std::string prepared(std::string_view body) {
  std::string reply =
      "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' "
      "xmlns:a='http://schemas.xmlsoap.org/ws/2004/08/addressing' "
      "xmlns:r='http://schemas.microsoft.com/wbem/wsman/1/windows/shell'><s:Header><a:RelatesTo>"
      "abababab-abab-abab-abab-abababababab</a:RelatesTo></s:Header><s:Body>";
  reply += body;
  return reply + "</s:Body></s:Envelope>";
}

void pass(Shell& shell, std::string_view body) {
  const std::string reply = prepared(body);
  require(shell.reply({.status = 200, .content_type = kSoapType, .body = reply, .challenges = {}})
              .has_value());
}

// The next request, with all that must have come before it.
void ask(Shell& shell, Action action) {
  if (action == Action::create) {
    shell.create(fixed(), "c", kPatience);
    return;
  }
  shell.create(fixed(), "c", kPatience);
  pass(shell, "<r:Shell ShellId='S'/>");
  if (action == Action::remove) {
    shell.remove(kPatience);
    return;
  }
  shell.command(fixed(), "f", kPatience);
  if (action == Action::command) {
    return;
  }
  pass(shell, "<r:CommandResponse><r:CommandId>C</r:CommandId></r:CommandResponse>");
  if (action == Action::receive) {
    shell.receive(true, kPatience);
  } else if (action == Action::send) {
    shell.send(true, "stdin", "f", kPatience);
  } else {
    shell.signal(sfb::wsman::SignalCode::terminate, kPatience);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  require(sfb::wsman::show(bytes, 1000).size() <= 1000);
  for (const int status : {200, 401, 404, 500}) {
    for (const std::string_view type : {std::string_view(), std::string_view("text/html"), bytes}) {
      const auto soap = sfb::wsman::soap_inside(
          {.status = status, .content_type = type, .body = bytes, .challenges = {bytes}});
      require(soap.has_value() || (!soap.error().code.empty() && soap.error().peer.size() <= 2000));
    }
  }
  if (!sfb::wsman::read_reply(bytes, kMaxReply)) {
    return 0;  // no request would take it
  }
  for (const Action action : {Action::create, Action::receive, Action::command, Action::send,
                              Action::signal, Action::remove}) {
    Shell shell({.session = {.to = "http://h/wsman",
                             .configuration_name = "C",
                             .session_id = fixed(),
                             .max_envelope = 8192},
                 .guids = fixed,
                 .max_reply = kMaxReply});
    ask(shell, action);
    const auto outcome =
        shell.reply({.status = 200, .content_type = kSoapType, .body = bytes, .challenges = {}});
    require(!shell.outstanding());
    require(!shell.gone() || !shell.has_command());
    require(outcome.has_value() || !outcome.error().code.empty());
    if (!shell.gone()) {
      const std::string fragment(21 + shell.max_blob(), 'x');
      require(shell.send(shell.has_command(), "stdin", fragment, kPatience).xml.size() <= 8192);
    }
  }
  return 0;
}
