// Entry point of sfb_backup_exporter: reads the command line and runs one command.
#include "agent/app/agent.hpp"
#include "agent/app/discover.hpp"
#include "agent/app/evaluate.hpp"
#include "agent/app/exit_codes.hpp"
#include "agent/app/health.hpp"
#include "agent/app/process.hpp"
#include "agent/app/render.hpp"
#include "agent/app/shard.hpp"
#include "agent/base/build_info.hpp"
#include "agent/base/text.hpp"
#include "agent/format/choice.hpp"
#include "agent/serve/routes.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

using namespace sfb::app;  // NOLINT(google-build-using-namespace): this file only wires

constexpr const char* kDefaultConfig = "/etc/sfb_backup_exporter/sfb_backup_exporter.yml";
constexpr const char* kDefaultAddress = "127.0.0.1:9943";

// What systemd made for the service (StateDirectory=): the first of its list.
std::string state_directory() {
  const char* const listed = std::getenv("STATE_DIRECTORY");
  const std::string_view all = listed == nullptr ? std::string_view() : listed;
  return std::string(all.substr(0, all.find(':')));
}

void add_config_option(CLI::App& app, std::vector<std::string>& files) {
  app.add_option("--config.file", files, "Configuration file or glob (conf.d/*.yml); repeatable")
      ->default_str(kDefaultConfig)
      ->type_name("FILE")
      ->allow_extra_args(false);
}

/// An option whose words are those of a table.
template <typename T, std::size_t N, typename Target>
CLI::Option* add_word_option(CLI::App& app, const char* name,
                             const std::array<sfb::format::Word<T>, N>& words, Target& target,
                             const char* help) {
  std::string allowed;
  for (const auto& word : words) {
    allowed += (allowed.empty() ? "" : "|") + std::string(word.word);
  }
  const auto judge = [&words](std::string& text) -> std::string {
    return sfb::format::find_word(words, text)
               ? ""
               : fmt::format("{} is none of {}", sfb::quote(text, 80), sfb::format::listed(words));
  };
  return app
      .add_option_function<std::string>(
          name,
          [&words, &target](const std::string& text) {
            target = sfb::format::find_word(words, text).value();
          },
          help)
      ->check(CLI::Validator(judge, allowed));
}

/// Options that are good in themselves, but not together: false with a message.
bool goes_together(const CLI::App& command, const OutputOptions& output) {
  const auto misfit = sfb::format::misfit(output.choice);
  if (misfit) {
    fmt::print(stderr, "sfb_backup_exporter {}: --{} does not go with --as {}: {}; leave it out\n",
               command.get_name(), misfit->option, command.get_option("--as")->as<std::string>(),
               misfit->why);
  }
  return !misfit;
}

void add_output_options(CLI::App& app, OutputOptions& output) {
  using namespace sfb::format;  // NOLINT(google-build-using-namespace): the tables of words
  add_word_option(app, "--as", kForms, output.choice.as, "What to print")->default_str("text");
  add_word_option(app, "--edition", kEditions, output.choice.edition,
                  "PowerShell whose output is copied; default: for text the server's version (5.1 "
                  "where it is unknown), for json 7");
  add_word_option(
      app, "--view", kViews, output.choice.view,
      "Print as Format-List, Format-Table, Format-Table -AutoSize or Format-Table -Wrap does; "
      "default: as the console decides");
  app.add_option("--width", output.width,
                 "Columns of the console (20-500); default: the terminal's, else 120")
      ->check(CLI::Range(20, 500));
}

template <typename T>
CLI::Validator parsed_by(sfb::Result<T> (*parse)(std::string_view), T& target,
                         const char* allowed) {
  return CLI::Validator(
      [parse, &target](std::string& text) -> std::string {
        auto value = parse(text);
        if (!value) {
          return sfb::describe(value.error());
        }
        target = *value;
        return {};
      },
      allowed);
}

void add_shard_options(CLI::App& app, Shard& shard) {
  static constexpr std::uint64_t kMostShards = 1000;
  const auto number = [&](const char* name, std::uint64_t& target, std::uint64_t least,
                          const char* help) {
    const auto judge = [least](const std::string& text) -> std::string {
      std::uint64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      return error == std::errc{} && end == text.data() + text.size() && value >= least &&
                     value <= kMostShards
                 ? ""
                 : fmt::format("{} is no whole number from {} to {}", sfb::quote(text, 80), least,
                               kMostShards);
    };
    return app.add_option(name, target, help)->type_name("N")->check(CLI::Validator(judge, ""));
  };
  CLI::Option* const ordinal =
      number("--shard", shard.ordinal, 0, "The part of the pools to evaluate, from 0 on");
  CLI::Option* const total = number("--total-shards", shard.total, 1,
                                    "Into how many parts the pools are divided, by the hashmod of "
                                    "their names (deploy/two-agents.md)");
  ordinal->needs(total);
  total->needs(ordinal);
}

