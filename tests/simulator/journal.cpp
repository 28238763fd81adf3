#include "tests/simulator/journal.hpp"

#include "tests/simulator/json.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace sim {

std::optional<std::string> Journal::open(const std::string& path) {
  path_ = path;
  file_.reset(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  return file_.get() >= 0
             ? std::nullopt
             : std::optional(fmt::format("{} cannot be written: {}", path, std::strerror(errno)));
}

std::size_t Journal::count(const std::string& text) const {
  const std::string mine = fmt::format(R"({{"pid": {},)", ::getpid());
  std::ifstream file(path_);
  std::size_t seen = 0;
  std::size_t count = 1;
  for (std::string line; file_.get() >= 0 && std::getline(file, line);) {
    seen += line.contains(text) ? 1U : 0U;
    count = line.starts_with(mine) ? seen : count;
  }
  return count;
}

void Journal::write(const std::string& event, const Fields& fields) {
  if (file_.get() < 0) {
    return;
  }
  std::string line = fmt::format(R"({{"pid": {}, "event": {})", ::getpid(), json_text(event));
  for (const auto& [name, value] : fields) {
    line += fmt::format(", {}: {}", json_text(name), value);
  }
  line += "}\n";
  // At once, so that the lines of several processes stay whole; a full disk is nobody's business.
  [[maybe_unused]] const auto written = ::write(file_.get(), line.data(), line.size());
}

}  // namespace sim
