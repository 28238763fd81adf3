// Host names to addresses, off the loop: the system's resolver blocks for as long as a dead DNS
// zone likes.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/net/worker_pool.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sfb::net {

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

/// The addresses of `host` in the system's order, without duplicates, never empty. An IP literal
/// (without brackets) takes no thread. Blocks. Reason::dns, codes `resolve.no_name` (there is no
/// such name, or it has no address), `resolve.failed` (nobody could say).
Result<Endpoints> resolve_blocking(const std::string& host, std::uint16_t port);

/// How many machines a name seems to stand for: one address of IPv4 and one of IPv6 may be the same
/// machine's, several of IPv4 are not, or of IPv6 where there is none of IPv4. Pure.
std::size_t machines_of(const Endpoints& endpoints);

/// The same on a thread of `pool`. Besides: Reason::dns, code `resolve.timeout`, when the deadline
/// comes first; the pool's own errors. Thread rule: as WorkerPool::run_until.
boost::asio::awaitable<Result<Endpoints>> resolve(WorkerPool& pool, std::string host,
                                                  std::uint16_t port, MonoTime deadline);

}  // namespace sfb::net