/// Both are there, and yet they do not fit: false with a message.
bool is_a_shard(const Shard& shard) {
  const bool fits = !shard.is_part() || shard.ordinal < shard.total;
  if (!fits) {
    fmt::print(stderr, "sfb_backup_exporter: --shard {} is none of --total-shards {}: {}\n",
               shard.ordinal, shard.total,
               shard.total == 1 ? "the only shard is 0"
                                : fmt::format("shards are 0 to {}", shard.total - 1));
  }
  return fits;
}

void add_discover_options(CLI::App& app, DiscoverOptions& discover) {
  add_config_option(app, discover.config_files);
  CLI::Option* const endpoint =
      app.add_option("ENDPOINT", discover.endpoint,
                     "Endpoint to ask, as configured; default: the only one that can be asked");
  CLI::Option* const url =
      app.add_option("--url", discover.url, "WinRM URL of a front end that is no endpoint yet")
          ->type_name("URL")
          ->excludes(endpoint);
  CLI::Option* const credential =
      app.add_option("--credential", discover.credential, "Entry of `credentials`, for --url")
          ->type_name("NAME")
          ->needs(url);
  url->needs(credential);
  app.add_flag("--diff", discover.diff,
               "Compare with the configuration: exit 0 equal, 1 different, 2 could not be asked");
  app.add_flag("--debug", discover.debug, "Show what was sent and read, secrets masked");
}

/// `--flag=` with nothing behind it: the parser would take the next argument for its value.
std::string empty_value(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") {
      break;
    }
    if (argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      return std::string(argument.substr(0, argument.size() - 1));
    }
  }
  return {};
}

/// No flag and no name may be an empty text.
void refuse_empty_values(CLI::App& app) {
  for (CLI::Option* const option : app.get_options()) {
    if (option->get_items_expected_max() > 0) {
      // As a transformation, because these are asked before all checks.
      option->transform(CLI::Validator(
          [](std::string& text) { return std::string(text.empty() ? "is empty" : ""); }, ""));
    }
  }
  for (CLI::App* const command : app.get_subcommands({})) {
    refuse_empty_values(*command);
  }
}

/// A flag of the agent before a command would be ignored: false with a message.
bool fits_command(CLI::App& app) {
  const auto commands = app.get_subcommands();
  for (const CLI::Option* const option : app.get_options()) {
    if (!commands.empty() && option->count() > 0 && option->get_name() != "--config.file") {
      fmt::print(stderr, "sfb_backup_exporter {0}: {1} does not go with {0}; leave it out\n",
                 commands.front()->get_name(), option->get_name());
      return false;
    }
  }
  return true;
}

/// What was typed, for a terminal: without escape sequences, and not without end.
std::string echoed(std::string_view text) {
  const std::string_view shown = sfb::cut_utf8(text);
  return sfb::visible(shown) + (shown.size() < text.size() ? "...\n" : "");
}

