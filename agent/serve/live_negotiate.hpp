// Callers with Kerberos tickets: the scheme Negotiate (RFC 4559).
#pragma once

#include "agent/net/worker_pool.hpp"
#include "agent/serve/live_gate.hpp"

#include <chrono>
#include <string>

namespace sfb::serve {

/// Looks at the tickets of callers with the keys of a keytab. Each request brings one of its own:
/// nothing is remembered of a connection. What it costs stands in tests/bench/README.md.
///
/// The caller's name is the account that the ticket's PAC names, EffectiveName@realm, because a
/// userPrincipalName can be anything; without a PAC it is the principal. Its groups are those of
/// the PAC: known only where a domain controller has signed it. Errors beside those of
/// gss::Acceptor::accept: access.not_kerberos for a header that holds no beginning of Kerberos;
/// Reason::forbidden, code identity.pac, for a PAC that cannot be read; Reason::throttled, code
/// access.tickets, where too many tickets wait or one waited longer than `patience`.
///
/// Thread rule: made, and what it gives is called, on the loop thread. `pool` has one thread, is
/// for tickets alone, and outlives the last call; libkrb5 and the replay cache are used there and
/// nowhere else.
Tickets tickets_of(net::WorkerPool& pool, std::string keytab_file,
                   std::chrono::milliseconds patience = std::chrono::seconds(10));

}  // namespace sfb::serve
