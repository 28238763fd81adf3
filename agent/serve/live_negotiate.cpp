#include "agent/serve/live_negotiate.hpp"

#include "agent/access/login_queue.hpp"
#include "agent/access/negotiate_header.hpp"
#include "agent/base/file_in_hand.hpp"
#include "agent/base/text.hpp"
#include "agent/gss/acceptor.hpp"
#include "agent/identity/pac.hpp"
#include "agent/net/deadline.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace sfb::serve {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMostPrincipal = 256;

/// Belongs to the pool's one thread, but for its making and its end.
struct TicketDoor {
  std::string keytab_file;
  std::optional<gss::Acceptor> acceptor = {};
  FileInHand hand = {};  ///< any thread
};

/// Tickets of one address that wait at once, so that one that floods keeps nobody else out.
constexpr std::size_t kMostOfOneAddress = 8;

/// By address (access::lane_of). Belongs to the loop.
using WaitingTickets = std::shared_ptr<std::map<std::string, std::size_t>>;

/// Counts until it goes; null: too many of that address wait already.
std::shared_ptr<void> ticket_place(const WaitingTickets& waiting, const std::string& address) {
  std::string lane = access::lane_of(address);
  std::size_t& count = (*waiting)[lane];
  if (count >= kMostOfOneAddress) {
    return nullptr;
  }
  ++count;
  return {waiting.get(), [waiting, lane = std::move(lane)](void* /*map*/) {
            if (--(*waiting)[lane] == 0) {
              waiting->erase(lane);
            }
          }};
}

struct Seen {
  access::Caller caller;
  std::string reply;
};

Error not_kerberos() {
  return {Reason::auth,
          "access.not_kerberos",
          "the header Authorization holds no token of Kerberos",
          "the caller must offer Kerberos first, as browsers and curl do",
          {},
          Stage::none};
}

Error too_many_tickets() {
  return {Reason::throttled,
          "access.tickets",
          "too many tickets wait to be looked at, this one was not",
          "try again",
          {},
          Stage::none};
}

// Printable, as far as quote makes it; the usual ones stay as they are.
std::string shown_principal(const std::string& principal) {
  const std::string quoted = quote(principal, kMostPrincipal);
  return quoted.substr(1, quoted.size() - 2);
}

// On the pool's thread.
Result<Seen> look_at_ticket(TicketDoor& door, std::string_view token, std::string_view bindings) {
  const FileInHand::Look look(door.hand, door.keytab_file);  // libkrb5 reads it for each ticket
  if (!door.acceptor) {
    auto opened = gss::Acceptor::open(door.keytab_file);
    if (!opened) {
      return std::unexpected(std::move(opened.error()));
    }
    door.acceptor.emplace(std::move(*opened));
  }
  auto accepted = door.acceptor->accept(token, bindings);
  if (!accepted) {
    return std::unexpected(std::move(accepted.error()));
  }
  Seen seen{.caller = {.proof = access::Proof::kerberos,
                       .name = shown_principal(accepted->principal),
                       .groups_known = !accepted->logon_info.empty()},
            .reply = std::move(accepted->reply)};
  if (seen.caller.groups_known) {
    auto info = identity::read_logon_info(accepted->logon_info);
    if (!info) {
      info.error().reason = Reason::forbidden;
      return std::unexpected(std::move(info.error()));
    }
    // Whoever may write an account's userPrincipalName chooses the principal of its tickets. The
    // PAC has the account's own name.
    const std::string& principal = accepted->principal;
    const std::size_t realm = std::min(principal.rfind('@'), principal.size());
    seen.caller.name = shown_principal(info->account + principal.substr(realm));
    seen.caller.account = info->user;
    seen.caller.groups = std::move(info->groups);
  }
  return seen;
}

asio::awaitable<TicketOutcome> check_ticket(net::WorkerPool& pool, std::shared_ptr<TicketDoor> door,
                                            WaitingTickets waiting,
                                            std::chrono::milliseconds patience,
                                            std::shared_ptr<const http::Request> request) {
  auto token = access::read_negotiate(request->authorization.reveal());
  if (!token || token->kind == access::FirstToken::other) {
    co_return TicketOutcome{std::unexpected(not_kerberos())};
  }
  const std::shared_ptr<void> place = ticket_place(waiting, request->peer.address);
  if (place == nullptr) {
    co_return TicketOutcome{std::unexpected(too_many_tickets())};
  }
  auto job = [door, token = std::move(token->bytes), tls = request->peer.tls] {
    return look_at_ticket(*door, token.reveal(),
                          tls ? std::string_view(tls->bindings) : std::string_view());
  };
  auto seen = co_await pool.run_until(std::move(job), net::mono_now() + patience);
  if (seen) {
    co_return TicketOutcome{std::move(seen->caller), std::move(seen->reply)};
  }
  const bool unseen = seen.error().code.starts_with("pool.");
  // One ticket takes far less: the file, or that of used tickets, does not answer.
  if (seen.error().code == "pool.timeout" && door->hand.lasts(patience / 2)) {
    co_return TicketOutcome{std::unexpected(door->hand.hung("access.keytab"))};
  }
  co_return TicketOutcome{std::unexpected(unseen ? too_many_tickets() : std::move(seen.error()))};
}

}  // namespace

Tickets tickets_of(net::WorkerPool& pool, std::string keytab_file,
                   std::chrono::milliseconds patience) {
  auto door = std::make_shared<TicketDoor>(std::move(keytab_file));
  auto waiting = std::make_shared<std::map<std::string, std::size_t>>();
  return [&pool, door = std::move(door), waiting = std::move(waiting), patience](
             std::shared_ptr<const http::Request> request, const std::string& /*request_id*/) {
    return check_ticket(pool, door, waiting, patience, std::move(request));
  };
}

}  // namespace sfb::serve
