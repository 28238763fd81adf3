// A scripted WS-Management and PSRP peer without a network: reads the client's envelopes, keeps
// shells and commands as a server does, and notes every rule that the client breaks.
#pragma once

#include "agent/http/reply_reader.hpp"
#include "agent/psrp/fragment.hpp"
#include "agent/psrp/message.hpp"
#include "agent/xml/reader.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::remote::testing {

/// What the peer is like.
struct FakeKnobs {
  std::string version = "2.3";
  std::string ps_version = "5.1.17763.1";
  bool scripts = true;        ///< false: NoLanguage
  bool extras = true;         ///< what the script sends last
  std::uint64_t skipped = 0;  ///< ids of objects that are left out before the state
  std::string refusal = "The syntax is not supported by this runspace.";
  bool echo_ids = true;         ///< false: ids of its own, as WinRM 2.0
  bool host_call = false;       ///< one that waits for an answer, before the output
  bool pool_call = false;       ///< a host call of the pool among the pipeline's messages
  bool opening_call = false;    ///< one that the pool waits for before it is opened
  bool call_at_end = false;     ///< one of a pipeline that ends without the answer
  bool done_with_state = true;  ///< CommandState Done together with PIPELINE_STATE, else later
  bool never_ends = false;      ///< no PIPELINE_STATE until it is stopped
  bool loses_end = false;       ///< the last byte of each output object
  bool deaf = false;            ///< not even then, and the runspace stays busy for ever
  bool no_state = false;        ///< Done without PIPELINE_STATE
  bool module_fails = false;    ///< the script's Import-Module
  std::string module_error = "System.IO.FileNotFoundException";
  std::size_t cut = 0;       ///< 0: whole; else a reply carries at most so many bytes
  bool quiet_first = false;  ///< w:TimedOut before every answer to a Receive
  std::string pipeline_state = "4";
  /// Bodies of PIPELINE_OUTPUT, ERROR_RECORD and WARNING_RECORD messages to send.
  std::vector<std::string> output = {
      R"(<Obj RefId="0"><TN RefId="0"><T>Test.Status</T><T>System.Object</T></TN><Props>)"
      R"(<Obj N="BackupModules" RefId="1"><LST><S>A.B:[FinalState,NormalState]</S></LST></Obj></Props></Obj>)"};
  std::vector<std::string> errors = {};
  std::vector<std::string> warnings = {};
  std::string broken_pool = {};  ///< RUNSPACEPOOL_STATE 5 with this text instead of 2
};

/// An ErrorRecord as a member called `name`.
std::string record(std::string_view message, std::string_view id, std::string_view type,
                   std::string_view name);

/// What the script sends last when these bodies were put out, with more entries behind its own.
std::string extras(const std::vector<std::string>& output, std::string_view more = {});

class FakeServer {
 public:
  /// One request, one answer.
  http::HttpReply answer(std::string_view envelope);

  std::size_t shells() const { return shells_.size(); }
  std::size_t commands() const;
  /// The server forgets every shell, as after a restart.
  void restart() { shells_.clear(); }
  /// So many requests of this action (`Command`) are answered with this fault instead; the subcode
  /// may be empty.
  void fault_next(std::string action, std::uint32_t code, std::string subcode = {}, int times = 1);

  FakeKnobs knobs;
  bool replies_get_lost = false;  ///< then the client cannot know that Done was said
  std::vector<std::string> violations;
  std::vector<std::string> scripts;    ///< texts of scripts run
  std::vector<std::string> arguments;  ///< `Name=Value ...` of every pipeline
  std::vector<std::string> sizes;      ///< `Action MaxEnvelopeSize` of every request
  int creates = 0;
  int pipelines = 0;
  int refusals = 0;      ///< host responses with an exception
  int pool_answers = 0;  ///< Sends to the pool

 private:
  struct Fault {
    std::uint32_t code = 0;
    std::string subcode;
    int times = 0;
  };
  struct Command {
    std::string proposed;
    psrp::Defragmenter input{psrp::FragmentLimits{}};    ///< stream `stdin`
    psrp::Defragmenter answers{psrp::FragmentLimits{}};  ///< stream `pr`
    std::deque<std::string> output;                      ///< fragments to be fetched
    bool script = false;
    bool ended = false;  ///< the last state is in `output`
    bool done_sent = false;
  };
  struct Shell {
    Guid rpid;
    std::deque<std::string> output;
    std::map<std::string, Command> commands;
    std::uint64_t objects = 0;
    bool quiet = false;  ///< the last Receive was answered w:TimedOut
    bool busy = false;   ///< with a pipeline that was terminated and goes on
  };

  http::HttpReply create(const xml::Element& header, const xml::Element& body,
                         const std::string& message);
  http::HttpReply command(Shell& shell, const xml::Element& body, const std::string& message);
  http::HttpReply send(Shell& shell, const xml::Element& body, const std::string& message);
  http::HttpReply receive(Shell& shell, const xml::Element& body, const std::string& message);
  http::HttpReply signal(Shell& shell, const xml::Element& body, const std::string& message);
  void answer_pool(Shell& shell, const std::string& stream, const std::string& bytes);
  void feed(Shell& shell, Command& command, const std::string& stream, const std::string& bytes);
  void run(Shell& shell, Command& command, const psrp::Message& message);
  void produce(Shell& shell, Command& command);
  void finish(Shell& shell, Command& command, const std::string& state, const std::string& error);
  void put(Shell& shell, std::deque<std::string>& queue, psrp::MessageType type, const Guid& pid,
           const std::string& body);
  static void put_raw(std::deque<std::string>& queue, const std::string& fragment, std::size_t cut);
  void violated(std::string what) { violations.push_back(std::move(what)); }

  std::map<std::string, Shell> shells_;
  std::map<std::string, Fault> faults_;
  int own_ids_ = 0;
};

}  // namespace sfb::remote::testing
