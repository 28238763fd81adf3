// A password, keytab or ticket cache in a file of its own: read when it is needed, and watched, so
// that a new one is used without a reload.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/log.hpp"
#include "agent/base/secret.hpp"
#include "agent/base/time.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/os/shared_watch.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::remote {

/// What lies in a file.
struct SecretKind {
  std::string_view noun;  ///< for messages
  std::string_view key;   ///< of the configuration
  std::size_t most;       ///< bytes
  bool line;              ///< one line of UTF-8 text; else any bytes
};
inline constexpr SecretKind kPassword{"password file", "password_file", kMostSecret, true};
inline constexpr SecretKind kKeytab{"keytab", "keytab_file", 1UL << 20U, false};
inline constexpr SecretKind kTicketCache{"ticket cache", "ccache", 1UL << 20U, false};

/// Reads one. Of a line, a BOM before it and one line end behind it are left out. Blocks.
/// Reason::process, code `secret.unreadable`: not there, not a regular file, no right (with the uid
/// to grant), too large, empty, several lines, not UTF-8. No message holds any of it.
Result<std::shared_ptr<const Secret>> read_secret(const std::string& path, const SecretKind& kind);

/// One endpoint's password file, keytab or cache. Thread rule: loop thread of `executor`; made and
/// destroyed there.
class PasswordFile : public std::enable_shared_from_this<PasswordFile> {
 public:
  using Secrets = Result<std::shared_ptr<const Secret>>;

  /// `path` is absolute. Nothing is watched before the first read.
  static std::shared_ptr<PasswordFile> create(boost::asio::any_io_executor executor,
                                              std::shared_ptr<net::WorkerPool> files,
                                              std::shared_ptr<os::SharedWatch> watch,
                                              std::string path, Logger logger,
                                              SecretKind kind = kPassword);
  PasswordFile(boost::asio::any_io_executor executor, std::shared_ptr<net::WorkerPool> files,
               std::shared_ptr<os::SharedWatch> watch, std::string path, Logger logger,
               SecretKind kind = kPassword);

  /// Reads it on a thread of `files`, and sees to it that its folder is watched; without inotify
  /// (said once in the log) a new password is used from the next connection on. Besides
  /// read_secret's errors: Reason::timeout, code `secret.hung` (a dead mount; until it answers
  /// later reads fail at once, so that one endpoint holds one thread at most).
  boost::asio::awaitable<Secrets> read(MonoTime deadline);
  /// Grows when a password was read that differs from the one before.
  std::uint64_t version() const { return version_; }

  /// Called on the loop thread when a read finds another password than the one before; with the
  /// same number for equal passwords (Transport::on_credentials). The folder's changes make it
  /// read. A file that is only touched is no news: each call may cost a logon.
  void on_change(std::function<void(std::uint64_t)> callback) { on_change_ = std::move(callback); }
  /// The number of the password that was read last; absent before the first.
  std::optional<std::uint64_t> number() const { return number_; }
  /// Reads it in the background, where no change of the folder may be told (a network mount).
  /// `known` counts as read before by who has read none; without either nothing is read.
  void refresh(std::optional<std::uint64_t> known);

 private:
  enum class Progress : std::uint8_t { queued, running, done };

  std::optional<os::FileWatch::Adder> adder();
  bool concerns(const os::FileEvent& event) const;
  void changed();
  static boost::asio::awaitable<void> look(std::shared_ptr<PasswordFile> self);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<net::WorkerPool> files_;
  std::string path_;
  SecretKind kind_;
  std::string folder_;
  std::function<void(std::uint64_t)> on_change_;
  std::shared_ptr<os::SharedWatch> watch_;
  Logger logger_;
  bool complained_ = false;  ///< that it cannot be watched
  std::unique_ptr<os::SharedWatch::Subscription> subscription_;
  std::shared_ptr<const Secret> last_;   ///< as read last
  std::optional<std::uint64_t> number_;  ///< of `last_`, or known from others
  std::uint64_t version_ = 0;
  bool tried_ = false;  ///< somebody has asked for it
  bool looking_ = false;
  bool look_again_ = false;
  std::shared_ptr<std::atomic<Progress>> late_;  ///< of a read that nobody waits for any more
};

}  // namespace sfb::remote
