// One child process on a loop, for tests that stand outside it.
#pragma once

#include "agent/net/deadline.hpp"
#include "agent/os/child_process.hpp"
#include "tests/integration/net/loop.hpp"

#include <gtest/gtest.h>
#include <sys/types.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sfb::os {

/// Long enough for every machine: only a bug makes a test wait so long.
inline MonoTime far() {
  return net::mono_now() + std::chrono::seconds(20);
}

/// It is no more, not even as a zombie.
inline bool is_reaped(pid_t pid) {
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

/// It runs no more; somebody else may have to reap it.
inline bool is_dead(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string stat{std::istreambuf_iterator<char>(file), {}};
  const auto state = stat.rfind(") ");
  return state == std::string::npos || stat[state + 2] == 'Z' || stat[state + 2] == 'X';
}

inline std::vector<std::string> shell(std::string script) {
  return {"/bin/sh", "-c", std::move(script)};
}

/// The start of a script: a process outside its group, whose number it prints.
inline std::string outsider(const std::string& redirections) {
  return "setsid sh -c 'echo $$; exec sleep 60' " + redirections + " & ";
}

class ChildTest : public testing::Test {
 protected:
  ~ChildTest() override { drop(); }

  void start(const std::vector<std::string>& argv, const std::string& folder = {}) {
    loop_.call([&] {
      auto made = ChildProcess::start(loop_.executor(), argv, folder);
      ASSERT_TRUE(made) << describe(made.error());
      child_ = std::move(*made);
    });
    ASSERT_TRUE(child_);
    pid_ = child_->pid();
  }
  void drop() {
    loop_.call([&] { child_.reset(); });
  }

  Status write(std::string bytes, MonoTime deadline = far()) {
    return loop_.start(child_->write(std::move(bytes), deadline)).get();
  }
  Result<std::string> read(MonoTime deadline = far()) {
    return loop_.start(child_->read(deadline)).get();
  }
  /// Up to the end of a line, or all there is.
  std::string read_line() {
    std::string line;
    while (!line.ends_with('\n')) {
      const auto piece = read();
      if (!piece || piece->empty()) {
        break;
      }
      line += *piece;
    }
    return line;
  }
  pid_t read_pid() {
    const std::string line = read_line();
    EXPECT_NE(line, "");
    return line.empty() ? 0 : std::stoi(line);
  }
  static boost::asio::awaitable<std::string> read_all(ChildProcess& child) {
    std::string all;
    while (true) {
      const auto piece = co_await child.read(far());
      if (!piece || piece->empty()) {
        co_return all;
      }
      all += *piece;
    }
  }
  std::string read_all() { return loop_.start(read_all(*child_)).get(); }

  std::optional<ProcessExit> exited(MonoTime deadline = far()) {
    return loop_.start(child_->exited(deadline)).get();
  }
  /// How it ended, in words; empty when that is not so.
  std::string ended() {
    const auto exit = exited();
    return exit ? exit->text() : "";
  }
  std::string end(EndPatience patience, MonoTime deadline = far()) {
    const auto exit = loop_.start(child_->end(patience, deadline)).get();
    return exit ? exit->text() : "";
  }
  std::string tail() {
    return loop_.call([&] { return child_->stderr_tail(); });
  }

  net::Loop loop_;
  std::unique_ptr<ChildProcess> child_;  // used on the loop
  pid_t pid_ = 0;
};

}  // namespace sfb::os
