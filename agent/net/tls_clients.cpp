#include "agent/net/tls_clients.hpp"

#include <fmt/format.h>

#include <utility>

namespace sfb::net {

boost::asio::awaitable<Result<std::shared_ptr<TlsClient>>> TlsClients::get(
    TlsOptions options, std::shared_ptr<WorkerPool> files, MonoTime deadline) {
  while (true) {
    const auto found = known_.find(options);
    const auto known = found == known_.end() ? nullptr : found->second.lock();
    if (known && options.ca_file.empty()) {
      co_return known;
    }
    const std::uint64_t before = forgotten_;
    auto made = co_await files->run_until(
        [known, options] { return TlsClient::current(known, options); }, deadline, "tls.ca_file");
    if (!made) {
      if (made.error().code == "tls.ca_file" && made.error().reason == Reason::timeout) {
        made.error().message =
            fmt::format("reading the trusted certificates of {} did not end in time",
                        options.ca_file.empty() ? "the system's store" : options.ca_file);
        made.error().remedy = "the disk or network mount that they lie on does not answer";
      }
      co_return made;
    }
    if (forgotten_ != before) {
      continue;
    }
    // Others may have read the same at the same time.
    auto& shared = known_[options];
    if (auto theirs = shared.lock(); theirs && theirs->read_the_same(**made)) {
      co_return theirs;
    }
    shared = *made;
    co_return made;
  }
}

void TlsClients::forget() {
  known_.clear();
  ++forgotten_;
}

}  // namespace sfb::net
