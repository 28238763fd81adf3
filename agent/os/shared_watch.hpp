// One inotify instance for many who watch folders: Linux lets an account have few of them
// (fs.inotify.max_user_instances is 128), and there may be more endpoints.
#pragma once

#include "agent/os/file_watch.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace sfb::os {

/// Thread rule: loop thread of `executor`; destroyed there, before its io_context.
class SharedWatch : public std::enable_shared_from_this<SharedWatch> {
 public:
  explicit SharedWatch(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  /// Who holds it is told the events of one folder, while the SharedWatch lives.
  class Subscription {
   public:
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

   private:
    friend class SharedWatch;
    Subscription(std::weak_ptr<SharedWatch> watch, std::size_t number)
        : watch_(std::move(watch)), number_(number) {}
    std::weak_ptr<SharedWatch> watch_;
    std::size_t number_;
  };
  /// Nothing is watched before an `adder` has added the folder.
  std::unique_ptr<Subscription> subscribe(std::string folder, FileWatch::Callback callback);

  /// What a worker needs to watch `folder`; nothing when it is watched already. Makes the inotify
  /// instance if there is none yet; its error is FileWatch::create's, and it is tried again at the
  /// next call.
  Result<std::optional<FileWatch::Adder>> adder(const std::string& folder);

 private:
  struct Subscriber {
    std::string folder;
    FileWatch::Callback callback;
  };
  void tell(const FileEvent& event);
  void unsubscribe(std::size_t number);

  boost::asio::any_io_executor executor_;
  std::unique_ptr<FileWatch> watch_;
  std::map<std::size_t, Subscriber> subscribers_;
  std::size_t made_ = 0;
};

}  // namespace sfb::os
