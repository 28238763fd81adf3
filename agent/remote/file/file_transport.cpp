#include "agent/remote/file/file_transport.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/net/deadline.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/os/file_watch.hpp"
#include "agent/remote/file/beneath.hpp"
#include "agent/remote/file/file_reader.hpp"
#include "agent/value/access.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace sfb::remote {

namespace {

constexpr std::string_view kPoolMark = "{pool}";
constexpr std::string_view kCategory = "{category}";
constexpr std::string_view kCollector = "{collector}";
constexpr std::string_view kCategoryParameter = "Category";
// More asks than this never wait on one endpoint: the engine's limits are lower.
constexpr std::size_t kQueue = 4096;
// Runs on the loop thread at a reload: an idle thread ends at once, a hung one is left alone.
constexpr std::chrono::milliseconds kGrace{20};
// A folder that cannot be watched by then lies on a dead mount.
constexpr std::chrono::seconds kWatchTime{10};
constexpr std::string_view kLookAtTask =
    "look whether the task on the front end runs and the copy arrives";

void replace(std::string& text, std::string_view placeholder, std::string_view value) {
  for (auto at = text.find(placeholder); at != std::string::npos;
       at = text.find(placeholder, at + value.size())) {
    text.replace(at, placeholder.size(), value);
  }
}

// Categories become part of a path: nothing but the letters of their names may.
bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_letter);
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

// What the worker thread brings back.
struct Job {
  Result<Reading> reading;
  std::vector<StageTime> stages;
};

class FileTransport final : public Transport, public std::enable_shared_from_this<FileTransport> {
 public:
  FileTransport(boost::asio::any_io_executor executor, FileOptions options, const Clock& clock,
                Logger logger)
      : executor_(std::move(executor)),
        options_(std::move(options)),
        clock_(clock),
        logger_(std::move(logger)),
        reader_(std::make_shared<FileReader>(constant_folder(options_.path), options_.limits,
                                             options_.budget, clock)),
        worker_("file-" + options_.endpoint, 1, kQueue, kGrace) {
    auto watch =
        os::FileWatch::create(executor_, [this](const os::FileEvent& event) { changed(event); });
    if (watch) {
      watch_ = std::move(*watch);
    } else {
      logger_.warn("files are not watched, only read at each evaluation",
                   {{"endpoint", options_.endpoint}, {"error", describe(watch.error())}});
    }
  }

  Status can_ask(const Ask& ask) const override {
    if (!ask.beyond_files.empty()) {
      return cannot_ask(ask.beyond_files);
    }
    if (!ask.lacking.empty()) {
      return fail(Reason::protocol, "file.cannot_ask",
                  fmt::format("endpoint {} reads dropped files, which hold the answer with -{}",
                              options_.endpoint, ask.lacking),
                  fmt::format("ask with -{}", ask.lacking));
    }
    if (!has_file_of(ask.collector)) {
      return fail(Reason::protocol, "file.cannot_ask",
                  fmt::format("endpoint {} reads dropped files, which hold no answer of {}",
                              options_.endpoint, ask.call.cmdlet),
                  "export with -Collector and write {collector} into the endpoint's path");
    }
    if (!ask.category.empty() && (!options_.path.contains(kCategory) || !is_word(ask.category))) {
      return cannot_ask(kCategoryParameter);
    }
    return {};
  }

