// The process that `--stdio` is: one Process on this process's streams.
#pragma once

#include "tests/simulator/process.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

/// Thread rule: the thread of `run`, which does nothing else. Blocks in a write when the client
/// does not read, as the real one does.
class Stdio {
 public:
  /// `errors_on_stdout`: as lines on stdout, `__NamedPipeError__:` before the first, not on stderr.
  Stdio(World& world, const Listener& listener, bool errors_on_stdout);

  /// Until the end of stdin, or something that a real engine does not bear: its exit status.
  int run();

 private:
  /// Waits for more of stdin, or for what is due; false: stdin has ended.
  bool wait();
  bool read();
  /// One line of the client; false: it ends the process.
  bool take(const std::string& line);
  bool take(const Packet& packet);
  void write(std::vector<std::string> lines);
  /// Bytes, in drips if a fault says so.
  void put(std::string_view text);
  int end(const std::string& what, bool orderly);
  /// The client has sent more for this PSGuid before it could have had the ack.
  bool overtaken(const std::string& guid) const;

  // stdio_faults.cpp
  /// What a fault does before the step that it was found for; false: the step is left out.
  bool before(const Fault& fault);
  /// What a fault does to the lines of a step; `fault_` is gone when it was done.
  void spoil(std::vector<std::string>& lines);
  [[noreturn]] void leave(const Fault& fault);
  [[noreturn]] void stay(Millis time);

  World& world_;
  std::string listener_;
  Process process_;
  std::optional<Fault> fault_;   ///< of the step under way
  std::optional<Fault> linger_;  ///< at the end
  bool hangs_ = false;
  bool errors_on_stdout_;
  std::string end_of_line_;
  std::string partial_;  ///< a line without its end
  std::deque<std::string> lines_;
};

}  // namespace sim
