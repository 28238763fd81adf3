// One pipeline of a runspace pool, from CREATE_PIPELINE to PIPELINE_STATE: sans-IO.
// Thread rule: one owner, the pool's; the pool outlives its pipelines.
#pragma once

#include "agent/psrp/runspace_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::psrp {

/// The server refused to run a script at all. This is not a script that ran and failed.
bool refuses_scripts(const PipelineResult& result);

class Pipeline {
 public:
  /// How it ended; `running` until then (PIPELINE_STATE 3, 4, 5).
  enum class State : std::uint8_t { running, stopped, completed, failed };

  /// `pool` is opened. `id` is the PID; `max_blob` is what one request of the carrier takes.
  Pipeline(RunspacePool& pool, Guid id, const std::vector<Command>& commands,
           std::size_t max_blob = kMaxBlob);

  const Guid& id() const { return id_; }
  /// CREATE_PIPELINE, to be sent in this order.
  const std::vector<std::string>& fragments() const { return fragments_; }

  /// Bytes of the pipeline's stream. Ignores messages after the last state, those of other
  /// pipelines, and verbose, debug, progress and information records. Keeps the first 1,000
  /// warnings. Errors:
  /// - those of RunspacePool::receive and of clixml
  /// - Reason::protocol, psrp.unfinished: it completed while an object or a fragment was incomplete
  /// - Reason::parse, psrp.too_large: all messages together have more bytes than
  ///   limits.in_flight / 4 and limits.object, or what is kept of them takes more memory than
  ///   most_memory (memory_meter.hpp)
  Status receive(std::string_view bytes);
  /// Bytes of messages taken or half-way.
  std::size_t held() const { return bytes_ + defragmenter_.held(); }

  /// The end of an object, or of a fragment, has not come.
  bool half_way() const { return !defragmenter_.idle(); }

  State state() const { return state_; }
  bool finished() const { return state_ != State::running; }

  /// Answers to host calls (stream `pr`), each a fragment run: a refusal for every call that waits.
  std::vector<std::string> take_host_responses();

  /// What the pipeline gave. The terminating error of a failed or stopped pipeline is the last of
  /// `errors` (state failed). `doubt` tells signs of lost messages: objects that did not come,
  /// messages of another pipeline. To be called once, when finished.
  PipelineResult take_result();

 private:
  Status take(const Message& message);
  Status handle(const Message& message);
  Status add_value(const Message& message, std::vector<Value>& target);
  Status keep(Value value, std::vector<Value>& target);
  Status add_warning(const Message& message);
  Status fits(Status status) const;
  Status too_much_memory() const;
  Limits limits_left() const;
  Status end(const Message& message);
  Status count(std::size_t bytes);

  RunspacePool& pool_;
  Guid id_;
  std::vector<std::string> fragments_;
  Defragmenter defragmenter_;
  State state_ = State::running;
  PipelineResult result_;
  std::size_t bytes_ = 0;  ///< of the messages
  MemoryMeter meter_;      ///< of what is kept of them
  std::vector<std::string> host_responses_;
};

}  // namespace sfb::psrp
