#include "agent/client/client.hpp"

#include "agent/http/fetch.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace sfb::client {

namespace {

constexpr int kDefaultWidth = 120;

Printout failure(const std::string& message, int code) {
  return {{}, fmt::format("Get-CsBackupServiceStatus : {}\n", message), code};
}

}  // namespace

Printout print_response(const http::Response& response) {
  std::string body = response.body ? *response.body : std::string();
  if (!body.empty() && body.back() != '\n') {
    body += '\n';
  }
  const std::string* outcome = response.header("X-Outcome");
  if (response.status == 200) {
    if (outcome == nullptr) {
      return {std::move(body),
              "Get-CsBackupServiceStatus : the answer does not come from sfb_backup_exporter (no "
              "X-Outcome): check SFB_BACKUP_EXPORTER_URL\n",
              kFailed};
    }
    return {std::move(body), {}, *outcome == "good" ? kGood : kFailed};
  }
  if (body.empty()) {
    body = fmt::format("Get-CsBackupServiceStatus : the agent answered {} {}\n", response.status,
                       http::status_text(response.status));
  }
  return {{}, std::move(body), response.status == 400 ? kUsage : kFailed};
}

Printout run(const std::vector<std::string>& arguments, const RunOptions& options) {
  const auto parsed = parse_arguments(arguments, options.width);
  if (!parsed) {
    return {{}, parsed.error().text, kUsage};
  }
  if (parsed->help) {
    return {usage(), {}, kGood};
  }
  http::FetchOptions fetch;
  fetch.url = options.url;
  fetch.timeout = options.timeout;
  fetch.headers = {{"User-Agent", "Get-CsBackupServiceStatus"}};
  const auto answer = http::fetch(fetch, request_target(*parsed, options.width));
  if (!answer) {
    const bool bad_url =
        answer.error().code == "client.url" || answer.error().code == "client.https";
    return failure((bad_url ? "SFB_BACKUP_EXPORTER_URL: " : "") + describe(answer.error()),
                   bad_url ? kUsage : kFailed);
  }
  return print_response(*answer);
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
