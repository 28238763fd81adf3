// What --web.config.file says, as it is now: read at the start, looked at again for connections and
// requests, the last good one kept.
#pragma once

#include "agent/base/file_in_hand.hpp"
#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/http/tls_source.hpp"
#include "agent/net/deadline.hpp"
#include "agent/net/wake.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/serve/self_metrics.hpp"
#include "config/web_config.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sfb::app {

/// Immutable when it is shared.
struct WebState {
  config::WebConfig config;
  std::shared_ptr<net::TlsServer> tls;  ///< null: plain HTTP
};
using WebStatePtr = std::shared_ptr<const WebState>;

/// One reading of the file and of those that it names.
struct WebReading {
  std::expected<WebStatePtr, std::vector<std::string>> state;  ///< or one line a problem
  std::vector<std::string> warnings;                           ///< one line each
  std::vector<std::string> files;                              ///< absolute
  std::string seen;         ///< what the file system said of them before they were read
  std::size_t content = 0;  ///< a hash of what was in them
  /// One was written so lately that the file system may not tell another change from it.
  bool young = false;
};

/// Reads the file and makes its TLS. `before` is what is in use: a new file that lets in whom that
/// one keeps out, because TLS, the users or what clients' certificates must be is gone, may be half
/// a file. It is refused; a restart takes it. Blocks; `hand` has the file that is looked at. Thread
/// rule: any thread.
WebReading read_web(const std::string& path, const WebState* before, FileInHand& hand);

/// The same at the start: problems are printed to stderr, one a line; nothing then.
std::optional<WebReading> read_web_or_complain(const std::string& path);

/// Thread rule: loop thread; kept alive by its own coroutines.
class Web : public http::TlsSource, public std::enable_shared_from_this<Web> {
 public:
  struct Parts {
    std::string path;
    boost::asio::any_io_executor loop;
    net::WorkerPool& pool;  ///< reads the files; it outlives the loop's last step
    const Clock& clock;
    Logger logger;
    std::shared_ptr<serve::SelfMetrics> self;
  };
  /// `first` is a good reading.
  Web(Parts parts, WebReading first);

  WebStatePtr state() const { return state_; }
  std::shared_ptr<net::TlsServer> known() const override { return state_->tls; }
  boost::asio::awaitable<std::shared_ptr<net::TlsServer>> current() override;
  /// Looks whether a file has changed, at most once a second, and waits for the result for a while.
  boost::asio::awaitable<void> look();
  /// Reads everything anew. What is wrong, one line each; nothing when it is in use.
  boost::asio::awaitable<std::vector<std::string>> reload();

 private:
  static boost::asio::awaitable<void> read(std::shared_ptr<Web> self, bool anew);
  void begin(bool anew);
  void apply(WebReading reading);
  void refuse(std::vector<std::string> problems);

  Parts parts_;
  WebStatePtr state_;
  WebReading last_;                    ///< good or not
  std::vector<std::string> problems_;  ///< of the last reading
  MonoTime next_look_;
  bool reading_ = false;
  bool again_ = false;        ///< a reload was wanted meanwhile
  bool unreachable_ = false;  ///< the last reading did not end in time
  std::shared_ptr<FileInHand> hand_ = std::make_shared<FileInHand>();
  net::Wake looked_;
};

}  // namespace sfb::app
