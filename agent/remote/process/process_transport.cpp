#include "agent/remote/process/process_transport.hpp"

#include "agent/remote/process/process_lane.hpp"
#include "agent/remote/session/lanes_transport.hpp"

#include <utility>

namespace sfb::remote {

namespace {

// An answer read beside the loop takes some 10 ms for each MiB.
constexpr std::size_t kAnswerReaders = 1;
constexpr std::size_t kAnswerJobs = 4096;

}  // namespace

std::shared_ptr<Transport> make_process_transport(boost::asio::any_io_executor executor,
                                                  SshOptions options, const Clock& clock,
                                                  Logger logger) {
  if (!options.budget) {
    options.budget = std::make_shared<ByteBudget>(options.limits.in_flight);
  }
  if (!options.readers) {
    options.readers = std::make_shared<net::WorkerPool>("answers", kAnswerReaders, kAnswerJobs);
  }
  LanesOptions lanes{.endpoint = options.endpoint,
                     .transport = "ssh",
                     .max_concurrent = options.max_concurrent,
                     .reuse = options.reuse,
                     .close_cap = options.close_cap,
                     .session_idle = options.session_idle};
  const auto endpoint = std::make_shared<SshEndpoint>(SshEndpoint{.executor = executor,
                                                                  .options = std::move(options),
                                                                  .clock = clock,
                                                                  .logger = std::move(logger)});
  return std::make_shared<LanesTransport>(std::move(executor), std::move(lanes), [endpoint] {
    return std::make_shared<ProcessLane>(endpoint);
  });
}

}  // namespace sfb::remote
