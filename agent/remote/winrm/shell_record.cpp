#include "agent/remote/winrm/shell_record.hpp"

#include "agent/net/deadline.hpp"
#include "agent/wsman/request.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace sfb::remote {

namespace asio = boost::asio;

namespace {

constexpr int kClearTries = 3;
constexpr std::chrono::milliseconds kLeftPatience{2'000};
// How long a Create waits for its trace on disk.
constexpr std::chrono::milliseconds kWritten{500};

// One session of an endpoint deletes what was left; the others wait for that.
class Clearing {
 public:
  explicit Clearing(WinrmEndpoint& endpoint) : endpoint_(endpoint) { endpoint_.clearing = true; }
  ~Clearing() {
    endpoint_.clearing = false;
    endpoint_.cleared->notify_all();
  }
  Clearing(const Clearing&) = delete;
  Clearing& operator=(const Clearing&) = delete;

 private:
  WinrmEndpoint& endpoint_;
};

}  // namespace

asio::awaitable<void> ShellRecord::clear_left(std::string url, MonoTime deadline,
                                              StageTimes& times) {
  const auto endpoint = endpoint_;
  const auto& ledger = endpoint->options.ledger;
  if (!ledger) {
    co_return;
  }
  while (endpoint->clearing && net::mono_now() < deadline) {
    co_await endpoint->cleared->wait_until(deadline);
  }
  const std::vector<ShellLedger::Left> all = ledger->left(url);
  if (all.empty() || endpoint->clearings[url]++ >= kClearTries) {
    co_return;
  }
  const Clearing clearing(*endpoint);
  for (const ShellLedger::Left& left : all) {
    wsman::Envelope envelope =
        wsman::remove({.to = url,
                       .configuration_name = left.configuration,
                       .session_id = parse_guid(left.session).value_or(random_guid())},
                      random_guid(), left.shell, kLeftPatience);
    // Whatever the server says to it: it is gone, or cannot be deleted by us.
    const auto reply = co_await link_.post({.stage = Stage::open,
                                            .envelope = std::move(envelope.xml),
                                            .messages = {},
                                            .patience = kLeftPatience,
                                            .cap = kLeftPatience,
                                            .deadline = deadline},
                                           times);
    if (!reply) {
      link_.drop();
      co_return;  // the Create tells what is wrong
    }
    endpoint->logger.info(
        "a session that an earlier process left is deleted",
        {{"endpoint", endpoint->options.endpoint}, {"status", std::to_string(reply->status)}});
    ledger->gone(url, left.shell);
  }
}

void ShellRecord::made(const WinrmSession& session, std::function<void()> written) {
  url_ = session.url().str();
  shell_ = session.shell_id();
  endpoint_->options.ledger->made(
      url_, {shell_, endpoint_->options.configuration_name, to_string(session.session_id())},
      std::move(written));
}

asio::awaitable<void> ShellRecord::about_to_make(const WinrmSession& session, MonoTime deadline) {
  if (!endpoint_->options.ledger || !session.holds_shell()) {
    co_return;
  }
  struct Written {
    bool done = false;
    net::Wake wake;
  };
  const auto written = std::make_shared<Written>();
  made(session, [executor = endpoint_->executor, written] {
    asio::post(executor, [written] {
      written->done = true;
      written->wake.notify_all();
    });
  });
  co_await written->wake.wait_until(std::min<MonoTime>(deadline, net::mono_now() + kWritten));
}

void ShellRecord::note(const WinrmSession& session) {
  const auto& ledger = endpoint_->options.ledger;
  const bool holds = session.holds_shell();
  if (!ledger || (holds && session.shell_id() == shell_)) {
    return;
  }
  const std::string before = std::exchange(shell_, {});
  const std::string url = url_;
  if (holds) {
    made(session, [] {});  // the server gave it another id
  }
  if (!before.empty()) {
    ledger->gone(url, before);
  }
}

}  // namespace sfb::remote