int run(int argc, char** argv) {
  CLI::App app{
      "Prometheus exporter for the Backup Service of Skype for Business Server and Lync Server "
      "2013"};
  app.name("sfb_backup_exporter");
  AgentOptions agent;
  add_config_option(app, agent.config_files);
  app.add_flag("--config.check", agent.check_only,
               "Check the configuration, print what is wrong, exit 0 or 1");
  CLI::Option* const listen = app.add_option("--web.listen-address", agent.listen_addresses,
                                             "host:port or unix:/path; repeatable")
                                  ->default_str(kDefaultAddress)
                                  ->type_name("ADDRESS")
                                  ->allow_extra_args(false);
  app.add_flag("--web.systemd-socket", agent.systemd_socket,
               "Use the sockets that systemd hands over, instead of --web.listen-address")
      ->excludes(listen);
  app.add_option("--web.health-listen-address", agent.health_addresses,
                 "host:port or unix:/path where only the health pages answer, without TLS; "
                 "repeatable")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
  app.add_option("--web.telemetry-path", agent.metrics_path, "Where the metrics are")
      ->type_name("PATH")
      ->check([](const std::string& text) {
        const sfb::Status status = sfb::serve::check_metrics_path(text);
        return status ? "" : describe(status.error());
      })
      ->capture_default_str();
  app.add_option("--web.config.file", agent.web_config_file,
                 "TLS and users of the agent's own pages, in the exporters' common format")
      ->type_name("FILE");
  app.add_option("--web.allowed-host", agent.allowed_hosts,
                 "Further name that requests may have in their Host header; repeatable")
      ->type_name("HOST")
      ->allow_extra_args(false);
  app.add_option("--timeout-offset", agent.timeout_offset,
                 "Seconds that /probe ends before the scraper's time-out, a tenth of that at most")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, 60.0))
      ->capture_default_str();
  app.add_flag("--web.enable-lifecycle", agent.enable_lifecycle,
               "Let callers of the pages reload the configuration: POST /-/reload");
  app.add_option("--web.runbook-url", agent.runbook_url,
                 "Where the runbooks lie that the API names")
      ->type_name("URL")
      ->capture_default_str();
  app.add_option("--storage.path", agent.storage_path,
                 "Folder of the state that outlives a restart (deploy/state.md); default: "
                 "$STATE_DIRECTORY, else none")
      ->type_name("FOLDER");
  add_shard_options(app, agent.shard);
  std::string level = "info";
  std::string format = "logfmt";
  app.add_option("--log.level", level, "Least severity to log")
      ->check(parsed_by(sfb::parse_log_level, agent.log_level, "debug|info|warn|error"))
      ->capture_default_str();
  app.add_option("--log.format", format, "Form of log lines")
      ->check(parsed_by(sfb::parse_log_format, agent.log_format, "logfmt|json"))
      ->capture_default_str();

  EvaluateOptions evaluate;
  CLI::App* evaluate_command = app.add_subcommand(
      "evaluate", "Evaluate one pool now, in the foreground: for setting up a pool");
  add_config_option(*evaluate_command, evaluate.config_files);
  add_output_options(*evaluate_command, evaluate.output);
  evaluate_command->add_flag("--debug", evaluate.debug,
                             "Show what was sent and read, secrets masked");
  evaluate_command->add_option("POOL", evaluate.pool, "Pool FQDN, as configured")->required();

  DiscoverOptions discover;
  CLI::App* discover_command = app.add_subcommand(
      "discover",
      "Ask a front end for the pools of its deployment and print the section `pools` for them");
  add_discover_options(*discover_command, discover);

  OutputOptions render;
  CLI::App* render_command = app.add_subcommand(
      "render", "Print a CLIXML document from stdin as the PowerShell console would");
  add_output_options(*render_command, render);

  std::string health = kDefaultAddress;
  CLI::App* health_command = app.add_subcommand(
      "health", "Ask an agent whether it answers, as a container's health check");
  health_command->add_option("ADDRESS", health, "host:port or unix:/path")->capture_default_str();
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", sfb::version_text("sfb_backup_exporter"));
  for (CLI::App* const command : app.get_subcommands({})) {
    command->set_version_flag("--version",
                              sfb::version_text("sfb_backup_exporter " + command->get_name()));
  }
  refuse_empty_values(app);

  if (const std::string flag = empty_value(argc, argv); !flag.empty()) {
    restore_signals();
    fmt::print(stderr, "{}: is empty\nWrite a value behind {}=, or leave the flag out.\n", flag,
               flag);
    return kUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    restore_signals();
    // Not the parser's own words, which name them from the last to the first.
    fmt::print(stderr, "not expected: {}\nRun with --help for more information.\n",
               echoed(fmt::format("{}", fmt::join(app.remaining(true), " "))));
    return kUsage;
  } catch (const CLI::ParseError& error) {
    restore_signals();
    std::ostringstream complaint;
    const int code = app.exit(error, std::cout, complaint);
    fmt::print(stderr, "{}", echoed(complaint.str()));
    return code == 0 ? kGood : kUsage;
  }
  if (!fits_command(app)) {
    restore_signals();
    return kUsage;
  }
  const bool serves = app.get_subcommands().empty() && !agent.check_only;
  serves ? settle_signals() : restore_signals();
  if (*render_command) {
    if (!goes_together(*render_command, render)) {
      return kUsage;
    }
    return run_render(render);
  }
  if (*health_command) {
    return run_health(health);
  }
  // Before the command or behind it.
  const auto chosen = [&](std::vector<std::string>& own) {
    if (own.empty()) {
      own = agent.config_files.empty() ? std::vector<std::string>{kDefaultConfig}
                                       : agent.config_files;
    }
  };
  if (*discover_command) {
    chosen(discover.config_files);
    return run_discover(discover);
  }
  if (*evaluate_command) {
    if (!goes_together(*evaluate_command, evaluate.output)) {
      return kUsage;
    }
    chosen(evaluate.config_files);
    return run_evaluate(evaluate);
  }
  if (!is_a_shard(agent.shard)) {
    return kUsage;
  }
  if (agent.storage_path.empty()) {
    agent.storage_path = state_directory();
  }
  if (agent.config_files.empty()) {
    agent.config_files = {kDefaultConfig};
  }
  if (agent.listen_addresses.empty() && !agent.systemd_socket) {
    agent.listen_addresses = {kDefaultAddress};
  }
  return run_agent(agent);
}

}  // namespace

int main(int argc, char** argv) {
  if (!prepare_process()) {
    return kFailed;
  }
  try {
    return leave(run(argc, argv));
  } catch (const std::exception& error) {
    // The one place where exceptions end: only start-up and broken invariants throw. Not
    // fmt::print: it throws too where stderr cannot be written.
    std::fprintf(stderr, "sfb_backup_exporter: %s\n", error.what());
    return kFailed;
  }
}
