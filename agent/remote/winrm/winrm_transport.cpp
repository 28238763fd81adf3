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
// Of each endpoint: one that waits for a silent KDC, and one for who has a ticket.
constexpr std::size_t kLogons = 2;
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

  std::optional<std::uint64_t> secret() const override {
    return endpoint_->secret ? endpoint_->secret->number() : std::nullopt;
  }
  void refresh(std::optional<std::uint64_t> known) override {
    endpoint_->tls.reset();
    if (endpoint_->secret) {
      endpoint_->secret->refresh(known);
    }
  }
  void on_credentials(std::function<void(std::uint64_t)> callback) override {
    if (endpoint_->secret) {
      endpoint_->secret->on_change(std::move(callback));
    }
  }
  EndpointFacts facts() const override { return endpoint_->facts; }

 private:
  std::shared_ptr<WinrmEndpoint> endpoint_;
};

std::shared_ptr<PasswordFile> secret_of(const Logon& logon, const asio::any_io_executor& executor,
                                        const std::shared_ptr<net::WorkerPool>& files,
                                        const std::shared_ptr<os::SharedWatch>& watch,
                                        const Logger& logger) {
  const auto make = [&](const std::string& path, SecretKind kind) {
    return PasswordFile::create(executor, files, watch, path, logger, kind);
  };
  return !logon.password_file.empty() ? make(logon.password_file, kPassword)
         : !logon.keytab_file.empty() ? make(logon.keytab_file, kKeytab)
         : !logon.ccache_file.empty() ? make(logon.ccache_file, kTicketCache)
                                      : nullptr;
}

}  // namespace

Logon basic_logon(std::string username, std::string password_file) {
  return {.method = "basic",
          .password_file = std::move(password_file),
          .keytab_file = {},
          .ccache_file = {},
          .make_scheme = [username = std::move(username)](const auth::Peer& peer) {
            return auth::make_basic(username, peer.password);
          }};
}

Logon gss_logon(gss::Account account, std::string password_file, gss::SchemeOptions options,
                const Clock& clock) {
  constexpr std::string_view kFile = "FILE:";
  const bool file = account.ccache.starts_with(kFile);
  Logon logon{.method = std::string(gss::to_string(account.method)),
              .password_file = std::move(password_file),
              .keytab_file = account.keytab_file,
              .ccache_file = file ? account.ccache.substr(kFile.size()) : std::string(),
              .make_scheme = {}};
  logon.make_scheme = [credentials = std::make_shared<gss::Credentials>(std::move(account)),
                       options = std::move(options), &clock](const auth::Peer& peer) {
    return gss::make_scheme(credentials, options, peer, clock);
  };
  return logon;
}

WinrmServices::WinrmServices(asio::any_io_executor executor, net::Resolver::Lookup lookup)
    : resolver(net::Resolver::kThreads, std::move(lookup)),
      secrets(std::make_shared<os::SharedWatch>(std::move(executor))),
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
  const auto logons = std::make_shared<net::WorkerPool>(
      "logons", kLogons, most_file_jobs(options.max_concurrent), kFileGrace);
  auto secret = secret_of(options.logon, executor, files, options.services->secrets, logger);
  const auto endpoint =
      std::make_shared<WinrmEndpoint>(WinrmEndpoint{.executor = std::move(executor),
                                                    .options = std::move(options),
                                                    .secret = std::move(secret),
                                                    .files = files,
                                                    .logons = logons,
                                                    .tls = nullptr,
                                                    .redactor = {},
                                                    .clock = clock,
                                                    .logger = std::move(logger),
                                                    .observer = nullptr});
  if (endpoint->options.logon.method == "negotiate") {
    endpoint->facts.ntlm_logons = 0;
  }
  if (endpoint->options.observer) {
    endpoint->observer =
        std::make_shared<RedactingObserver>(endpoint->options.observer, endpoint->redactor);
  }
  return std::make_shared<WinrmTransport>(endpoint);
}

}  // namespace sfb::remote
