#include "agent/app/discover.hpp"

#include "agent/app/exit_codes.hpp"
#include "agent/app/foreground.hpp"
#include "agent/app/log_sink.hpp"
#include "agent/app/logons.hpp"
#include "agent/app/output.hpp"
#include "agent/app/process.hpp"
#include "agent/app/screen.hpp"
#include "agent/app/setup.hpp"
#include "agent/base/json_string.hpp"
#include "agent/base/near.hpp"
#include "agent/base/text.hpp"
#include "agent/discover/difference.hpp"
#include "agent/discover/pools_section.hpp"
#include "agent/discover/questions.hpp"
#include "agent/net/deadline.hpp"
#include "collectors/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <variant>

namespace sfb::app {

namespace {

namespace asio = boost::asio;

// In the configuration as this command reads it: the front end of --url.
constexpr std::string_view kUrlEndpoint = "discover-url";
// In the section, where no endpoint was named.
constexpr std::string_view kUnnamedEndpoint = "front-end";
constexpr std::string_view kUrlFile = "--url";

template <typename... Arguments>
void complain(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  fmt::print(stderr, "sfb_backup_exporter discover: {}\n",
             fmt::format(text, std::forward<Arguments>(arguments)...));
}

// The machine's files, and one that stands for the command line: so a URL is judged by the loader,
// as every other.
class WithUrl final : public config::Files {
 public:
  explicit WithUrl(const DiscoverOptions& options) {
    if (!options.url.empty()) {
      text_ = fmt::format("endpoints: {{{}: {{transport: winrm, url: {}, credentials: {}}}}}\n",
                          kUrlEndpoint, json_string(options.url), json_string(options.credential));
    }
  }
  std::vector<std::string> match(const std::string& pattern) const override {
    return files_.match(pattern);
  }
  Result<std::string> read(const std::string& path, std::size_t most) const override {
    return path == kUrlFile ? Result<std::string>(text_) : files_.read(path, most);
  }
  Result<config::SecretInfo> inspect(const std::string& path) const override {
    return files_.inspect(path);
  }
  Status executable(const std::string& path) const override { return files_.executable(path); }
  std::string absolute(const std::string& path) const override { return files_.absolute(path); }

 private:
  config::SystemFiles files_;
  std::string text_;
};

// What is wrong with the command line, without the place in the file that stands for it.
config::Problem as_flag(config::Problem problem) {
  if (problem.where.file == kUrlFile) {
    const bool account = problem.key.ends_with(".credentials");
    problem.where = {.file = std::string(account ? "--credential" : kUrlFile)};
    problem.key.clear();
  }
  return problem;
}

std::optional<config::Settings> load(const DiscoverOptions& options) {
  std::vector<std::string> paths = options.config_files;
  if (!options.url.empty()) {
    paths.emplace_back(kUrlFile);
  }
  config::Capabilities build = capabilities();
  build.pools_needed = options.diff;  // a first configuration has none yet
  auto loaded = config::load(paths, build, WithUrl(options));
  if (loaded) {
    return std::move(loaded->settings);
  }
  for (const config::Problem& problem : loaded.error()) {
    fmt::print(stderr, "{}\n", config::to_string(as_flag(problem)));
    if (problem.where.file == kUrlFile && problem.remedy.contains("allow_unencrypted")) {
      complain("--url cannot say allow_unencrypted: write an endpoint and name it");
    }
  }
  return std::nullopt;
}

bool can_ask(const config::Endpoint& endpoint) {
  return !std::holds_alternative<config::File>(endpoint.transport) &&
         !std::holds_alternative<config::Push>(endpoint.transport);
}

void print_unknown_endpoint(const std::string& name, const config::Settings& settings) {
  std::vector<std::string_view> names;
  std::string listed;
  for (const config::Endpoint& endpoint : settings.endpoints) {
    names.push_back(endpoint.name);
    listed += fmt::format("{}{} ({})", listed.empty() ? "" : ", ", endpoint.name,
                          config::name_of(endpoint.transport));
  }
  const std::string near = did_you_mean(near_names(name, names));
  complain("endpoint {} is not configured{}{}; configured are: {}", quote(name, 80),
           near.empty() ? "" : ": ", near, listed.empty() ? "none" : listed);
}

// The endpoint that is asked, or nullptr with a message.
const config::Endpoint* endpoint_of(const DiscoverOptions& options,
                                    const config::Settings& settings) {
  const std::string name = options.url.empty() ? options.endpoint : std::string(kUrlEndpoint);
  if (!name.empty()) {
    const auto found = std::ranges::find(settings.endpoints, name, &config::Endpoint::name);
    if (found == settings.endpoints.end()) {
      print_unknown_endpoint(name, settings);
      return nullptr;
    }
    if (!can_ask(*found)) {
      complain(
          "endpoint {} reads files, which answer no questions; name an endpoint of transport "
          "winrm or ssh, use --url URL --credential NAME, or run Export-BackupStatus.ps1 "
          "-WriteConfiguration on a front end",
          name);
      return nullptr;
    }
    return &*found;
  }
  if (std::ranges::count_if(settings.endpoints, can_ask) == 1) {
    return &*std::ranges::find_if(settings.endpoints, can_ask);
  }
  complain("{} endpoints can be asked: name one, or use --url URL --credential NAME",
           std::ranges::count_if(settings.endpoints, can_ask));
  return nullptr;
}

// Of the front ends of an endpoint, those that could not be asked.
class Unreached final : public remote::Observer {
 public:
  void stage(const StageTime& time) override { static_cast<void>(time); }
  void fact(std::string_view name, std::string_view value) override {
    if (name == "not_reached") {
      fmt::print(stderr, "{}", aligned(name, value));
    }
  }
  bool wants_wire() const override { return false; }
  void wire(std::string_view direction, std::string_view text) override {
    static_cast<void>(direction);
    static_cast<void>(text);
  }
};

// Asks one question after the other.
class Interview {
 public:
  Interview(std::shared_ptr<remote::Transport> transport, std::chrono::milliseconds timeout)
      : transport_(std::move(transport)), timeout_(timeout) {}

