#include "agent/client/client.hpp"

#include "agent/base/build_info.hpp"
#include "agent/client/monitor.hpp"
#include "agent/http/fetch.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sfb::client {

namespace {

constexpr int kDefaultWidth = 120;
constexpr std::chrono::seconds kMonitorTimeout{9};
constexpr const char* kDefaultUrl = "http://127.0.0.1:9943";
// Verdicts of the agent that need no word (X-Verdict).
constexpr std::array<std::string_view, 2> kFine = {"working properly", "good"};

// What json and clixml do not hold and the text does, a line each.
std::string beside_lines(const http::Response& response) {
  std::string lines;
  for (const auto& [header, name] :
       {std::pair{"X-Warnings", "warnings"}, std::pair{"X-Nonfatal-Errors", "non-fatal errors"}}) {
    if (const std::string* const told = response.header(header); told != nullptr) {
      lines += fmt::format("{}: {}\n", name, *told);
    }
  }
  return lines;
}

// The last line, behind what the cmdlet itself prints.
std::string verdict_line(const http::Response& response) {
  const std::string* const verdict = response.header("X-Verdict");
  if (verdict == nullptr || std::ranges::find(kFine, *verdict) != kFine.end()) {
    return {};
  }
  return fmt::format("verdict: {}\n", *verdict);
}

http::FetchOptions fetch_options(const binding::Cmdlet& cmdlet, const RunOptions& options,
                                 http::ClientIdentity identity) {
  http::FetchOptions fetch;
  fetch.url = options.access.url.empty() ? kDefaultUrl : options.access.url;
  fetch.identity = std::move(identity);
  fetch.timeout = options.timeout;
  fetch.headers = {{"User-Agent", cmdlet.name}};
  return fetch;
}

Printout run_monitor(const binding::Cmdlet& cmdlet, const MonitorOptions& monitor,
                     const RunOptions& options) {
  auto identity = identity_of(options.access);
  if (!identity) {
    return print_monitor(monitor, std::unexpected(identity.error()));
  }
  http::FetchOptions fetch = fetch_options(cmdlet, options, std::move(*identity));
  // Nagios ends a check after ten seconds, and says nothing of why it took so long.
  fetch.timeout = std::min(fetch.timeout, kMonitorTimeout);
  fetch.headers.push_back({"Accept", "application/json"});
  return print_monitor(monitor, http::fetch(fetch, monitor_target(monitor)));
}

Printout failure(std::string_view cmdlet, const std::string& message, int code) {
  return {{}, fmt::format("{} : {}\n", cmdlet, message), code};
}

}  // namespace

Printout print_response(std::string_view cmdlet, const http::Response& response, bool logged_in) {
  std::string body = response.body ? *response.body : std::string();
  if (!body.empty() && body.back() != '\n') {
    body += '\n';
  }
  const std::string* outcome = response.header("X-Outcome");
  if (response.status == 200) {
    if (outcome == nullptr) {
      return {std::move(body),
              fmt::format("{} : the answer does not come from sfb_backup_exporter (no X-Outcome): "
                          "check SFB_BACKUP_EXPORTER_URL\n",
                          cmdlet),
              kFailed};
    }
    return {std::move(body), beside_lines(response) + verdict_line(response),
            *outcome == "good" ? kGood : kFailed};
  }
  if (body.empty()) {
    body = fmt::format("{} : the agent answered {} {}\n", cmdlet, response.status,
                       http::status_text(response.status));
  }
  if (response.status == 401) {
    body +=
        fmt::format("{} : {}\n", cmdlet,
                    logged_in ? "the agent does not take the login of the environment "
                                "variables SFB_BACKUP_EXPORTER_*"
                              : "set SFB_BACKUP_EXPORTER_USER and "
                                "SFB_BACKUP_EXPORTER_PASSWORD_FILE, "
                                "SFB_BACKUP_EXPORTER_TOKEN_FILE, "
                                "SFB_BACKUP_EXPORTER_CERT_FILE and SFB_BACKUP_EXPORTER_KEY_FILE, "
                                "or SFB_BACKUP_EXPORTER_NEGOTIATE=1 for your Kerberos ticket");
  }
  return {{}, std::move(body), response.status == 400 ? kUsage : kFailed};
}

Printout run(const binding::Cmdlet& cmdlet, const std::vector<std::string>& arguments,
             const RunOptions& options) {
  const auto monitor = read_monitor_options(cmdlet, arguments);
  if (!monitor) {
    return monitor.error();
  }
  if (*monitor) {
    return run_monitor(cmdlet, **monitor, options);
  }
  const auto parsed = parse_arguments(cmdlet, arguments, options.width);
  if (!parsed) {
    return {{}, parsed.error().text, kUsage};
  }
  if (parsed->help) {
    return {usage(cmdlet), {}, kGood};
  }
  if (parsed->version) {
    return {version_text(cmdlet.name), {}, kGood};
  }
  auto identity = identity_of(options.access);
  if (!identity) {
    return failure(cmdlet.name, describe(identity.error()),
                   identity.error().code == "client.login" ? kUsage : kFailed);
  }
  const http::FetchOptions fetch = fetch_options(cmdlet, options, std::move(*identity));
  const auto answer = http::fetch(fetch, request_target(*parsed, options.width));
  if (!answer) {
    const bool bad_url = answer.error().code == "client.url";
    return failure(cmdlet.name,
                   (bad_url ? "SFB_BACKUP_EXPORTER_URL: " : "") + describe(answer.error()),
                   bad_url ? kUsage : kFailed);
  }
  return print_response(cmdlet.name, *answer,
                        !fetch.identity.authorization.empty() || fetch.identity.prove);
}

int terminal_width() {
  winsize size{};
  if (isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
      size.ws_col > 0) {
    return size.ws_col;
  }
  return kDefaultWidth;
}

}  // namespace sfb::client
