// Which shells stand on servers, beyond the life of this process: so the next one can delete what a
// killed one left, before it makes new ones under the same quota.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace sfb::remote {

/// Thread rule: loop thread, unless something else is said. Shells go by the URL that they were
/// made at and their ShellId.
class ShellLedger {
 public:
  struct Left {
    std::string shell;
    std::string configuration;  ///< the session configuration that it is of
    std::string session;        ///< the SessionId of its requests
  };
  virtual ~ShellLedger() = default;

  /// Before a shell is made, or when the server gave it another id. `written`: called on any
  /// thread, once: it will be known after a kill, or cannot be.
  virtual void made(const std::string& url, const Left& shell, std::function<void()> written) = 0;
  /// The server said that it is gone.
  virtual void gone(const std::string& url, const std::string& shell) = 0;
  /// Those that an earlier process made there and nobody deleted yet.
  virtual std::vector<Left> left(const std::string& url) const = 0;
};

}  // namespace sfb::remote