  asio::awaitable<void> run() {
    answers_.services = co_await ask(discover::services_call());
    answers_.pools = co_await ask(discover::pools_call());
    answers_.store = co_await ask(discover::store_call(kNobody));
    for (const Fqdn& pool : discover::pools_with_users(answers_.services, answers_.pools)) {
      answers_.relationships[pool] = co_await ask_partner(pool);
    }
  }

  const discover::Answers& answers() const { return answers_; }
  /// A question got no answer, so the section may be half of what the front end knows.
  bool incomplete() const { return incomplete_; }

 private:
  // No transport looks at the pool of such a question.
  inline static const Fqdn kNobody = Fqdn::parse("front-end").value();

  // No session came about: the next question would fail the same way, and count as another wrong
  // password.
  static bool ends_all(const Error& error) {
    return error.stage < Stage::query || error.reason == Reason::auth ||
           error.reason == Reason::throttled;
  }

  // The server did answer; it refused, or it was not understood.
  static bool is_answer(const Error& error) {
    return error.reason == Reason::cmdlet || error.reason == Reason::parse;
  }

  asio::awaitable<discover::Answer> ask(Call call) {
    if (over_) {
      co_return std::unexpected(*over_);
    }
    const std::string spelled = discover::spelled(call);
    const std::string cmdlet = call.cmdlet;
    auto reply = co_await transport_->ask(
        {.pool = kNobody, .call = std::move(call), .front_end = front_end_},
        net::mono_now() + timeout_);
    if (!front_end_->empty() && *front_end_ != told_) {
      told_ = *front_end_;
      fmt::print(stderr, "{}", aligned("asked", told_));
    }
    if (!reply) {
      fmt::print(stderr, "{}\n", aligned(spelled, "failed"));
      print_failure(reply.error());
      incomplete_ = incomplete_ || !is_answer(reply.error());
      if (ends_all(reply.error())) {
        over_ = reply.error();
      }
      co_return std::unexpected(std::move(reply.error()));
    }
    PipelineResult result = reply->result->unpack();
    fmt::print(stderr, "{}: {}\n", spelled, counted(result.output.size(), "object"));
    if (!result.errors.empty() || result.state == PipelineState::failed) {
      const auto objects = collectors::objects_of(result, cmdlet);
      if (!objects) {
        print_failure(objects.error());
      }
    }
    co_return std::make_shared<const PipelineResult>(std::move(result));
  }

  // The documents give -LocalStore to every version; a server may know better.
  asio::awaitable<discover::Answer> ask_partner(const Fqdn& pool) {
    discover::Answer answer = co_await ask(discover::relationship_call(pool, local_store_));
    if (local_store_ && answer && lacks_parameter(**answer)) {
      local_store_ = false;
      answer = co_await ask(discover::relationship_call(pool, local_store_));
    }
    // There may be hundreds: they do not wait for a server that is dying, one after the other.
    if (!answer && !is_answer(answer.error())) {
      over_ = answer.error();
    }
    co_return answer;
  }

