// The simulated PowerShell: a runspace pool and the pipelines that it runs, whatever carries them.
#pragma once

#include "tests/simulator/psrp_read.hpp"
#include "tests/simulator/psrp_wire.hpp"
#include "tests/simulator/world.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace sim {

/// A pipeline, from the carrier's Command to its end.
struct Pipeline {
  using Clock = std::chrono::steady_clock;

  /// The cmdlet has not come to its end.
  bool running() const { return !ended || Clock::now() < ready_at; }
  /// There is something to tell.
  bool ready() const { return Clock::now() >= ready_at && (!output.empty() || ended); }

  GuidBytes pid{};
  std::map<std::string, Assembler> input;  ///< by stream
  std::deque<std::string> output;          ///< fragments, not before `ready_at`
  Clock::time_point starts_at{};           ///< when the runspace is free for it
  Clock::time_point ready_at{};
  bool created = false;  ///< CREATE_PIPELINE has come
  bool ended = false;
  bool waits_for_host = false;
  bool waits_for_input = false;
  CmdletCount counted;  ///< what the cmdlet put out and told
};

/// The PoolFqdn of a pipeline that begins with these fragments and fits into them; else empty.
std::string pool_in(const std::string& bytes);

/// Thread rule: one thread.
class Runspace {
 public:
  /// `listener` and `server` are those it plays, the server as it was when the client came.
  Runspace(World& world, std::string listener, Server server);

  /// Negotiates with the client's SESSION_CAPABILITY and INIT_RUNSPACEPOOL; the answer is in
  /// `output`. `where` is for violations.
  void open(const std::vector<PsrpMessage>& messages, const std::string& where);
  /// Fragments of a client. Streams are `stdin` and `pr`; `fault` is for a pipeline that begins.
  void feed(Pipeline& pipeline, const std::string& stream, const std::string& bytes,
            const Fault* fault);
  /// The stop signal; false: the server is deaf to it, or there is nothing to stop.
  bool stop(Pipeline& pipeline);
  /// The carrier forgets the pipeline.
  void leave(const Pipeline& pipeline);
  /// A message of the pool.
  void say(std::uint32_t type, const std::string& body);

  const Server& server() const { return server_; }
  const GuidBytes& rpid() const { return rpid_; }
  /// It has told that it is open, or is about to.
  bool opens() const { return opens_; }
  /// FQDN of the last run, for faults.
  const std::string& pool() const { return pool_; }

  std::deque<std::string> output;  ///< fragments of the pool

 private:
  using Clock = Pipeline::Clock;

  void take_response(Pipeline& pipeline, const std::string& stream, const std::string& body);
  void take_pipeline(Pipeline& pipeline, const std::string& stream, const std::string& body,
                     const Fault* fault);

  // run.cpp: what the cmdlet does
  void run(Pipeline& pipeline, const PipelineRequest& request, const Fault* fault);
  bool import_module(Pipeline& pipeline, const PipelineRequest::Command& call,
                     const std::string& module);
  void run_cmdlet(Pipeline& pipeline, const PipelineRequest::Command& call, const Fault* fault);
  /// Another cmdlet than the status.
  void run_other(Pipeline& pipeline, const PipelineRequest::Command& call, const std::string& name,
                 const CmdletAnswer& answer);
  void note_call(const PipelineRequest::Command& call);
  /// What the agent's script sends last; `rows` as in extras_xml, `rendered`: the texts that there
  /// are.
  void put_extras(Pipeline& pipeline, const PipelineRequest::Command& call,
                  const std::vector<ModuleRow>* rows, RenderedText rendered);
  void finish(Pipeline& pipeline, int state, const std::string& error = {},
              const std::string& id = {}, const std::string& type = {}, int category = 0);
  void put(Pipeline& pipeline, std::uint32_t type, const std::string& body,
           std::size_t max_blob = 32747);

  World& world_;
  std::string listener_;
  Server server_;
  GuidBytes rpid_{};
  Version protocol_;  ///< the smaller one
  bool opens_ = false;
  std::string imported_;  ///< a module, by Import-Module
  std::uint64_t objects_ = 0;
  Clock::time_point busy_until_{};  ///< by a cmdlet that did not hear its stop
  std::string pool_;
};

}  // namespace sim
