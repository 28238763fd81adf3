#include "tests/simulator/machine.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "tests/simulator/await.hpp"
#include "tests/simulator/fault_codes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sim {

namespace asio = boost::asio;

namespace {

constexpr std::uint32_t kTimedOut = 2150858793;
constexpr std::uint32_t kInvalidSelectors = 2150858843;
constexpr std::uint32_t kAborted = 995;
constexpr std::uint32_t kTooLarge = 2150858825;
constexpr std::uint32_t kMaxCommands = 2150859241;

std::string subcode_of(std::uint32_t code) {
  return code == kBadSchema          ? "SchemaValidationError"
         : code == kInvalidSelectors ? "InvalidSelectors"
         : code == kBadAction        ? "ActionNotSupported"
         : code == kTooLarge         ? "EncodingLimit"
                                     : "InternalError";
}

}  // namespace

Machine::Machine(asio::any_io_executor executor, const Listener& listener, World& world)
    : executor_(std::move(executor)), listener_(listener), world_(world) {}

Answer Machine::ok(const SoapRequest& request, const std::string& body) const {
  Answer answer;
  answer.body = reply_xml(request.message_id, body);
  return answer;
}

Answer Machine::fault(const SoapRequest& request, std::uint32_t code, const std::string& subcode,
                      const std::string& text, const std::string& detail) const {
  Answer answer;
  answer.status = 500;
  answer.body = fault_xml(request.message_id, code, subcode, text, detail);
  return answer;
}

std::string Machine::pool_of(const SoapRequest& request, const ShellPtr& shell) const {
  if (request.action == "Command") {
    const auto* const first = find(request.body(), {"CommandLine", "Arguments"});
    return first == nullptr ? std::string() : pool_in(sfb::base64_decode(first->text).value_or(""));
  }
  return shell ? shell->pool() : std::string();
}

void Machine::check_order(SoapRequest& request, Shell* shell) {
  // Of Windows Server 2008 R2 and of the later ones.
  const bool old = read_version(listener_.server.protocol).value_or(Version{}) < Version{2, 2};
  if (request.bytes > (old ? 153'600U : 512'000U)) {
    request.violates("the request is larger than the server's MaxEnvelopeSize", kTooLarge);
  }
  if (shell == nullptr) {
    return;
  }
  if (request.resource != shell->resource) {
    request.violates("the resource URI is not that of the shell");
  }
  const auto* const session = find(&request.envelope, {"Header", "SessionId"});
  if (session != nullptr && session->text != shell->session) {
    request.violates("the SessionId is not that of the shell's Create");
  }
  // The same request may be repeated, on a new connection.
  if (request.message_id == shell->message && request.action != shell->action) {
    request.violates("the MessageID is that of another request");
  }
  shell->message = request.message_id;
  shell->action = request.action;
  if (request.action == "Command" && !shell->winrs &&
      !(shell->opens() && shell->runspace.output.empty())) {
    request.violates("the pool has not told that it is open");
  }
}

asio::awaitable<Answer> Machine::act(const SoapRequest& request, const Fault* fault_given) {
  const auto refused = std::ranges::find_if(request.violations, &Violation::code);
  if (refused != request.violations.end()) {
    co_return fault(request, refused->code, subcode_of(refused->code),
                    fmt::format("The simulator refuses this: {}.", refused->text));
  }
  if (request.action == "Create") {
    co_return create(request);
  }
  const auto known = shells_.find(request.shell_id);
  if (known == shells_.end()) {
    co_return fault(request, kInvalidSelectors, "InvalidSelectors",
                    "The request for the Windows Remote Shell with this ShellId failed because the "
                    "shell was not found on the server.");
  }
  const ShellPtr shell = known->second;
  shell->last = Clock::now();
  if (request.action == "Receive") {
    co_return co_await receive(request, shell);
  }
  co_return request.action == "Command" ? command(request, shell, fault_given)
  : request.action == "Send"            ? send(request, shell)
  : request.action == "Signal"          ? signal(request, shell)
                                        : remove(request, shell);
}

