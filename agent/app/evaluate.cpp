#include "agent/app/evaluate.hpp"

#include "agent/app/exit_codes.hpp"
#include "agent/app/foreground.hpp"
#include "agent/app/loading.hpp"
#include "agent/app/log_sink.hpp"
#include "agent/app/logons.hpp"
#include "agent/app/output.hpp"
#include "agent/app/process.hpp"
#include "agent/app/screen.hpp"
#include "agent/app/setup.hpp"
#include "agent/base/near.hpp"
#include "agent/base/text.hpp"
#include "agent/engine/conclusion.hpp"
#include "agent/engine/job.hpp"
#include "agent/net/deadline.hpp"
#include "collectors/question.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <ranges>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sfb::app {

namespace {

namespace asio = boost::asio;

struct Run {
  std::optional<Result<remote::Reply>> reply;  // absent: interrupted
  std::exception_ptr failure;
  std::chrono::nanoseconds duration{0};
};

asio::awaitable<void> ask(std::shared_ptr<remote::Transport> transport, remote::Ask question,
                          std::chrono::milliseconds timeout, Run& run) {
  const MonoTime start = net::mono_now();
  run.reply = co_await transport->ask(std::move(question), start + timeout);
  run.duration = net::mono_now() - start;
}

// Asks until there is an answer or a signal comes.
Run run_ask(asio::io_context& loop, const std::shared_ptr<remote::Transport>& transport,
            const config::Pool& pool, const OutputOptions& output) {
  Run run;
  remote::Ask question =
      engine::ask_for({pool.fqdn}, format::text_by_server(output.choice, output_width(output)));
  const Ended ended =
      run_foreground(loop, ask(transport, std::move(question), pool.evaluation_timeout, run));
  run.failure = ended.failure;
  if (ended.interrupted) {
    run.reply.reset();  // whatever became of it, nobody waits for it
  }
  return run;
}

void print_question(const config::Pool& pool, const config::Endpoint& endpoint,
                    const config::Settings& settings) {
  std::string text = aligned("pool", pool.fqdn.str());
  text += aligned("endpoint",
                  fmt::format("{} ({})", endpoint.name, config::name_of(endpoint.transport)));
  if (const auto* const winrm = std::get_if<config::Winrm>(&endpoint.transport)) {
    const config::Credentials& account = config::credentials_of(*winrm, settings);
    for (const Url& url : winrm->urls) {
      text += aligned("url", url.with_port());
    }
    text += aligned("account", fmt::format("{} ({})", account.username, account.method));
  }
  fmt::print(stderr, "{}\n", text);
}

std::string_view yes_no(std::optional<bool> value) {
  if (!value) {
    return "unknown";
  }
  return *value ? "yes" : "no";
}

void print_verdict(const collectors::Finding& finding, const config::Pool& pool) {
  const collectors::Verdict verdict = collectors::pool_status().judge(
      finding, {pool.fqdn, {.cms_master = pool.cms_master, .expect_rgs = pool.expect_rgs}});
  fmt::print(stderr, "\nconfigured: {}\nworking:    {}\n", yes_no(verdict.configured),
             yes_no(verdict.working));
  for (const auto* grounds : {&verdict.reasons, &verdict.doubts}) {
    for (const collectors::Ground& ground : *grounds) {
      fmt::print(stderr, "  {}\n", visible(ground.text));
    }
  }
  for (const std::string& note : finding.notes) {
    fmt::print(stderr, "note: {}\n", visible(note));
  }
}

int report(const Run& run, const config::Pool& pool, const EvaluateOptions& options,
           const Limits& limits) {
  if (!run.reply) {
    fmt::print(stderr, "sfb_backup_exporter evaluate: interrupted, ending (once more: at once)\n");
    return kFailed;
  }
  fmt::print(stderr, "{:<15}{:>12}\n", "total", milliseconds(run.duration));
  if (!*run.reply) {
    print_failure(run.reply->error());
    return kFailed;
  }
  const remote::Reply& reply = **run.reply;
  fmt::print(stderr, "\nanswer of {}, {:.0f} s old{}\n", format_iso8601(reply.made_at),
             to_seconds(reply.age), reply.note.empty() ? "" : ", " + reply.note.code);
  if (!reply.note.empty()) {
    fmt::print(stderr, "note: {}\nremedy: {}\n", visible(reply.note.message), reply.note.remedy);
  }
  const PipelineResult result = reply.result->unpack();
  fmt::print(stderr, "{}, {}, {}{}{}\n\n", counted(result.output.size(), "object"),
             counted(result.errors.size(), "error"), counted(result.warnings.size(), "warning"),
             result.ps_version.empty() ? "" : ", PowerShell " + visible(result.ps_version),
             format::server_text(options.output.choice, output_width(options.output), result)
                 ? ", text by the server"
                 : "");
  const auto text = render_pipeline(result, false, options.output, most_text(limits));
  const auto complaints = render_complaints(result, options.output, most_text(limits));
  if (!text || !complaints) {
    // What cannot be shown in this form may be good all the same.
    const Error& error = text ? complaints.error() : text.error();
    fmt::print(stderr, "not shown: {}\nremedy: {}\n", visible(error.message), error.remedy);
  } else if (!print_stdout(*text)) {
    return kFailed;
  } else {
    fmt::print(stderr, "{}", visible(*complaints));
  }
  const auto finding = engine::interpret(collectors::pool_status(), result, reply.file, limits);
  if (!finding) {
    print_failure(finding.error());
    return kFailed;
  }
  print_verdict(**finding, pool);
  return kGood;
}

void print_unknown_pool(std::string_view pool, const config::Settings& settings) {
  constexpr std::size_t kMostListed = 20;
  std::vector<std::string_view> names;
  names.reserve(settings.pools.size());
  for (const config::Pool& known : settings.pools) {
    names.push_back(known.fqdn.str());
  }
  const std::string near = did_you_mean(near_hosts(pool, names));
  fmt::print(stderr, "sfb_backup_exporter evaluate: pool {} is not configured{}{}\n",
             quote(pool, 80), near.empty() ? "" : ": ", near);
  fmt::print(stderr, "configured are:\n");
  for (const std::string_view name : names | std::views::take(kMostListed)) {
    fmt::print(stderr, "  {}\n", name);
  }
  if (names.size() > kMostListed) {
    fmt::print(stderr, "  and {} more\n", names.size() - kMostListed);
  }
}

}  // namespace

