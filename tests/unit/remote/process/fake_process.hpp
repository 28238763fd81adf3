// A scripted PSRP process without a process: takes the client's lines, answers as the engine does
// (agent/psrp/README.md), and notes every rule that the client breaks.
#pragma once

#include "agent/psrp/fragment.hpp"
#include "agent/psrp/message.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::remote::testing {

struct ProcessKnobs {
  std::string version = "2.3";
  bool scripts = true;           ///< false: NoLanguage
  bool host_call = false;        ///< one that waits for an answer, before the output
  bool pool_call = false;        ///< a host call of the pool before it is opened
  bool never_ends = false;       ///< no PIPELINE_STATE until it is stopped
  bool deaf = false;             ///< not even then, and no SignalAck
  bool acks_first = false;       ///< the ack of CREATE_PIPELINE comes behind its output
  std::string broken_pool = {};  ///< RUNSPACEPOOL_STATE 5 with this text instead of 2
  std::string pipeline_state = "4";
  std::vector<std::string> output = {
      R"(<Obj RefId="0"><TN RefId="0"><T>Test.Status</T><T>System.Object</T></TN><Props>)"
      R"(<Obj N="BackupModules" RefId="1"><LST><S>A.B:[FinalState,NormalState]</S></LST></Obj></Props></Obj>)"};
  std::vector<std::string> errors = {};
  bool extras = true;         ///< what the script sends last
  std::string more = {};      ///< entries of that
  std::string another = {};   ///< bodies of output that comes with another PSGuid
  std::uint64_t skipped = 0;  ///< ids of objects that are left out before the state
};

class FakeProcess {
 public:
  /// One line of the client, without its end; what the process writes for it.
  std::string take(std::string_view line);

  ProcessKnobs knobs;
  std::vector<std::string> violations;
  std::vector<std::string> kinds;      ///< of all lines, `Data`, `Command`, ...
  std::vector<std::string> arguments;  ///< `Name=Value ...` of every pipeline
  int scripts = 0;
  int pools = 0;
  int pipelines = 0;
  int refusals = 0;     ///< host responses with an exception
  int open = 0;         ///< pipelines that were not closed
  bool closed = false;  ///< the pool was

 private:
  struct Pipeline {
    psrp::Defragmenter input{psrp::FragmentLimits{}};
    bool created = false;
    bool script = false;
    bool ended = false;
  };
  std::string data(const Guid& id, psrp::MessageType type, const std::string& body);
  std::string session(const std::string& bytes);
  std::string pipeline(const Guid& id, Pipeline& pipeline, const std::string& bytes);
  std::string run(const Guid& id, Pipeline& pipeline, const psrp::Message& message);
  std::string produce(const Guid& id, Pipeline& pipeline);
  void violated(std::string what) { violations.push_back(std::move(what)); }

  Guid rpid_;
  psrp::Defragmenter pool_input_{psrp::FragmentLimits{}};
  std::map<Guid, Pipeline> pipelines_;
  std::uint64_t objects_ = 0;
};

}  // namespace sfb::remote::testing