  boost::asio::awaitable<Result<Reply>> ask(Ask ask, MonoTime deadline) override {
    if (Status possible = can_ask(ask); !possible) {
      co_return std::unexpected(std::move(possible.error()));
    }
    const std::string path = path_of(ask.pool, ask.collector, ask.category);
    const std::string folder = folder_of(path);
    std::optional<os::FileWatch::Adder> adder;
    if (watch_ && !watch_->watches(folder)) {
      adder = watch_->adder();
    }
    const auto recalled = recalled_.find(path);
    // The job owns all it uses: on a dead mount it outlives this transport.
    const MonoTime start = clock_.now().mono;
    auto job = co_await worker_.run_until(
        [reader = reader_, path, folder, adder, ask = std::move(ask), deadline,
         sighted = recalled == recalled_.end() ? std::nullopt
                                               : std::optional(recalled->second)]() -> Result<Job> {
          if (sighted) {
            reader->recall(path, sighted->date, sighted->seen);
          }
          if (adder) {
            // Before the reading, so that no change falls between; a folder that is not there is
            // tried again at the next ask.
            static_cast<void>(adder->add(folder));
          }
          Job done;
          done.reading =
              reader->read(path, ask.pool, ask.collector, ask.category, deadline, done.stages);
          return done;
        },
        deadline, "file.hung");
    if (!job) {
      Error error = std::move(job.error());
      if (error.code == "file.hung") {
        error.message = fmt::format("reading {} did not end in time", path);
        error.remedy =
            "the disk or network mount does not answer, or the file is too large for that time";
        error.stage = Stage::query;
      }
      tell(path, {{error.stage, clock_.now().mono - start}}, nullptr);
      co_return std::unexpected(std::move(error));
    }
    recalled_.erase(path);  // not before: a job that fails may never have run
    tell(path, job->stages, job->reading ? &job->reading->content : nullptr);
    if (!job->reading) {
      co_return std::unexpected(std::move(job->reading.error()));
    }
    warn_if_unwatched(folder);
    co_return judge(path, std::move(*job));
  }

  void on_change(OnChange callback) override { on_change_ = std::move(callback); }

  void add_pool(const Fqdn& pool, std::string_view collector) override {
    if (!has_file_of(collector)) {
      return;
    }
    const std::string path = path_of(pool, collector, {});
    const std::string folder = folder_of(path);
    const auto [names, fresh] = pools_.try_emplace(folder);
    names->second.insert_or_assign(path.substr(path.rfind('/') + 1),
                                   Watched{pool, std::string(collector)});
    if (fresh && watch_) {
      // Not only at the first ask, which may be an interval away after a reload.
      boost::asio::co_spawn(executor_, watch_folder(shared_from_this(), folder),
                            [](const std::exception_ptr&) {});
    }
  }

  void remove_pool(const Fqdn& pool, std::string_view collector) override {
    const std::string path = path_of(pool, collector, {});
    const auto folder = pools_.find(folder_of(path));
    if (!has_file_of(collector) || folder == pools_.end()) {
      return;
    }
    folder->second.erase(path.substr(path.rfind('/') + 1));
    if (folder->second.empty()) {
      if (watch_) {
        watch_->remove(folder->first);
      }
      pools_.erase(folder);
    }
  }

  void recall(const Fqdn& pool, std::string_view collector, WallTime date, WallTime seen) override {
    recalled_.insert_or_assign(path_of(pool, collector, {}), Sighted{date, seen});
  }

  bool uses_backoff() const override { return false; }

 private:
  // Whose file it is.
  struct Watched {
    Fqdn pool;
    std::string collector;
  };
  using Files = std::unordered_map<std::string, Watched>;
  struct Sighted {
    WallTime date;
    WallTime seen;
  };

  static boost::asio::awaitable<void> watch_folder(std::shared_ptr<FileTransport> self,
                                                   std::string folder) {
    auto add = [adder = self->watch_->adder(), folder]() -> Result<bool> {
      return adder.add(folder).has_value();
    };
    // What fails here is tried again, and complained about, at the next ask.
    static_cast<void>(
        co_await self->worker_.run_until(std::move(add), net::mono_now() + kWatchTime));
  }

  Status cannot_ask(std::string_view parameter) const {
    return fail(Reason::protocol, "file.cannot_ask",
                fmt::format("endpoint {} reads dropped files, which hold no answer to -{}",
                            options_.endpoint, parameter),
                parameter == kCategoryParameter
                    ? "export with -PerCategory and write {category} into the endpoint's path"
                    : "ask without it");
  }

  // Without {collector} in the path, the file of a pool holds its status.
  bool has_file_of(std::string_view collector) const {
    return collector == kDefaultCollector || options_.path.contains(kCollector);
  }

