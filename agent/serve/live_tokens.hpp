// Tokens of machines (`authorization.tokens`), as they stand in their files now.
#pragma once

#include "agent/access/caller.hpp"
#include "agent/access/token_set.hpp"
#include "agent/base/error.hpp"
#include "agent/base/file_in_hand.hpp"
#include "agent/base/log.hpp"
#include "agent/base/secret.hpp"
#include "agent/base/time.hpp"
#include "agent/net/wake.hpp"
#include "agent/net/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::serve {

/// One token of the configuration.
struct TokenFile {
  std::string name;
  std::string path;
  std::vector<std::string> groups;

  bool operator==(const TokenFile&) const = default;
};

/// Whose a token is; `unknown`: the files could not be read in time.
struct TokenOutcome {
  std::optional<access::Caller> caller;
  bool unknown = false;
};

/// The files are read off the loop when a token comes, at most once a second. A file that cannot be
/// read, or holds no token, admits nobody: removing it takes the right away. While a look hangs,
/// what was read before counts. Thread rule: loop thread; kept alive by its own coroutines.
class Tokens : public std::enable_shared_from_this<Tokens> {
 public:
  struct Parts {
    boost::asio::any_io_executor loop;
    net::WorkerPool& files;  ///< outlives the loop's last step
    /// Reads the one line of a file. Blocks; called on a thread of `files`.
    std::function<Result<std::shared_ptr<const Secret>>(const std::string& path)> read;
    Logger logger;
    std::chrono::milliseconds patience = std::chrono::seconds(10);  ///< with a look at all files
  };
  explicit Tokens(Parts parts) : parts_(std::move(parts)) {}

  /// From now on these. Their files are looked at anew before the next token counts.
  void set(std::vector<TokenFile> files);
  bool empty() const { return files_.empty(); }
  boost::asio::awaitable<TokenOutcome> check(Secret token);

 private:
  using Contents = std::vector<Result<std::shared_ptr<const Secret>>>;  ///< of each of `files_`

  static boost::asio::awaitable<void> look(std::shared_ptr<Tokens> self);
  void take(const Contents& contents);
  void tell_unread(const Error& error) const;

  Parts parts_;
  std::vector<TokenFile> files_;
  std::optional<access::TokenSet> known_;  ///< absent: `files_` were not read yet
  MonoTime known_at_{};                    ///< when the look that brought it ended
  std::vector<std::string> problems_;      ///< of the last look, so that each is told once
  MonoTime next_look_{};
  std::uint64_t edition_ = 0;  ///< of `files_`
  bool looking_ = false;
  bool hung_ = false;  ///< the last look did not end in time
  std::shared_ptr<FileInHand> hand_ = std::make_shared<FileInHand>();
  net::Wake looked_;
};

}  // namespace sfb::serve
