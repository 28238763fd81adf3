// `evaluate`: one evaluation in the foreground, stage by stage, for whoever sets up a pool.
#include "agent/app/commands.hpp"
#include "agent/app/log_sink.hpp"
#include "agent/app/output.hpp"
#include "agent/app/setup.hpp"
#include "agent/base/text.hpp"
#include "agent/net/deadline.hpp"
#include "collectors/collector.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <optional>

namespace sfb::app {

namespace {

namespace asio = boost::asio;

struct Run {
  std::optional<Result<remote::Reply>> reply;
  std::chrono::nanoseconds duration{0};
};

asio::awaitable<void> ask(remote::Transport& transport, Call call,
                          std::chrono::milliseconds timeout, Run& run) {
  const MonoTime start = net::mono_now();
  run.reply = co_await transport.ask(std::move(call), start + timeout);
  run.duration = net::mono_now() - start;
}

std::string milliseconds(std::chrono::nanoseconds duration) {
  return fmt::format("{:.1f} ms", to_seconds(duration) * 1000);
}

void print_failure(const Error& error) {
  fmt::print(stderr, "\nfailed: {}\n", error.message);
  fmt::print(stderr, "reason: {} ({})\n", to_string(error.reason), error.code);
  if (error.stage != Stage::none) {
    fmt::print(stderr, "stage:  {}\n", to_string(error.stage));
  }
  if (!error.peer.empty()) {
    fmt::print(stderr, "answer: {}\n", quote(error.peer, 2000));
  }
  if (!error.remedy.empty()) {
    fmt::print(stderr, "remedy: {}\n", error.remedy);
  }
}

void print_verdict(const collectors::BackupStatus& status, const config::Pool& pool) {
  const collectors::Verdict verdict =
      collectors::judge(status, {.cms_master = pool.cms_master, .expect_rgs = pool.expect_rgs});
  fmt::print(stderr, "\nconfigured: {}\nworking:    {}\n", verdict.configured ? "yes" : "no",
             verdict.working ? "yes" : "no");
  for (const std::string& reason : verdict.reasons) {
    fmt::print(stderr, "  {}\n", visible(reason));
  }
  for (const std::string& note : status.notes) {
    fmt::print(stderr, "note: {}\n", visible(note));
  }
}

int report(const Run& run, const config::Pool& pool, const EvaluateOptions& options,
           const Limits& limits) {
  if (!run.reply) {
    fmt::print(stderr, "sfb_backup_exporter evaluate: interrupted\n");
    return kFailed;
  }
  fmt::print(stderr, "total    {}\n", milliseconds(run.duration));
  if (!*run.reply) {
    print_failure(run.reply->error());
    return kFailed;
  }
  const remote::Reply& reply = **run.reply;
  for (const StageTime& stage : reply.stages) {
    fmt::print(stderr, "  {:7}{}\n", to_string(stage.stage), milliseconds(stage.duration));
  }
  fmt::print(stderr, "answer of {}, {:.0f} s old{}\n", format_iso8601(reply.made_at),
             to_seconds(reply.age), reply.note.empty() ? "" : ", " + reply.note);
  fmt::print(
      stderr, "{} objects, {} errors, {} warnings{}\n\n", reply.result->output.size(),
      reply.result->errors.size(), reply.result->warnings.size(),
      reply.result->ps_version.empty() ? "" : ", PowerShell " + visible(reply.result->ps_version));
  if (!print_stdout(render_pipeline(*reply.result, false, options.output))) {
    return kFailed;
  }
  fmt::print(stderr, "{}", visible(render_complaints(*reply.result, options.output)));
  const auto status = collectors::interpret(*reply.result, limits);
  if (!status) {
    print_failure(status.error());
    return kFailed;
  }
  print_verdict(*status, pool);
  return kGood;
}

}  // namespace

int run_evaluate(const EvaluateOptions& options) {
  const auto loaded = load_or_complain(options.config_files);
  if (!loaded) {
    return kFailed;
  }
  const config::Settings& settings = loaded->settings;
  const auto name = Fqdn::parse(options.pool);
  const auto pool =
      name ? std::ranges::find(settings.pools, *name, &config::Pool::fqdn) : settings.pools.end();
  if (pool == settings.pools.end()) {
    fmt::print(stderr, "sfb_backup_exporter evaluate: pool {} is not configured; configured are:\n",
               quote(options.pool, 80));
    for (const config::Pool& known : settings.pools) {
      fmt::print(stderr, "  {}\n", known.fqdn.str());
    }
    return kUsage;
  }
  const SystemClock clock;
  const Logger logger = options.debug
                            ? Logger(std::make_shared<StderrSink>(LogFormat::logfmt, clock),
                                     LogLevel::debug, "evaluate")
                            : Logger();
  const auto endpoint =
      std::ranges::find(settings.endpoints, pool->endpoint, &config::Endpoint::name);
  fmt::print(stderr, "pool     {}\nendpoint {} ({})\n", pool->fqdn.str(), endpoint->name,
             endpoint->transport);
  asio::io_context loop(1);
  const auto transport = make_transport(*endpoint, settings, loop.get_executor(), clock, logger);
  Run run;
  asio::co_spawn(loop,
                 ask(*transport, collectors::make_call(pool->fqdn, {}, false, {}),
                     pool->evaluation_timeout, run),
                 [&loop](std::exception_ptr) { loop.stop(); });
  loop.run();
  return report(run, *pool, options, settings.limits);
}

}  // namespace sfb::app
