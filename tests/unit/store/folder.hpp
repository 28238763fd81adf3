// A folder of its own for each test, and what is kept in it.
#pragma once

#include "agent/store/database.hpp"
#include "agent/store/opening.hpp"
#include "agent/store/schema.hpp"
#include "tests/unit/status/evaluations.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace sfb::store::testing {

using namespace std::chrono_literals;

class Folder {
 public:
  Folder() {
    std::string name = "/tmp/sfb-store-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() {
    ::chmod(path_.c_str(), 0700);
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file() const { return path_ / kFileName; }
  void write(const std::string& bytes) const {
    std::ofstream(file(), std::ios::binary | std::ios::trunc) << bytes;
  }
  std::string read() const {
    std::ifstream stream(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::size_t count(std::string_view part) const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      count += entry.path().filename().string().contains(part) ? 1U : 0U;
    }
    return count;
  }

 private:
  std::filesystem::path path_;
};

/// Rights hold for root only so: effective user nobody while it lives.
class Unprivileged {
 public:
  Unprivileged() {
    if (::geteuid() == 0) {
      changed_ = ::seteuid(65534) == 0;
    }
  }
  ~Unprivileged() {
    if (changed_) {
      static_cast<void>(!::seteuid(0));
    }
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  bool changed_ = false;
};

inline const WallTime kStart{Micros{1'700'000'000'000'000}};

inline status::HistoryEntry entry(std::uint64_t id, WallTime time,
                                  status::HistoryRing ring = status::HistoryRing::good) {
  status::HistoryEntry made;
  made.ring = ring;
  made.id = id;
  made.time = time;
  made.evaluated_at = time;
  made.good = ring == status::HistoryRing::good;
  return made;
}

inline status::KeptName pool(std::string name = "a.x") {
  return {std::move(name), "backup_service_status"};
}

inline status::KeptPool kept(std::string memory, std::uint64_t id = 0) {
  status::KeptPool made{.source = "s1", .knowledge = "k", .memory = std::move(memory)};
  if (id != 0) {
    auto evaluation = std::make_shared<status::Evaluation>(
        status::Evaluation{.question = {.pool = Fqdn::parse("a.x").value()}});
    evaluation->id = id;
    made.good = evaluation;
  }
  return made;
}

/// Answers are their number.
inline Database open(const Folder& folder, WallTime now = kStart) {
  return {open_database(folder.path(), now).value(), folder.path(),
          [](const status::Evaluation& evaluation) -> Result<std::string> {
            return fmt::format("answer {}", evaluation.id);
          }};
}

inline Found found(const Folder& folder) {
  return open(folder).load().value();
}

}  // namespace sfb::store::testing
