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

/// A line of a stream that is neither output, error nor warning.
struct Record {
  enum class Kind : std::uint8_t { verbose, debug, progress, information };
  Kind kind = Kind::verbose;
  std::string text;
};
std::string_view to_string(Record::Kind kind);

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

  /// Bytes of the pipeline's stream. Errors as RunspacePool::receive, and clixml's. Messages behind
  /// the last state are ignored. All output together is capped by limits.in_flight / 4, at least
  /// limits.object (Reason::parse, psrp.too_large); warnings and records are kept up to 1,000 each,
  /// the rest is counted.
  Status receive(std::string_view bytes);
  /// A reply with bytes of this pipeline was lost: what comes next must follow what came before,
  /// else psrp.fragment_gap; a lost object would make a half answer look whole.
  void expect_no_gap() { defragmenter_.expect(pool_.largest_object() + 1); }
  /// Bytes of messages kept or half-way.
  std::size_t held() const { return bytes_ + defragmenter_.held(); }

  State state() const { return state_; }
  bool finished() const { return state_ != State::running; }

  /// Answers to host calls (stream `pr`), each a fragment run: a refusal for every call that waits.
  std::vector<std::string> take_host_responses();
  /// Host calls seen, those without answer included.
  const std::vector<HostCall>& host_calls() const { return host_calls_; }
  const std::vector<Record>& records() const { return records_; }
  std::size_t dropped_records() const { return dropped_records_; }

  /// The streams; a failed or stopped pipeline's terminating error is the last of `errors`
  /// (state failed). Once, when finished.
  PipelineResult take_result();

 private:
  Status handle(const Message& message);
  Status add_value(const Message& message, std::vector<Value>& target);
  Status add_host_call(const Message& message);
  Status end(const Message& message);
  Status add_record(Record::Kind kind, const Message& message);
  Status count(std::size_t bytes);
  void observe(const Message& message) const;

  RunspacePool& pool_;
  Guid id_;
  std::vector<std::string> fragments_;
  Defragmenter defragmenter_;
  State state_ = State::running;
  PipelineResult result_;
  std::size_t bytes_ = 0;
  std::vector<HostCall> host_calls_;
  std::vector<std::string> host_responses_;
  std::vector<Record> records_;
  std::size_t dropped_records_ = 0;
};

}  // namespace sfb::psrp
