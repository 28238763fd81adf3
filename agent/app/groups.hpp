// The groups whose members may run the cmdlet: their names from the configuration, their SIDs from
// the directory, at the start, at each reload and hourly.
#pragma once

#include "agent/access/authorized.hpp"
#include "agent/base/file_in_hand.hpp"
#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/directory/directory.hpp"
#include "agent/net/wake.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/serve/self_metrics.hpp"
#include "agent/store/store.hpp"
#include "config/settings.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sfb::app {

/// What is known of the names, and what the log and the metrics tell of it. A name that the
/// directory answers has what it answers; while it does not answer, all of them or this one, what
/// it said before stays, for kRemembered at the most, also over a restart. Pure. Thread rule: one
/// thread.
class KnownGroups {
 public:
  using Rows = std::vector<store::RememberedGroup>;
  /// How long a name stands for a SID that no directory has confirmed.
  static constexpr std::chrono::days kRemembered{30};

  /// `found`: what an earlier process kept. `keep`: keeps all that is known now in the place of
  /// what was kept; may be empty.
  KnownGroups(Logger logger, std::shared_ptr<serve::SelfMetrics> self, Rows found = {},
              std::function<void(Rows)> keep = {});

  /// The names of the configuration, and which directory is asked for them, in words that change
  /// when another one is, or as somebody else: then what the one before said is forgotten. Without
  /// one nothing is known. The first call brings back what was found of these names and this
  /// directory, unless it is too old or of a time that has not come yet.
  void expect(std::vector<std::string> configured, std::optional<std::string> directory,
              WallTime now);
  /// One look-up ended, well or not: well where each name has an answer. Each news is told once.
  void take(const Result<directory::Answers>& answers, WallTime now);

  /// Those without a SID in the configuration itself, RTCUniversalServerAdmins first.
  std::vector<std::string> names() const;
  std::shared_ptr<const access::Authorized> authorized() const;

 private:
  struct Known {
    identity::Sid sid;
    std::string source;  ///< the directory that said so
    WallTime seen;       ///< when it did so last
  };

  void recall(WallTime now);
  void learn(const directory::Answer& answer, WallTime now);
  void forget_old(WallTime now);
  void tell_failure(const Error& error);
  void publish();

  Logger logger_;
  std::shared_ptr<serve::SelfMetrics> self_;
  Rows kept_;  ///< what `keep_` was given last, at first what was found
  std::function<void(Rows)> keep_;
  bool recalled_ = false;
  std::vector<std::string> configured_;
  std::optional<std::string> directory_;
  std::map<std::string, Known> sids_;        ///< by name as configured
  std::map<std::string, std::string> told_;  ///< of a name: its SID or what is wrong
  std::string failure_;                      ///< the code of the last look-up's; or empty
  std::vector<std::string> passed_over_;     ///< codes of the last look-up
  serve::GroupFacts facts_;
};

/// From the end of a look-up to the next one: an hour after one that answered for all names, or
/// where the account is refused, because each try brings a lock-out nearer; else a minute.
std::chrono::minutes pause_after(const Result<directory::Answers>& answers);

/// Asks. Thread rule: loop thread of `loop`; kept alive by its coroutine, which `stop` ends.
class Groups : public std::enable_shared_from_this<Groups> {
 public:
  struct Parts {
    boost::asio::any_io_executor loop;
    net::WorkerPool& pool;  ///< asks: two threads, for this alone; a hung look-up keeps one
    const Clock& clock;
    Logger logger;
    std::shared_ptr<serve::SelfMetrics> self;
    std::shared_ptr<store::Store> state;  ///< null: nothing outlives the process
    /// Told at each `apply`, and when an answer came.
    std::function<void(std::shared_ptr<const access::Authorized>)> on_change;
  };
  explicit Groups(Parts parts);

  /// From now on these settings. The directory is asked at once, or when the look-up under way has
  /// ended; another directory, account or password file waits for no look-up. The first call begins
  /// it.
  void apply(const config::Settings& settings);
  void stop();

 private:
  struct Source {
    directory::Options options;
    std::string password_file;
    bool operator==(const Source&) const = default;
  };
  static boost::asio::awaitable<void> run(std::shared_ptr<Groups> self);
  static boost::asio::awaitable<void> ask(std::shared_ptr<Groups> self, std::uint64_t version,
                                          std::shared_ptr<directory::Directory> catalog,
                                          std::string file);

  Parts parts_;
  KnownGroups known_;
  std::optional<Source> source_;
  std::shared_ptr<directory::Directory> catalog_;  ///< of source_; null: none
  std::shared_ptr<directory::Directory> asked_;    ///< now, by a job of the pool; null: none
  net::Wake wake_;
  MonoTime next_;
  std::uint64_t version_ = 0;  ///< counts `apply`
  bool running_ = false;
  bool stopped_ = false;
};

}  // namespace sfb::app
