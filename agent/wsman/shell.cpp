#include "agent/wsman/shell.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <cassert>
#include <utility>

namespace sfb::wsman {

namespace {

// Answers of a web server that came before anything was done: a logon wanted, a wrong path, a
// request too large. What was asked for does not exist then. A 5xx may come after the deed.
bool refused_unread(int status) {
  return status >= 300 && status < 500;
}

bool says_gone(const Meaning& meaning) {
  return meaning.code == "wsman.shell_gone" || meaning.code == "wsman.aborted" ||
         meaning.code == "wsman.host_ended";
}

}  // namespace

Envelope Shell::start(Envelope envelope, bool terminate) {
  assert(!outstanding_.has_value() && "one request at a time");
  reaction_ = Reaction::give_up;
  outstanding_ = {
      .action = envelope.action, .message_id = envelope.message_id, .terminate = terminate};
  return envelope;
}

Envelope Shell::create(const Guid& id, std::string_view creation,
                       std::chrono::milliseconds patience) {
  assert(!created_ && "a lost Create must not become a second shell");
  created_ = true;
  // From here on it may exist, whether an answer comes or not.
  presence_ = Presence::perhaps;
  shell_id_ = to_upper(id);
  return start(wsman::create(options_.session, options_.guids(), id, creation, patience,
                             options_.idle_timeout));
}

Envelope Shell::receive(bool from_command, std::chrono::milliseconds patience) {
  assert(!from_command || (has_command() && !command_done_));
  from_command_ = from_command;
  return start(wsman::receive(options_.session, options_.guids(), shell_id_,
                              from_command ? std::string_view(command_id_) : std::string_view(),
                              patience));
}

Envelope Shell::command(const Guid& id, std::string_view fragment,
                        std::chrono::milliseconds patience) {
  assert(!has_command() && "the last command is ended first");
  command_id_ = to_upper(id);
  command_done_ = false;
  return start(
      wsman::command(options_.session, options_.guids(), shell_id_, id, fragment, patience));
}

Envelope Shell::send(bool to_command, std::string_view stream, std::string_view fragments,
                     std::chrono::milliseconds patience) {
  assert(!to_command || has_command());
  return start(wsman::send(options_.session, options_.guids(), shell_id_,
                           to_command ? std::string_view(command_id_) : std::string_view(), stream,
                           fragments, patience));
}

Envelope Shell::signal(SignalCode code, std::chrono::milliseconds patience) {
  assert(has_command());
  return start(
      wsman::signal(options_.session, options_.guids(), shell_id_, command_id_, code, patience),
      code == SignalCode::terminate);
}

Envelope Shell::remove(std::chrono::milliseconds patience) {
  assert(!gone());
  return start(wsman::remove(options_.session, options_.guids(), shell_id_, patience));
}

void Shell::lost() {
  // The ids stay, and with them the duty to clear away.
  outstanding_.reset();
}

void Shell::unsent() {
  if (outstanding_) {
    not_made(std::exchange(outstanding_, std::nullopt)->action);
  }
}

void Shell::forget_all() {
  presence_ = Presence::absent;
  forget_command();
}

void Shell::forget_command() {
  command_id_.clear();
  command_done_ = false;
}

void Shell::not_made(Action action) {
  if (action == Action::create) {
    forget_all();
  } else if (action == Action::command) {
    forget_command();
  }
}

Result<Shell::Outcome> Shell::reply(const HttpAnswer& answer) {
  reaction_ = Reaction::give_up;
  if (!outstanding_) {
    return fail(Reason::internal, "wsman.no_request", "an answer came without a request");
  }
  const Outstanding request = *std::exchange(outstanding_, std::nullopt);
  out_of_step_ = false;
  if (Status soap = soap_inside(answer); !soap) {
    if (refused_unread(answer.status)) {
      not_made(request.action);
    }
    return std::unexpected(std::move(soap).error());
  }
  auto reply = read_reply(answer.body, options_.max_reply);
  if (!reply) {
    out_of_step_ = true;
    return std::unexpected(std::move(reply).error());
  }
  auto* const fault = std::get_if<Fault>(&reply->body);
  // A fault may come from a server that did not read as far as the MessageID; on a fresh connection
  // it can be nobody else's.
  const bool only_ours = answer.fresh && fault != nullptr && reply->relates_to.empty();
  if (!only_ours && !relates(reply->relates_to, to_string(request.message_id))) {
    out_of_step_ = true;
    return fail(Reason::protocol, "wsman.out_of_step",
                fmt::format("the answer to {} belongs to {}", to_string(request.action),
                            reply->relates_to.empty() ? "no request" : "another request"),
                "a proxy that mixes up connections is the usual cause",
                fault != nullptr ? to_error(*fault).peer : std::string());
  }
  return fault != nullptr ? on_fault(request, *fault) : on_body(request, std::move(*reply));
}

Result<Shell::Outcome> Shell::on_fault(const Outstanding& request, const Fault& fault) {
  const Meaning& meaning = meaning_of(fault);
  if (meaning.reaction == Reaction::repeat) {
    if (request.action == Action::receive) {
      Outcome outcome;
      outcome.timed_out = true;
      return outcome;
    }
    // Create and Command may have been done all the same, so nothing is forgotten or repeated.
    return std::unexpected(to_error(fault));
  }
  switch (request.action) {
    case Action::create:
      // A refused Create left nothing to open again.
      forget_all();
      return std::unexpected(to_error(fault));
    case Action::signal:
    case Action::remove:
      if (says_gone(meaning)) {
        return done(request);
      }
      return std::unexpected(to_error(fault));
    case Action::command:
      forget_command();
      break;
    case Action::receive:
    case Action::send:
      break;
  }
  if (says_gone(meaning)) {
    // Perhaps only the command is: a Delete makes sure, and finds nothing at worst.
    forget_command();
    presence_ = Presence::perhaps;
  }
  reaction_ = meaning.reaction;
  return std::unexpected(to_error(fault));
}

// A Signal or Delete that reached its end.
Shell::Outcome Shell::done(const Outstanding& request) {
  if (request.action == Action::remove) {
    forget_all();
  } else if (request.terminate) {
    forget_command();
  }
  return {};
}

Result<Shell::Outcome> Shell::on_body(const Outstanding& request, Reply reply) {
  Outcome outcome;
  switch (request.action) {
    case Action::create:
      if (auto* created = std::get_if<CreateReply>(&reply.body)) {
        presence_ = Presence::present;
        shell_id_ = created->shell_id;
        outcome.created = std::move(*created);
        return outcome;
      }
      break;
    case Action::command:
      if (auto* made = std::get_if<CommandReply>(&reply.body)) {
        command_id_ = std::move(made->command_id);
        return outcome;
      }
      break;
    case Action::receive:
      if (auto* received = std::get_if<ReceiveReply>(&reply.body)) {
        take(std::move(*received), outcome);
        return outcome;
      }
      break;
    case Action::send:
      if (std::holds_alternative<EmptyReply>(reply.body)) {
        return outcome;
      }
      break;
    case Action::signal:
    case Action::remove:
      if (std::holds_alternative<EmptyReply>(reply.body)) {
        return done(request);
      }
      break;
  }
  return fail(Reason::protocol, "wsman.wrong_reply",
              fmt::format("the answer to {} is that of another action", to_string(request.action)),
              "run `evaluate --debug POOL` to see the server's answer");
}

void Shell::take(ReceiveReply received, Outcome& outcome) {
  // Without an id it belongs to what was asked for.
  const auto ours = [&](const std::string& id) {
    return id.empty() || (from_command_ && iequals(id, command_id_));
  };
  for (Stream& stream : received.streams) {
    if (ours(stream.command_id)) {
      outcome.streams.push_back(std::move(stream));
    } else {
      outcome.foreign = outcome.foreign || !stream.bytes.empty();
    }
  }
  if (from_command_ && ours(received.state_command_id) && received.state == CommandState::done) {
    command_done_ = true;
  }
}

}  // namespace sfb::wsman
