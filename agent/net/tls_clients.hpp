// Who shares what is trusted.
#pragma once

#include "agent/base/time.hpp"
#include "agent/net/tls.hpp"
#include "agent/net/worker_pool.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <map>
#include <memory>

namespace sfb::net {

/// One TlsClient for all who ask with equal options, as long as one of them keeps it. Thread rule:
/// loop thread.
class TlsClients {
 public:
  /// Reads on a thread of `files`: a CA file when it changed, the system's store once. Errors of
  /// TlsClient::create; Reason::timeout, code tls.ca_file: it lies on a dead mount.
  boost::asio::awaitable<Result<std::shared_ptr<TlsClient>>> get(TlsOptions options,
                                                                 std::shared_ptr<WorkerPool> files,
                                                                 MonoTime deadline);
  /// All is read anew for who asks from now on, and nothing that is being read just now is shared.
  void forget();

 private:
  std::map<TlsOptions, std::weak_ptr<TlsClient>> known_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace sfb::net
