#include "agent/client/monitor_options.hpp"

#include "agent/base/text.hpp"
#include "agent/client/arguments.hpp"
#include "collectors/collector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sfb::client {

namespace {

constexpr int kUnknown = 3;  // of Nagios' plugins: wrong usage is never good
constexpr int kWide = 500;

std::optional<Monitor> form_of(std::string_view word) {
  if (word == "--nagios") {
    return Monitor::nagios;
  }
  return word == "--checkmk" ? std::optional(Monitor::checkmk) : std::nullopt;
}

Printout refusal(Monitor form, std::string text) {
  std::ranges::replace(text, '\n', ' ');
  std::ranges::replace(text, '|', '/');
  text = visible(text);
  // Checkmk shows what stands on stderr nowhere, so that a wrong line is seen as a state, too.
  return form == Monitor::nagios
             ? Printout{fmt::format("SFBBACKUP UNKNOWN - usage: {}\n", text), {}, kUnknown}
             : Printout{fmt::format("3 \"SfB Backup exporter\" - usage: {}\n", text), {}, kGood};
}

// The flags with a value among the words, which lose them.
class Thresholds {
 public:
  explicit Thresholds(MonitorOptions& options) : options_(options) {}

  /// False: a mistake, which `mistake` names.
  bool take(std::vector<std::string>& words) {
    std::vector<std::string> rest;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::size_t equals = words[i].find('=');
      Range* const range = of(words[i].substr(0, equals));
      if (range == nullptr) {
        rest.push_back(std::move(words[i]));
        continue;
      }
      if (equals == std::string::npos && i + 1 == words.size()) {
        mistake = words[i] + " wants an age";
        return false;
      }
      const std::string text =
          equals == std::string::npos ? words[++i] : words[i].substr(equals + 1);
      auto read = parse_range(text);
      if (!read) {
        mistake = describe(read.error());
        return false;
      }
      *range = std::move(*read);
    }
    words = std::move(rest);
    return true;
  }

  std::string mistake;

 private:
  Range* of(std::string_view flag) const {
    if (flag == "--warning") {
      return &options_.warning;
    }
    return flag == "--critical" ? &options_.critical : nullptr;
  }

  MonitorOptions& options_;
};

}  // namespace

std::expected<std::optional<MonitorOptions>, Printout> read_monitor_options(
    const binding::Cmdlet& cmdlet, const std::vector<std::string>& words) {
  std::vector<std::string> rest = words;
  const auto first = std::ranges::find_if(rest, [](const auto& word) { return !!form_of(word); });
  if (first == rest.end()) {
    return std::optional<MonitorOptions>();
  }
  MonitorOptions options{.form = *form_of(*first)};
  const auto refuse = [&](std::string text) {
    return std::unexpected(refusal(options.form, std::move(text)));
  };
  rest.erase(first);
  if (std::ranges::any_of(rest, [](const auto& word) { return !!form_of(word); })) {
    return refuse("--nagios and --checkmk stand once and not together");
  }
  if (&cmdlet != &collectors::pool_status().cmdlet()) {
    return refuse(cmdlet.name + " has no verdict: call Get-CsBackupServiceStatus");
  }
  Thresholds thresholds(options);
  if (!thresholds.take(rest)) {
    return refuse(thresholds.mistake);
  }
  if (rest.empty()) {
    return options;
  }
  const auto parsed = parse_arguments(cmdlet, rest, kWide);
  if (!parsed) {
    return refuse(parsed.error().text);
  }
  if (parsed->help || parsed->version) {
    return std::optional<MonitorOptions>();
  }
  if (parsed->typed.size() != 1 || parsed->as != "text" || !parsed->edition.empty() ||
      !parsed->view.empty() || !parsed->expand.empty()) {
    return refuse("only -PoolFqdn, --warning and --critical go with --nagios and --checkmk");
  }
  options.pool = parsed->pool;
  return options;
}

}  // namespace sfb::client