  std::string path_of(const Fqdn& pool, std::string_view collector,
                      std::string_view category) const {
    std::string path = options_.path;
    replace(path, kPoolMark, pool.str());
    replace(path, kCollector, collector);
    replace(path, kCategory, category.empty() ? "All" : category);
    return path;
  }

  // For whoever watches.
  void tell(const std::string& path, const std::vector<StageTime>& stages,
            const Content* content) const {
    if (!options_.observer) {
      return;
    }
    options_.observer->fact("path", path);
    for (const StageTime& stage : stages) {
      options_.observer->stage(stage);
    }
    if (content != nullptr) {
      options_.observer->fact("size", counted(content->bytes, "byte"));
      options_.observer->fact("format", name_of(content->format));
      options_.observer->fact("made at", format_iso8601(content->date));
      if (content->ahead > kNotedSkew) {
        options_.observer->fact("clock skew", ahead_text(content->ahead));
      }
      if (!content->culture.empty()) {
        options_.observer->fact("text", fmt::format("by the server in {}", content->culture));
      }
    }
  }

  Result<Reply> judge(const std::string& path, Job job) const {
    const Reading& reading = *job.reading;
    const Content& content = reading.content;
    logger_.debug("file read", {{"path", path},
                                {"bytes", std::to_string(content.bytes)},
                                {"format", std::string(name_of(content.format))},
                                {"unchanged", reading.reused ? "true" : "false"},
                                {"made_at", format_iso8601(content.date)}});
    auto reply = sfb::remote::judge(content,
                                    {.what = path,
                                     .too_old = "file.too_old",
                                     .clock_skew = "file.clock_skew",
                                     .text_left_out = "file.text_left_out",
                                     .remedy_of_age = kLookAtTask},
                                    options_.max_age, clock_.now());
    if (reply) {
      reply->stages = std::move(job.stages);
    }
    return reply;
  }

  // A file was read, so its folder is there: then inotify refused it. Told once, not at every ask.
  void warn_if_unwatched(const std::string& folder) {
    if (!watch_ || warned_ || watch_->watches(folder) || !pools_.contains(folder)) {
      return;
    }
    warned_ = true;
    logger_.warn("folder not watched, its files are only read at each evaluation",
                 {{"endpoint", options_.endpoint},
                  {"folder", folder},
                  {"remedy",
                   "let the agent's account list the folder, or raise "
                   "fs.inotify.max_user_watches"}});
  }

  void changed(const os::FileEvent& event) {
    const auto folder = pools_.find(event.directory);
    if (!on_change_ || folder == pools_.end()) {
      return;
    }
    // What an orchestrator mounts are links through `..data`, which is turned for all of them.
    if (event.kind == os::FileEvent::Kind::changed && !event.name.starts_with("..")) {
      if (const auto file = folder->second.find(event.name); file != folder->second.end()) {
        const Watched watched = file->second;
        on_change_(watched.pool, watched.collector);
      }
      return;
    }
    // Also lost events or a folder that went: everybody looks for himself. A copy, because
    // the callback may change the map.
    for (const auto& [name, watched] : Files(folder->second)) {
      on_change_(watched.pool, watched.collector);
    }
  }

  boost::asio::any_io_executor executor_;
  FileOptions options_;
  const Clock& clock_;
  Logger logger_;
  std::shared_ptr<FileReader> reader_;
  OnChange on_change_;
  // Folder -> file name -> whose it is, so that a change costs a look-up and not a walk over all
  // pools.
  std::unordered_map<std::string, Files> pools_;
  std::unordered_map<std::string, Sighted> recalled_;  // until the file is read
  std::unique_ptr<os::FileWatch> watch_;
  bool warned_ = false;
  net::WorkerPool worker_;
};

}  // namespace

std::shared_ptr<Transport> make_file_transport(boost::asio::any_io_executor executor,
                                               FileOptions options, const Clock& clock,
                                               Logger logger) {
  if (!options.budget) {
    options.budget = std::make_shared<ByteBudget>(options.limits.in_flight);
  }
  return std::make_shared<FileTransport>(std::move(executor), std::move(options), clock,
                                         std::move(logger));
}

}  // namespace sfb::remote
