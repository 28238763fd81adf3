#include "agent/app/loading.hpp"

#include "agent/app/patience.hpp"
#include "agent/app/setup.hpp"
#include "agent/app/watched_files.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace sfb::app {

namespace {

Loading::Outcome load_now(const std::vector<std::string>& files, FileInHand& hand) {
  config::Capabilities build = capabilities();
  build.keytab = [&hand, look_at = std::move(build.keytab)](const std::string& path) {
    const FileInHand::Look look(hand, path);
    return look_at(path);
  };
  auto loaded = config::load(files, build, WatchedFiles(hand));
  if (!loaded) {
    return std::unexpected(std::move(loaded.error()));
  }
  KeyMarks keys = key_marks(loaded->settings, hand);
  return Reading{std::move(*loaded), std::move(keys)};
}

}  // namespace

std::optional<Reading> read_or_complain(const std::vector<std::string>& files) {
  auto read = patiently([files](FileInHand& hand) { return load_now(files, hand); });
  if (!read) {
    return std::nullopt;
  }
  if (*read) {
    return std::move(**read);
  }
  for (const config::Problem& problem : read->error()) {
    fmt::print(stderr, "{}\n", config::to_string(problem));
  }
  return std::nullopt;
}

boost::asio::awaitable<Result<Loading::Outcome>> Loading::read(std::vector<std::string> files,
                                                               MonoTime deadline) {
  const auto hand = hand_;
  auto outcome = co_await pool_.run_until(
      [files = std::move(files), hand]() -> Result<Outcome> { return load_now(files, *hand); },
      deadline, "config.hung");
  if (!outcome && outcome.error().code == "config.hung") {
    outcome.error() = hand->hung("config.hung");
  }
  co_return outcome;
}

}  // namespace sfb::app
