// The process that `--stdio` is: one Process on this process's streams.
#pragma once

#include "tests/simulator/process.hpp"

#include <deque>
#include <string>
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
  void write(const std::vector<std::string>& lines);
  int end(const std::string& what, bool orderly);
  /// The client has sent more for this PSGuid before it could have had the ack.
  bool overtaken(const std::string& guid) const;

  World& world_;
  Process process_;
  bool errors_on_stdout_;
  std::string end_of_line_;
  std::string partial_;  ///< a line without its end
  std::deque<std::string> lines_;
};

}  // namespace sim
