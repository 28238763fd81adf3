// Entry point of the commands named as the cmdlets: which one it is, its name says.
#include "agent/base/descriptor.hpp"
#include "agent/base/text.hpp"
#include "agent/client/client.hpp"
#include "agent/net/worker_pool.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

namespace {

// A server's control characters must not reach a terminal.
void print(std::FILE* stream, const std::string& text) {
  const std::string shown = isatty(fileno(stream)) != 0 ? sfb::visible(text) : text;
  std::fwrite(shown.data(), 1, shown.size(), stream);
}

}  // namespace

int main(int argc, char** argv) {
  if (!sfb::open_missing_streams()) {
    return sfb::client::kFailed;
  }
  const sfb::binding::Cmdlet& cmdlet = sfb::client::cmdlet_named(argc > 0 ? argv[0] : "");
  try {
    sfb::client::RunOptions options;
    options.access = sfb::client::access_from([](const char* name) { return std::getenv(name); });
    options.width = sfb::client::terminal_width();
    const auto printout = sfb::client::run(
        cmdlet, std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc), options);
    print(stdout, printout.out);
    print(stderr, printout.err);
    if (std::fflush(stdout) != 0) {
      std::perror((cmdlet.name + ": stdout").c_str());
      return sfb::client::kFailed;
    }
    if (sfb::net::WorkerPool::left_behind() > 0) {
      std::_Exit(printout.exit_code);  // a look-up hangs, and must not see what `exit` destroys
    }
    return printout.exit_code;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s : %s\n", cmdlet.name.c_str(), error.what());
    return sfb::client::kFailed;
  }
}
