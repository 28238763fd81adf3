// One session with a server over the stdin and stdout of a child process: a runspace pool, and
// pipelines one after the other (agent/psrp/README.md, "Out of process"). Sans-IO: it says what to
// write and is told what came, so that every step and every failure is tested without a process.
// Thread rule: one owner.
#pragma once

#include "agent/base/guid.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/time.hpp"
#include "agent/psrp/outofproc.hpp"
#include "agent/psrp/pipeline.hpp"
#include "agent/remote/session/asking.hpp"
#include "agent/remote/session/observer.hpp"
#include "agent/value/pipeline.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace sfb::remote {

struct ProcessSessionOptions {
  Language language = Language::automatic;
  std::string import_module;  ///< empty: none. Once per session, where scripts are allowed
  Limits limits;
  std::chrono::milliseconds stop_patience{2'000};  ///< for a stopped pipeline to say so
  GuidSource guids = random_guid;
  Observer* observer = nullptr;  ///< outlives the session
};

class ProcessSession {
 public:
  explicit ProcessSession(ProcessSessionOptions options);
  // The pipeline refers to the pool, the pool's observer to this object.
  ProcessSession(const ProcessSession&) = delete;
  ProcessSession& operator=(const ProcessSession&) = delete;
  ~ProcessSession() = default;

  // What should be done next?

  /// A new process is needed; the one before, if any, is to be ended. Then `started`, or `died`.
  struct Start {};
  /// `line` is to be written, unless it is empty; then wait for output, at most until `until`.
  struct Wait {
    Stage stage = Stage::open;  ///< open or query
    std::string line;
    MonoTime until{};  ///< for both
  };
  /// The run is over; a good result has its extras kept apart (PipelineResult::extras).
  struct Finished {
    Result<PipelineResult> result;
  };
  /// `clear`, `close`: nothing more is to be said to the process.
  struct Cleared {};
  using Next = std::variant<Start, Wait, Finished, Cleared>;

  /// Opens what is not open, then runs the call. All waits of the run end by `deadline`, but the
  /// last: an answer that is there is not lost, whatever becomes of its Close. Opening ends
  /// by open_cap after its beginning, too. Precondition: no run under way.
  /// Errors: those of psrp; timeout `ssh.timeout`; those of Asking; what `died` and `failed` were
  /// given.
  Next run(const Call& call, MonoTime now, MonoTime deadline, std::chrono::nanoseconds open_cap);
  /// The process runs.
  Next started();
  /// Output came.
  Next received(std::string_view bytes, MonoTime now);
  /// The Wait's time is over.
  Next timed_out(MonoTime now);
  /// The process ended, cannot be written to or cannot be started: nothing more comes. One that
  /// served an earlier run and has not taken this run's command is replaced, once a run.
  Next died(Error error, MonoTime now);
  /// Something else went wrong; the process must not be used again.
  Next failed(Error error);

  /// After a run that left a pipeline behind: Signal (behind the acknowledgement of the last line),
  /// wait until the pipeline says so or stop_patience is over, Close. What cannot be cleared makes
  /// the session unusable, and so does a pipeline that did not hear the stop: it keeps the runspace
  /// busy.
  Next clear(MonoTime now);
  /// `clear`, then Close of the pool. Cleared in the end, whatever became of it.
  Next close(MonoTime now);

  /// Bytes of answers that the run keeps.
  std::size_t held() const;
  /// What the server wrote as error lines between the packets; untrusted.
  std::string_view error_lines() const;

  /// A pool may be open in the process.
  bool holds_pool() const {
    return !dead_ && pool_ && pool_->state() == psrp::RunspacePool::State::opened;
  }
  /// The last run left something to `clear`.
  bool needs_clearing() const { return pipeline_ != nullptr && !dead_; }
  /// Open and clean: the next run needs no process.
  bool reusable() const;
  /// Pipelines run in this session.
  std::size_t pipelines() const { return pipelines_; }
  /// When the session was opened.
  std::optional<MonoTime> opened() const { return opened_; }

 private:
  enum class Step : std::uint8_t {
    idle,
    start,    ///< a process is being started
    open,     ///< until the pool is opened
    command,  ///< until Command is acknowledged
    run,      ///< until the pipeline ends
    end,      ///< Close of a pipeline that ended
    stop,     ///< clear: Signal
    abort,    ///< clear: Close
    remove,   ///< close: Close of the pool
  };

  Next start(MonoTime now);
  bool may_replace(MonoTime now) const;
  Next replace(MonoTime now);
  Next proceed(MonoTime now);
  Next proceed_clearing(MonoTime now);
  Next wait();
  Next begin_pipeline();
  Next conclude(MonoTime now);
  Next abort(MonoTime now);
  Next cleared(MonoTime now);
  Next end(Result<PipelineResult> result);
  Next misspoke(Error error, MonoTime now);
  Next give_up(Error error);
  Status take(const psrp::Packet& packet);
  void send(const Guid& id, std::string fragments, bool response = false);
  bool clearing() const { return step_ >= Step::stop; }
  Stage stage() const { return step_ <= Step::open ? Stage::open : Stage::query; }
  bool watched() const { return options_.observer != nullptr && options_.observer->wants_wire(); }
  void show_sent(std::string_view fragments) const;
  void tell_open() const;

  ProcessSessionOptions options_;
  Asking asking_;
  std::unique_ptr<psrp::Outofproc> carrier_;
  std::unique_ptr<psrp::RunspacePool> pool_;
  std::unique_ptr<psrp::Pipeline> pipeline_;
  Step step_ = Step::idle;
  bool dead_ = true;      ///< there is no process
  bool spoiled_ = false;  ///< the process must not serve another run
  bool kept_ = false;     ///< it served an earlier run
  bool replaced_ = false;
  std::size_t pipelines_ = 0;
  std::optional<MonoTime> opened_;
  bool closing_ = false;

  // The present run.
  MonoTime deadline_{};
  std::chrono::nanoseconds open_cap_{};
  MonoTime until_{};  ///< of the present step
};

}  // namespace sfb::remote
