// The life of one shell on the server, from Create to Delete: sans-IO. At most one request is
// outstanding; each ends with one call of `reply` or `lost`. The shell remembers what it created
// until the server says that it is gone, even when a reply was lost, so that it can be cleared.
// Thread rule: one owner.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/guid.hpp"
#include "agent/wsman/http_answer.hpp"
#include "agent/wsman/reply.hpp"
#include "agent/wsman/request.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::wsman {

struct ShellOptions {
  Session session;
  GuidSource guids;
  std::size_t max_reply = 2UL << 20U;               ///< limits.envelope
  std::chrono::milliseconds idle_timeout{240'000};  ///< the server clears the shell after it
};

class Shell {
 public:
  explicit Shell(ShellOptions options) : options_(std::move(options)) {}

  /// Nothing was created, or it is gone: there is nothing to delete.
  bool gone() const { return presence_ == Presence::absent; }
  /// A command may exist on the server.
  bool has_command() const { return !command_id_.empty(); }
  bool outstanding() const { return outstanding_.has_value(); }
  /// The command said CommandState Done: a further Receive for it would be a fault.
  bool command_done() const { return command_done_; }
  void set_max_envelope(std::size_t bytes) { options_.session.max_envelope = bytes; }
  std::size_t max_blob() const { return wsman::max_blob(options_.session); }
  /// As the server returned it; what we proposed until then.
  const std::string& id() const { return shell_id_; }
  const Session& session() const { return options_.session; }

  /// The next request. Precondition of all: nothing outstanding. `patience` is the server's
  /// OperationTimeout. Create is made once in a Shell's life, Command once per command; a lost one
  /// is never repeated.
  Envelope create(const Guid& id, std::string_view creation, std::chrono::milliseconds patience);
  Envelope receive(bool from_command, std::chrono::milliseconds patience);
  Envelope command(const Guid& id, std::string_view fragment, std::chrono::milliseconds patience);
  Envelope send(bool to_command, std::string_view stream, std::string_view fragments,
                std::chrono::milliseconds patience);
  Envelope signal(SignalCode code, std::chrono::milliseconds patience);
  Envelope remove(std::chrono::milliseconds patience);

  /// What an answer amounts to.
  struct Outcome {
    std::vector<Stream> streams;  ///< of a Receive; only those of the pool or the command asked for
    bool foreign = false;         ///< there was output of another command in it
    bool timed_out = false;       ///< w:TimedOut: receive again
    CreateReply created;          ///< of a Create
  };
  /// The answer to the outstanding request. `fault_reaction` tells what to do about a fault.
  /// - A fault on Signal or Delete that says the shell or command is gone (2150858843, 995, 1726)
  ///   is success. After any other fault only a Delete makes sure.
  /// - After a fault (except w:TimedOut) or an HTTP status 3xx or 4xx to Create or Command, nothing
  ///   was made and there is nothing to clear.
  ///
  /// Errors:
  /// - those of soap_inside, read_reply and to_error
  /// - Reason::protocol, wsman.out_of_step: RelatesTo is absent or another request's; the
  ///   connection must be closed
  /// - Reason::protocol, wsman.wrong_reply
  Result<Outcome> reply(const HttpAnswer& answer);
  /// The outstanding request has no answer: connection lost, deadline, cancelled.
  void lost();
  /// The outstanding request never left this machine: nothing was made.
  void unsent();
  /// The last answer could not be read or belongs to another request. Then nothing more that comes
  /// on its connection can be trusted. False for an answer without SOAP: HTTP says whose it is.
  bool out_of_step() const { return out_of_step_; }
  /// For the last error of `reply`. give_up when it was no fault, and for Create, Signal and
  /// Delete.
  Reaction fault_reaction() const { return reaction_; }

 private:
  enum class Presence : std::uint8_t { absent, perhaps, present };
  struct Outstanding {
    Action action;
    Guid message_id;
    bool terminate = false;
  };
  Envelope start(Envelope envelope, bool terminate = false);
  Result<Outcome> on_fault(const Outstanding& request, const Fault& fault);
  Result<Outcome> on_body(const Outstanding& request, Reply reply);
  Outcome done(const Outstanding& request);
  void take(ReceiveReply received, Outcome& outcome);
  void not_made(Action action);
  void forget_command();
  void forget_all();

  ShellOptions options_;
  Presence presence_ = Presence::absent;
  std::string shell_id_;
  std::string command_id_;
  bool command_done_ = false;
  bool created_ = false;       // Create was made once
  bool from_command_ = false;  // what the last Receive asked for
  std::optional<Outstanding> outstanding_;
  Reaction reaction_ = Reaction::give_up;
  bool out_of_step_ = false;
};

}  // namespace sfb::wsman
