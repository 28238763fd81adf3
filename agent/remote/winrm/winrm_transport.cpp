#include "agent/remote/winrm/winrm_transport.hpp"

#include "agent/auth/basic.hpp"
#include "agent/remote/session/lanes_transport.hpp"
#include "agent/remote/winrm/winrm_lane.hpp"

namespace sfb::remote {

namespace {

namespace asio = boost::asio;

// Reads of one endpoint's password and CA file that may wait for each other: one for each session
// there may be, and some.
std::size_t most_file_jobs(std::size_t max_concurrent) {
  return 64 + 2 * max_concurrent;
}

// An answer read beside the loop takes some 10 ms for each MiB.
constexpr std::size_t kReaders = 1;
constexpr std::size_t kReadJobs = 4096;
// A thread that hangs on a dead mount is not waited for, neither at a reload nor at the end.
constexpr std::chrono::milliseconds kFileGrace{20};
// What is told goes out without the secrets that were sent: a peer may repeat them.
class RedactingObserver final : public Observer {
 public:
  RedactingObserver(std::shared_ptr<Observer> observer, const Redactor& redactor)
      : observer_(std::move(observer)), redactor_(redactor) {}

  void stage(const StageTime& time) override { observer_->stage(time); }
  void fact(std::string_view name, std::string_view value) override {
    observer_->fact(name, redactor_(value));
  }
  bool wants_wire() const override { return observer_->wants_wire(); }
  void wire(std::string_view direction, std::string_view text) override {
    observer_->wire(direction, redactor_(text));
  }

 private:
  std::shared_ptr<Observer> observer_;
  const Redactor& redactor_;
};

class WinrmTransport final : public LanesTransport {
 public:
  explicit WinrmTransport(const std::shared_ptr<WinrmEndpoint>& endpoint)
      : LanesTransport(endpoint->executor,
                       {.endpoint = endpoint->options.endpoint,
                        .transport = "winrm",
                        .max_concurrent = endpoint->options.max_concurrent,
                        .reuse = endpoint->options.reuse,
                        .close_cap = endpoint->options.close_cap,
                        .session_idle = endpoint->options.session_idle},
                       [endpoint] { return std::make_shared<WinrmLane>(endpoint); }),
        endpoint_(endpoint) {}

  std::optional<std::uint64_t> secret() const override { return endpoint_->password->number(); }
  void refresh(std::optional<std::uint64_t> known) override {
    endpoint_->tls.reset();
    endpoint_->password->refresh(known);
  }
  void on_credentials(std::function<void(std::uint64_t)> callback) override {
    endpoint_->password->on_change(std::move(callback));
  }

 private:
  std::shared_ptr<WinrmEndpoint> endpoint_;
};

}  // namespace

WinrmServices::WinrmServices(asio::any_io_executor executor)
    : secrets(std::make_shared<os::SharedWatch>(std::move(executor))),
      readers("answers", kReaders, kReadJobs) {}

Status WinrmServices::start() {
  const Status started = resolver.start();
  return started ? readers.start() : started;
}

std::shared_ptr<Transport> make_winrm_transport(asio::any_io_executor executor,
                                                WinrmOptions options, const Clock& clock,
                                                Logger logger) {
  if (!options.budget) {
    options.budget = std::make_shared<ByteBudget>(options.limits.in_flight);
  }
  if (!options.services) {
    options.services = std::make_shared<WinrmServices>(executor);
  }
  options.services->trusted.forget();  // a reload reads the system's store anew
  const auto files = std::make_shared<net::WorkerPool>(
      "secrets", 1, most_file_jobs(options.max_concurrent), kFileGrace);
  auto password = PasswordFile::create(executor, files, options.services->secrets,
                                       options.credentials.password_file, logger);
  auto make_scheme = [user = options.credentials.username](const auth::Peer& peer) {
    return auth::make_basic(user, peer.password);
  };
  const auto endpoint =
      std::make_shared<WinrmEndpoint>(WinrmEndpoint{.executor = std::move(executor),
                                                    .options = std::move(options),
                                                    .password = std::move(password),
                                                    .files = files,
                                                    .make_scheme = std::move(make_scheme),
                                                    .tls = nullptr,
                                                    .redactor = {},
                                                    .clock = clock,
                                                    .logger = std::move(logger),
                                                    .observer = nullptr});
  if (endpoint->options.observer) {
    endpoint->observer =
        std::make_shared<RedactingObserver>(endpoint->options.observer, endpoint->redactor);
  }
  return std::make_shared<WinrmTransport>(endpoint);
}

}  // namespace sfb::remote