int run_evaluate(const EvaluateOptions& options) {
  const auto read = read_or_complain(options.config_files);
  if (!read) {
    return kFailed;
  }
  const config::Settings& settings = read->loaded.settings;
  const auto name = Fqdn::parse(options.pool);
  const auto pool =
      name ? std::ranges::find(settings.pools, *name, &config::Pool::fqdn) : settings.pools.end();
  if (pool == settings.pools.end()) {
    print_unknown_pool(options.pool, settings);
    return kUsage;
  }
  for (const config::Problem& warning : read->loaded.warnings_of(*pool)) {
    fmt::print(stderr, "warning: {}\n", config::to_string(warning));
  }
  if (const Status used = use_realms(settings); !used) {
    fmt::print(stderr, "warning: {}\n", describe(used.error()));
  }
  const Clock& clock = process_clock();
  const Logger logger = options.debug
                            ? Logger(std::make_shared<StderrSink>(LogFormat::logfmt, clock),
                                     LogLevel::debug, "evaluate")
                            : Logger();
  const auto endpoint =
      std::ranges::find(settings.endpoints, pool->endpoint, &config::Endpoint::name);
  print_question(*pool, *endpoint, settings);
  asio::io_context loop(1);
  const auto screen = std::make_shared<Screen>(stderr, options.debug, clock);
  const auto transport = make_transport(*endpoint, settings, loop.get_executor(), clock, logger,
                                        {.budget = {}, .services = {}, .observer = screen});
  const Run run = run_ask(loop, transport, *pool, options.output);
  screen->answered();
  if (run.failure) {
    std::rethrow_exception(run.failure);
  }
  const int code = report(run, *pool, options, settings.limits);
  run_close(loop, transport);
  return code;
}

}  // namespace sfb::app
