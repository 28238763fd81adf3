// What a process does that speaks PSRP on its own stdin and stdout (`pwsh -s`): the protocol alone,
// no streams.
#pragma once

#include "tests/simulator/packets.hpp"
#include "tests/simulator/runspace.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sim {

/// Thread rule: one thread.
class Process {
 public:
  using Clock = Pipeline::Clock;

  /// What a packet brings about.
  struct Answer {
    std::vector<std::string> lines;  ///< packets, in their order
    std::string fatal;               ///< the process ends, and says this
  };

  Process(World& world, const Listener& listener) : world_(world), listener_(listener) {}

  /// `fault`: of the pipeline that begins with this packet.
  Answer take(const Packet& packet, const std::optional<Fault>& fault);
  /// What pipelines have to tell by now.
  std::vector<std::string> due();
  /// When there is more to tell; nothing: not before the client says something.
  std::optional<Clock::time_point> next() const;
  /// stdin has ended: all is stopped and the pool closed.
  std::vector<std::string> end();
  /// Until when a cmdlet keeps the process, which is deaf to its stop.
  Clock::time_point busy_until() const;

  /// What a fault may call this packet: Open, Data, Command, Signal, Close, ClosePool.
  std::string action_of(const Packet& packet) const;
  /// FQDN: of the pipeline that this packet begins, else of the last run.
  std::string pool_of(const Packet& packet) const;
  /// The packet begins a pipeline.
  bool begins(const Packet& packet) const;
  /// A pool is open, or opening.
  bool has_pool() const { return runspace_.has_value(); }
  std::size_t commands() const { return commands_.size(); }

 private:
  struct Command {
    Pipeline pipeline;
    bool began = false;  ///< the first fragments of CREATE_PIPELINE have come
    std::optional<Fault> fault;
    bool signalled = false;  ///< a Signal waits for its ack
  };

  void open(const Packet& packet, Answer& answer);
  void data(const Packet& packet, const std::optional<Fault>& fault, Answer& answer);
  void command(const Packet& packet, Answer& answer);
  void signal(const Packet& packet, Answer& answer);
  void close(const Packet& packet, Answer& answer);
  void close_pool(std::vector<std::string>& lines);
  /// The pool's own messages.
  void tell(std::vector<std::string>& lines);

  World& world_;
  const Listener& listener_;
  std::optional<Runspace> runspace_;
  Assembler input_;  ///< of the session
  std::vector<PsrpMessage> opening_;
  std::map<std::string, Command> commands_;  ///< by PSGuid
  std::map<std::string, bool> closed_;       ///< of this pool, by PSGuid
  bool closing_ = false;                     ///< the pool's Close waits for those of its commands
};

}  // namespace sim
