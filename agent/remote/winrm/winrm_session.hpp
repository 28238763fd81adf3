// One session with a server over WS-Management: a shell, its runspace pool, and pipelines one after
// the other. Sans-IO: it says what to post next and is told what came back, so that every step and
// every failure is tested without a network. Thread rule: one owner.
#pragma once

#include "agent/base/guid.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/time.hpp"
#include "agent/http/client_connection.hpp"
#include "agent/psrp/pipeline.hpp"
#include "agent/remote/session/asking.hpp"
#include "agent/remote/session/observer.hpp"
#include "agent/remote/winrm/session_watch.hpp"
#include "agent/value/pipeline.hpp"
#include "agent/wsman/shell.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sfb::remote {

struct WinrmSessionOptions {
  Url url;
  bool elsewhere = false;  ///< there are other front ends
  bool seals = false;      ///< messages are sealed over http
  std::string configuration_name = "Microsoft.PowerShell";
  Language language = Language::automatic;
  std::string import_module;  ///< empty: none. Once per session, where scripts are allowed
  Limits limits;
  std::chrono::milliseconds patience{20'000};       ///< OperationTimeout of a Receive, at most
  std::chrono::milliseconds idle_timeout{240'000};  ///< the server clears the shell after it
  std::chrono::milliseconds stop_patience{2'000};   ///< for a stopped pipeline to say so
  GuidSource guids = random_guid;
  Observer* observer = nullptr;  ///< outlives the session
};

class WinrmSession {
 public:
  explicit WinrmSession(WinrmSessionOptions options);
  // The pipeline refers to the pool, the pool's observer to this object.
  WinrmSession(const WinrmSession&) = delete;
  WinrmSession& operator=(const WinrmSession&) = delete;
  ~WinrmSession() = default;

  /// What should be done next?
  struct Post {
    Stage stage = Stage::open;  ///< open or query
    wsman::Action action = wsman::Action::create;
    std::string body;  ///< the envelope
    /// The server answers within this (its OperationTimeout); wait a little longer.
    std::chrono::milliseconds patience{};
    /// The PSRP messages that begin in `body`, decoded and masked, in order: to be shown when the
    /// request goes out. Empty unless the observer wants_wire().
    std::vector<std::string> messages = {};
  };
  /// The run is over; a good result has its extras kept apart (PipelineResult::extras).
  struct Finished {
    Result<PipelineResult> result;
  };
  /// `clear`, `close`: nothing more can be done.
  struct Cleared {};
  using Next = std::variant<Post, Finished, Cleared>;

  /// Opens what is not open, then runs the call. A session of an earlier run whose Command is
  /// refused, because the shell is gone or used up, is replaced once. A shell that ends later costs
  /// the run: process `winrm.exited`. `deadline` shortens the patience of the last
  /// Receive, so that a pipeline that outlives it can be stopped over the same connection.
  /// Precondition: no run under way, not closing.
  Next run(const Call& call, MonoTime now, MonoTime deadline);
  /// The answer to the Post; `fresh`: the first one on its connection.
  Next answer(const http::HttpReply& reply, MonoTime now, bool fresh = false);
  /// The Post has no answer (connection lost, time out, authentication). A Receive or Terminate
  /// whose connection was lost is posted again, at most kReposts times a run; Create, Command and
  /// Send never. A session of an earlier run whose front end cannot be reached for its Command is
  /// left there, and a new one is opened, where there are other front ends.
  Next failed(Error error, MonoTime now);

  /// The Create that is outstanding goes to another front end: it is made anew.
  Next move_to(Url url, MonoTime now) {
    options_.url = std::move(url);
    return begin_open(now);
  }
  /// The front end of its shell.
  const Url& url() const { return options_.url; }

  /// After a run that ended without PIPELINE_STATE (or was cancelled in mid-air: `failed` first if
  /// a Post is outstanding): crtl_c, Receive until the pipeline says so or stop_patience is over,
  /// Terminate; then Cleared. What cannot be cleared makes the session unusable, and so does a
  /// pipeline that did not hear the stop: it keeps the runspace busy.
  Next clear(MonoTime now);
  /// `clear`, then Delete. Cleared in the end, whatever became of it.
  Next close(MonoTime now);

  /// Bytes of answers that the run keeps.
  std::size_t held() const {
    return (pipeline_ ? pipeline_->held() : 0) + (pool_ ? pool_->held() : 0);
  }
  /// The last answer was a Receive's and brought something.
  bool brought() const { return brought_; }
  /// The last answer did not fit its request: what else comes on that connection means nothing.
  bool out_of_step() const { return shell_ && shell_->out_of_step(); }

  /// A shell may exist on the server.
  bool holds_shell() const { return shell_ && !shell_->gone(); }
  /// Its ShellId: what the server gave, or what we propose until then. Precondition: holds_shell.
  const std::string& shell_id() const { return shell_->id(); }
  /// The SessionId of its requests. Precondition: holds_shell.
  const Guid& session_id() const { return shell_->session().session_id; }
  /// The last run left something to `clear`.
  bool needs_clearing() const { return holds_shell() && shell_->has_command(); }
  /// Open and clean: the next run needs no Create.
  bool reusable() const {
    return holds_shell() && pool_->state() == psrp::RunspacePool::State::opened && !spoiled_ &&
           !shell_->has_command() && !shell_->outstanding();
  }
  /// Pipelines run in this shell.
  std::size_t pipelines() const { return pipelines_; }
  /// When the shell was opened.
  std::optional<MonoTime> opened() const { return opened_; }

  static constexpr int kReposts = 3;

 private:
  /// What the outstanding Post is for.
  enum class Step : std::uint8_t {
    idle,
    create,
    open,       ///< Receive of the pool until it is opened
    pool_send,  ///< answer to a host call of the pool
    command,
    fragment,  ///< Send of a further fragment of CREATE_PIPELINE
    receive,
    respond,    ///< answer to a host call of the pipeline
    terminate,  ///< the pipeline ended, its command is freed
    replace,    ///< Delete of a used-up shell, a new one follows
    stop,       ///< clear: crtl_c
    drain,      ///< clear: Receive until the pipeline says that it stopped
    abort,      ///< clear: Terminate
    remove,     ///< close: Delete
  };

  Next begin_open(MonoTime now);
  Next begin_pipeline(MonoTime now);
  Next on_open(const wsman::Shell::Outcome& outcome, MonoTime now);
  Next receive_pool(MonoTime now);
  Next on_receive(const wsman::Shell::Outcome& outcome, MonoTime now);
  void add_pool_responses();
  Next proceed(MonoTime now);
  Next on_answer_error(Error error, MonoTime now);
  Next on_clearing_error();
  Next terminate(MonoTime now);
  Next conclude(MonoTime now);
  Next on_drain(const wsman::Shell::Outcome& outcome, MonoTime now);
  Next abort_command();
  Next cleared();
  Next post(Step step, wsman::Envelope envelope, std::chrono::milliseconds patience,
            std::string_view fragments = {});
  Next end(Result<PipelineResult> result);
  Next give_up(Error error);
  bool clearing() const { return step_ >= Step::stop; }
  Stage stage() const { return step_ <= Step::pool_send ? Stage::open : Stage::query; }
  std::chrono::milliseconds patience(MonoTime now) const;

  WinrmSessionOptions options_;
  Asking asking_;
  SessionWatch watch_;
  std::unique_ptr<wsman::Shell> shell_;
  std::unique_ptr<psrp::RunspacePool> pool_;
  std::unique_ptr<psrp::Pipeline> pipeline_;
  Step step_ = Step::idle;
  bool spoiled_ = false;  ///< the shell must be deleted, not used again
  std::size_t pipelines_ = 0;
  std::optional<MonoTime> opened_;
  wsman::CreateReply created_;

  // The present run.
  MonoTime deadline_{};
  int reposts_ = 0;
  bool kept_ = false;  ///< the session is of an earlier run, and was not replaced
  std::size_t next_fragment_ = 0;
  struct HostResponse {
    bool to_command = false;  ///< else to the pool
    std::string bytes;
  };
  std::deque<HostResponse> responses_;
  bool brought_ = false;
  std::optional<Error> no_state_;  ///< the command ended without PIPELINE_STATE

  // Clearing.
  bool closing_ = false;
  MonoTime clear_until_{};
};

}  // namespace sfb::remote