Answer Machine::command(const SoapRequest& request, const ShellPtr& shell, const Fault* given) {
  const auto* const line = find(request.body(), {"CommandLine"});
  const auto* const first = find(line, {"Arguments"});
  if (++shell->used > shell->runspace.server().max_commands) {
    return fault(request, kMaxCommands, "QuotaLimit",
                 "The maximum number of commands per shell has been exceeded.");
  }
  if (!shell->winrs && !shell->commands.empty()) {
    world_.violation("Command: the one before was not terminated");
  }
  const auto command = std::make_shared<Command>(executor_);
  const std::string id = attribute(line, "CommandId");
  command->pipeline.pid = guid_bytes(id);
  command->id = shell->runspace.server().echo_ids && !id.empty()
                    ? id
                    : fmt::format("0000000C-0000-4000-8000-{:012X}", ++ids_);
  if (shell->commands.contains(command->id)) {
    world_.violation("Command: there is a command of that id");
    forget(*shell, command->id);
  }
  shell->commands[command->id] = command;
  ++world_.commands;
  if (shell->winrs) {
    command->pipeline.output.push_back("simulated output\r\n");
    command->pipeline.ended = true;
  } else if (shell->front) {
    to_engine(*shell, *command, "Command");
    to_engine(*shell, *command, "stdin", sfb::base64_decode(first->text).value_or("-"));
  } else {
    shell->runspace.feed(command->pipeline, "stdin", sfb::base64_decode(first->text).value_or("-"),
                         given);
  }
  return ok(
      request,
      fmt::format("<rsp:CommandResponse><rsp:CommandId>{}</rsp:CommandId></rsp:CommandResponse>",
                  command->id));
}

Answer Machine::send(const SoapRequest& request, const ShellPtr& shell) {
  const auto* const stream = find(request.body(), {"Send", "Stream"});
  const std::string id = attribute(stream, "CommandId");
  const auto command = shell->commands.find(id);
  if (id.empty()) {
    world_.violation("Send: the pool asked for nothing");
  }
  if (command == shell->commands.end()) {
    return fault(request, kInvalidSelectors, "InvalidSelectors", "The command was not found.");
  }
  if (shell->front) {
    to_engine(*shell, *command->second, attribute(stream, "Name"),
              sfb::base64_decode(stream->text).value_or("-"));
  } else if (!shell->winrs) {
    shell->runspace.feed(command->second->pipeline, attribute(stream, "Name"),
                         sfb::base64_decode(stream->text).value_or("-"), nullptr);
  }
  command->second->wake.cancel();
  return ok(request, "<rsp:SendResponse/>");
}

asio::awaitable<Answer> Machine::receive(const SoapRequest& request, ShellPtr shell) {
  const auto* const wanted = find(request.body(), {"Receive", "DesiredStream"});
  const std::string id = attribute(wanted, "CommandId");
  CommandPtr command;
  if (!id.empty()) {
    const auto known = shell->commands.find(id);
    if (known == shell->commands.end()) {
      co_return fault(request, kInvalidSelectors, "InvalidSelectors", "The command was not found.");
    }
    command = known->second;
    if (command->done_sent) {
      co_return fault(request, kInvalidSelectors, "InvalidSelectors", "The command has ended.");
    }
  }
  unsigned& receives = command ? command->receives : shell->receives;
  asio::steady_timer& wake = command ? command->wake : shell->wake;
  const bool& gone = command ? command->gone : shell->gone;
  const unsigned mine = ++receives;
  wake.cancel();
  const auto until = Clock::now() + request.operation_timeout;
  const auto ready = [&] {
    return command ? command->pipeline.ready() : !shell->runspace.output.empty();
  };
  ++shell->busy;
  while (!ready() && Clock::now() < until && mine == receives && !gone) {
    const bool later = command && command->pipeline.ready_at > Clock::now();
    wake.expires_at(later ? std::min(until, command->pipeline.ready_at) : until);
    co_await wake.async_wait(kAwait);
  }
  --shell->busy;
  shell->last = Clock::now();
  if (mine != receives || gone) {
    co_return fault(request, kAborted, "InternalError",
                    "The I/O operation has been aborted because of either a thread exit or an "
                    "application request.");
  }
  if (!ready()) {
    co_return fault(request, kTimedOut, "TimedOut", "The operation timed out.");
  }
  co_return received(request, *shell, command.get());
}