  static bool lacks_parameter(const PipelineResult& result) {
    return std::ranges::any_of(result.errors, [&](const Value& error) {
      return ErrorRecord::from(result.graph, error).error_id.starts_with("NamedParameterNotFound");
    });
  }

  std::shared_ptr<remote::Transport> transport_;
  std::chrono::milliseconds timeout_;
  discover::Answers answers_;
  std::optional<Error> over_;
  std::shared_ptr<std::string> front_end_ = std::make_shared<std::string>();
  std::string told_;  ///< of the front ends
  bool incomplete_ = false;
  bool local_store_ = true;
};

// The deployments of the pools that are reached through the endpoint, or that were found.
std::set<std::string> deployments(const config::Settings& settings, const std::string& endpoint,
                                  const discover::Topology& topology) {
  std::set<std::string> found;
  for (const config::Pool& pool : settings.pools) {
    if (pool.endpoint == endpoint ||
        std::ranges::find(topology.pools, pool.fqdn, &discover::FoundPool::fqdn) !=
            topology.pools.end()) {
      found.insert(pool.deployment);
    }
  }
  return found;
}

int print_difference(const config::Settings& settings, const std::set<std::string>& deployments,
                     const discover::Topology& topology) {
  std::vector<discover::ConfiguredPool> configured;
  for (const config::Pool& pool : settings.pools) {
    if (deployments.empty() || deployments.contains(pool.deployment)) {
      configured.push_back({pool.fqdn, pool.paired_pool, pool.site, pool.cms_master});
    }
  }
  const discover::Difference difference = discover::compare(topology, configured);
  std::string text;
  for (const std::string& line : difference.lines) {
    text += line + "\n";
  }
  for (const std::string& line : difference.unknown) {
    fmt::print(stderr, "not compared: {}\n", visible(line));
  }
  if (!print_stdout(text)) {
    return kNotAsked;
  }
  if (!difference.lines.empty()) {
    return kFailed;
  }
  return difference.unknown.empty() ? kGood : kNotAsked;
}

int report(const DiscoverOptions& options, const config::Settings& settings,
           const std::string& endpoint, const discover::Answers& answers) {
  const discover::Topology topology = discover::read_topology(answers);
  if (!answers.services && !answers.pools && !answers.store) {
    complain("no question was answered");  // why, has been said
    return kNotAsked;
  }
  if (topology.pools.empty()) {
    for (const std::string& remark : topology.remarks) {
      fmt::print(stderr, "{}\n", visible(remark));
    }
    complain("the front end names no pool with users");
    return kNotAsked;
  }
  const std::set<std::string> known = deployments(settings, endpoint, topology);
  if (options.diff) {
    return print_difference(settings, known, topology);
  }
  const discover::SectionOptions section{
      .endpoint = endpoint == kUrlEndpoint ? std::string(kUnnamedEndpoint) : endpoint,
      .deployment = known.size() == 1 ? *known.begin() : std::string()};
  return print_stdout(discover::pools_section(topology, section)) ? kGood : kNotAsked;
}

}  // namespace

int run_discover(const DiscoverOptions& options) {
  const auto settings = load(options);
  if (!settings) {
    return kNotAsked;
  }
  const config::Endpoint* const endpoint = endpoint_of(options, *settings);
  if (endpoint == nullptr) {
    return kNotAsked;
  }
  if (const Status used = use_realms(*settings); !used) {
    fmt::print(stderr, "warning: {}\n", describe(used.error()));
  }
  const Clock& clock = process_clock();
  const Logger logger = options.debug
                            ? Logger(std::make_shared<StderrSink>(LogFormat::logfmt, clock),
                                     LogLevel::debug, "discover")
                            : Logger();
  asio::io_context loop(1);
  const auto transport =
      make_transport(*endpoint, *settings, loop.get_executor(), clock, logger,
                     {.budget = {}, .services = {}, .observer = std::make_shared<Unreached>()});
  Interview interview(transport, settings->global.evaluation_timeout);
  const Ended ended = run_foreground(loop, interview.run());
  if (ended.failure) {
    std::rethrow_exception(ended.failure);
  }
  int code = kNotAsked;
  if (ended.interrupted) {
    complain("interrupted, ending (once more: at once)");
  } else {
    code = report(options, *settings, endpoint->name, interview.answers());
    if (code == kGood && interview.incomplete()) {
      complain("not every question was answered: the result is incomplete");
      code = kNotAsked;
    }
  }
  run_close(loop, transport);
  return code;
}

}  // namespace sfb::app
