// Create: a shell and its runspace pool.
#include "agent/base/base64.hpp"
#include "tests/simulator/fault_codes.hpp"
#include "tests/simulator/machine.hpp"

#include <fmt/format.h>

namespace sim {

namespace {

constexpr std::uint32_t kMaxShells = 2150859173;
constexpr std::uint32_t kStartFailed = 2152992672;

// The two messages of creationXml; none: it holds something else.
std::vector<PsrpMessage> opening_of(const sfb::xml::Element* creation) {
  Assembler input;
  std::vector<PsrpMessage> messages;
  if (creation == nullptr ||
      !input.feed(sfb::base64_decode(creation->text).value_or("-"), messages) ||
      messages.size() != 2 || messages[0].type != kSessionCapability ||
      messages[1].type != kInitRunspacePool) {
    return {};
  }
  return messages;
}

}  // namespace

bool Machine::open_pool(const SoapRequest& request, Shell& shell) {
  const auto* const proposed = find(request.body(), {"Shell"});
  const std::vector<PsrpMessage> messages = opening_of(find(proposed, {"creationXml"}));
  if (messages.empty()) {
    world_.violation("Create: creationXml is not SESSION_CAPABILITY and INIT_RUNSPACEPOOL");
    return false;
  }
  if (guid_text(messages[0].rpid) != attribute(proposed, "ShellId")) {
    world_.violation("Create: the ShellId is not the RPID");
  }
  shell.runspace.open(messages, "Create");
  return true;
}

Answer Machine::create(const SoapRequest& request) {
  if (shells_.size() >= listener_.server.max_shells) {
    return fault(request, kMaxShells, "QuotaLimit",
                 "The maximum number of concurrent shells for this user has been exceeded.");
  }
  const auto* const proposed = find(request.body(), {"Shell"});
  const auto shell =
      std::make_shared<Shell>(executor_, Runspace(world_, listener_.name, listener_.server));
  const Server& server = shell->runspace.server();
  shell->resource = request.resource;
  shell->message = request.message_id;
  shell->action = request.action;
  if (const auto* const session = find(&request.envelope, {"Header", "SessionId"})) {
    shell->session = session->text;
  }
  shell->winrs = request.winrs();
  shell->last = Clock::now();
  const auto* const wish = find(proposed, {"IdleTimeOut"});
  shell->idle = server.idle_timeout.count() > 0 ? server.idle_timeout
                : wish != nullptr ? read_duration(wish->text).value_or(Millis(7'200'000))
                                  : Millis(7'200'000);
  const std::string id = attribute(proposed, "ShellId");
  shell->id =
      server.echo_ids && !id.empty() ? id : fmt::format("0000000A-0000-4000-8000-{:012X}", ++ids_);
  if (!shell->winrs && !server.engine.empty()) {
    if (const auto error = start_engine(request, shell)) {
      return fault(request, kStartFailed, "InternalError", *error, "provider");
    }
  } else if (!shell->winrs && !open_pool(request, *shell)) {
    return fault(request, kBadSchema, "SchemaValidationError", "creationXml is invalid.");
  }
  if (shells_.contains(shell->id)) {
    world_.violation("Create: there is a shell of that id");
    drop(shells_[shell->id]);
  }
  shells_[shell->id] = shell;
  ++world_.shells;
  return ok(
      request,
      fmt::format(
          R"(<x:ResourceCreated><a:Address>http://simulator/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>{}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated><rsp:Shell><rsp:ShellId>{}</rsp:ShellId><rsp:Owner>simulator</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP><rsp:ProcessId>4711</rsp:ProcessId><rsp:IdleTimeOut>PT{}.{:03}S</rsp:IdleTimeOut></rsp:Shell>)",
          request.resource, shell->id, shell->id, shell->idle.count() / 1000,
          shell->idle.count() % 1000));
}

}  // namespace sim