Answer Machine::received(const SoapRequest& request, Shell& shell, Command* command) const {
  std::deque<std::string>& queue =
      command != nullptr ? command->pipeline.output : shell.runspace.output;
  const std::string attribute_text =
      command != nullptr ? fmt::format(R"( CommandId="{}")", command->id) : std::string();
  std::string body;
  // What the client can take, envelope included.
  const std::size_t room = std::max<std::size_t>(request.max_envelope, 8192) - 2048;
  while (!queue.empty()) {
    const std::string stream = fmt::format(R"(<rsp:Stream Name="stdout"{}>{}</rsp:Stream>)",
                                           attribute_text, sfb::base64_encode(queue.front()));
    if (!body.empty() && body.size() + stream.size() > room) {
      break;
    }
    body += stream;
    queue.pop_front();
  }
  if (command != nullptr && command->pipeline.ended && queue.empty() &&
      (shell.runspace.server().done_with_state || body.empty())) {
    command->done_sent = true;
    body += fmt::format(
        R"(<rsp:CommandState CommandId="{}" State="{}/CommandState/Done"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState>)",
        command->id, kShellSpace);
  }
  return ok(request, fmt::format("<rsp:ReceiveResponse>{}</rsp:ReceiveResponse>", body));
}

Answer Machine::signal(const SoapRequest& request, const ShellPtr& shell) {
  const auto* const signal = find(request.body(), {"Signal"});
  const auto* const code = find(signal, {"Code"});
  const auto command = shell->commands.find(attribute(signal, "CommandId"));
  if (command == shell->commands.end()) {
    return fault(request, kInvalidSelectors, "InvalidSelectors", "The command was not found.");
  }
  const std::string text(code == nullptr ? "" : sfb::trim(code->text));
  if (sfb::to_lower(text).ends_with("/signal/terminate")) {
    forget(*shell, command->first);
  } else if (text == "powershell/signal/crtl_c") {
    if (shell->front) {
      to_engine(*shell, *command->second, "Signal");
    } else if (shell->runspace.stop(command->second->pipeline)) {
      command->second->wake.cancel();
    }
  } else {
    // Any other code closes the command at once, without a state.
    forget(*shell, command->first);
  }
  return ok(request, "<rsp:SignalResponse/>");
}

Answer Machine::remove(const SoapRequest& request, const ShellPtr& shell) {
  drop(shell);
  return ok(request, "");
}

void Machine::forget(Shell& shell, const std::string& id) {
  const auto command = shell.commands.find(id);
  if (shell.front) {
    to_engine(shell, *command->second, "Close");
  } else {
    shell.runspace.leave(command->second->pipeline);
  }
  command->second->gone = true;
  command->second->wake.cancel();
  shell.commands.erase(command);
  --world_.commands;
}

void Machine::drop(const ShellPtr& shell) {
  while (!shell->commands.empty()) {
    forget(*shell, std::string(shell->commands.begin()->first));
  }
  if (shell->front) {
    shell->front->engine->close();
  }
  shell->gone = true;
  shell->wake.cancel();
  world_.shells -= shells_.erase(shell->id);
}

void Machine::sweep() {
  const auto now = Clock::now();
  std::vector<ShellPtr> idle;
  for (const auto& [id, shell] : shells_) {
    if (shell->busy == 0 && now - shell->last > shell->idle) {
      idle.push_back(shell);
    }
  }
  std::ranges::for_each(idle, [&](const ShellPtr& shell) { drop(shell); });
}

}  // namespace sim
