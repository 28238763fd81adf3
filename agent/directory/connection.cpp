#include "agent/directory/connection.hpp"

#include "agent/base/host_port.hpp"
#include "agent/base/text.hpp"
#include "agent/directory/sealed_layer.hpp"
#include "agent/gss/negotiation.hpp"

#include <fmt/format.h>
#include <ldap.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace sfb::directory {

namespace {

using Until = Connection::Steady::time_point;

// RFC 4752 calls Kerberos so.
constexpr const char* kMechanism = "GSSAPI";
// Kerberos alone has three.
constexpr int kMostSteps = 8;
constexpr std::uint32_t kLeastStrength = 128;
// A domain controller may be down: the next one is asked so soon.
constexpr std::chrono::seconds kConnect{5};
constexpr ber_len_t kMostAnswer = 8UL << 20U;

timeval time_of(std::chrono::microseconds time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return {.tv_sec = seconds.count(), .tv_usec = (time - seconds).count()};
}

timeval left_of(Until until) {
  const auto left =
      std::chrono::duration_cast<std::chrono::microseconds>(until - Connection::Steady::now());
  return time_of(std::max(left, std::chrono::microseconds(1)));
}

struct FreeMessage {
  void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
};
using Message = std::unique_ptr<LDAPMessage, FreeMessage>;

struct FreeMemory {
  void operator()(char* text) const { ldap_memfree(text); }
};
using Text = std::unique_ptr<char, FreeMemory>;

int scope_of(Search::Scope scope) {
  switch (scope) {
    case Search::Scope::base:
      return LDAP_SCOPE_BASE;
    case Search::Scope::below:
      return LDAP_SCOPE_ONELEVEL;
    case Search::Scope::tree:
      break;
  }
  return LDAP_SCOPE_SUBTREE;
}

berval value_of(std::string& bytes) {
  return {.bv_len = bytes.size(), .bv_val = bytes.data()};
}

}  // namespace

std::string Server::text() const {
  return host_port(host, port);
}

std::string Found::first(const std::string& attribute) const {
  const auto found = values.find(attribute);
  return found == values.end() || found->second.empty() ? std::string() : found->second.front();
}

struct Connection::Impl {
  explicit Impl(const Server& asked) : server(asked.text()), host(asked.host) {}
  ~Impl() {
    if (ldap != nullptr) {
      ldap_unbind_ext(ldap, nullptr, nullptr);
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status connect(std::uint16_t port);
  Status log_on(std::shared_ptr<gss::Handle> handle, Until until);
  Result<std::optional<std::string>> bind(std::string token, Until until);
  Result<std::string> last_token(std::string_view token);
  Result<Message> wait(int id, Until until);
  Result<std::vector<Found>> read(const Message& message) const;
  Found read_entry(LDAPMessage* entry) const;

  std::unexpected<Error> failed(Reason reason, std::string code, std::string_view what,
                                std::string remedy, std::string peer = {}) const {
    return fail(reason, std::move(code), fmt::format("the directory {} {}", server, what),
                std::move(remedy), std::move(peer));
  }
  std::unexpected<Error> not_understood(std::string peer = {}) const {
    return failed(Reason::protocol, "directory.answer", "says what cannot be understood",
                  "`servers` must be domain controllers that hold the global catalog",
                  std::move(peer));
  }
  std::unexpected<Error> weak(std::string_view what) const {
    return failed(Reason::protocol, "directory.unsealed", what,
                  "let the domain controller and the account use AES, and do not forbid sealing");
  }
  std::unexpected<Error> lost(int code) const {
    if (layer && layer->broken()) {
      return not_understood("a message that is not sealed");
    }
    return code == LDAP_TIMEOUT
               ? failed(Reason::timeout, "directory.timeout", "does not answer in time",
                        "check the network and the domain controller")
               : failed(Reason::connect, "directory.connect",
                        "cannot be reached, or has closed the connection",
                        "check name, port and firewall; the next of `servers` is asked",
                        ldap_err2string(code));
  }

  const std::string server;
  const std::string host;
  LDAP* ldap = nullptr;
  std::optional<gss::Negotiation> negotiation;
  std::optional<SealedLayer> layer;  // libldap points to it: it goes after `ldap` is closed
};

Status Connection::Impl::connect(std::uint16_t port) {
  const std::string url = "ldap://" + host_port(host, port);
  if (const int code = ldap_initialize(&ldap, url.c_str()); code != LDAP_SUCCESS) {
    return failed(Reason::internal, "directory.connect", "has no URL that libldap takes", {},
                  ldap_err2string(code));
  }
  const int version = LDAP_VERSION3;
  const int never = LDAP_DEREF_NEVER;
  const timeval patience = time_of(kConnect);
  ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version);
  ldap_set_option(ldap, LDAP_OPT_DEREF, &never);
  // A referral would be followed without a login, and to whom the server says.
  ldap_set_option(ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  ldap_set_option(ldap, LDAP_OPT_RESTART, LDAP_OPT_OFF);
  ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, &patience);
  if (const int code = ldap_connect(ldap); code != LDAP_SUCCESS) {
    return lost(code);
  }
  int socket = -1;
  Sockbuf* bytes = nullptr;
  ber_len_t most = kMostAnswer;
  if (ldap_get_option(ldap, LDAP_OPT_DESC, &socket) != LDAP_SUCCESS ||
      ldap_get_option(ldap, LDAP_OPT_SOCKBUF, &bytes) != LDAP_SUCCESS || socket < 0) {
    return lost(LDAP_CONNECT_ERROR);
  }
  // Half a message must not hold the thread.
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  ber_sockbuf_ctrl(bytes, LBER_SB_OPT_SET_MAX_INCOMING, &most);
  return {};
}

Result<Message> Connection::Impl::wait(int id, Until until) {
  timeval left = left_of(until);
  LDAPMessage* message = nullptr;
  const int type = ldap_result(ldap, id, LDAP_MSG_ALL, &left, &message);
  if (type > 0) {
    return Message(message);
  }
  if (type == 0) {
    ldap_abandon_ext(ldap, id, nullptr, nullptr);
    return lost(LDAP_TIMEOUT);
  }
  int code = LDAP_SERVER_DOWN;
  ldap_get_option(ldap, LDAP_OPT_RESULT_CODE, &code);
  return lost(code);
}

// The server's token; absent where the login is done.
Result<std::optional<std::string>> Connection::Impl::bind(std::string token, Until until) {
  berval credentials = value_of(token);
  int id = 0;
  if (const int code = ldap_sasl_bind(ldap, "", kMechanism, &credentials, nullptr, nullptr, &id);
      code != LDAP_SUCCESS) {
    return lost(code);
  }
  auto message = wait(id, until);
  if (!message) {
    return std::unexpected(std::move(message.error()));
  }
  berval* answer = nullptr;
  int code = LDAP_OTHER;
  char* words = nullptr;
  ldap_parse_sasl_bind_result(ldap, message->get(), &answer, 0);
  const int parsed =
      ldap_parse_result(ldap, message->get(), &code, nullptr, &words, nullptr, nullptr, 0);
  const Text said(words);
  std::string reply;
  if (answer != nullptr) {
    reply.assign(answer->bv_val == nullptr ? "" : answer->bv_val, answer->bv_len);
    ber_bvfree(answer);
  }
  if (parsed != LDAP_SUCCESS) {
    return not_understood();
  }
  if (code == LDAP_SASL_BIND_IN_PROGRESS) {
    return reply;
  }
  if (code == LDAP_SUCCESS) {
    return std::nullopt;
  }
  return failed(Reason::protocol, "directory.refused",
                fmt::format("refuses the login (LDAP result {}: {})", code, ldap_err2string(code)),
                "check the account of `directory`, and that `servers` names the domain "
                "controllers as their SPN ldap/HOST does",
                said ? said.get() : "");
}

// The server offers layers; we take the one that encrypts, or go.
Result<std::string> Connection::Impl::last_token(std::string_view token) {
  const auto plain = unwrap_token(negotiation->context(), token, false);
  const auto offer = plain ? read_offer(*plain) : std::nullopt;
  if (!offer) {
    return not_understood();
  }
  if (!negotiation->can_seal() || (offer->layers & kConfidential) == 0) {
    return weak("does not seal its connections");
  }
  if (const std::uint32_t bits = strength(negotiation->context()); bits < kLeastStrength) {
    return weak(fmt::format("would seal with {} bits only", bits));
  }
  layer.emplace(negotiation->context(), offer->most);
  auto answer = wrap_token(negotiation->context(), choose_confidential(), false);
  return answer ? Result<std::string>(std::move(*answer)) : not_understood();
}

Status Connection::Impl::log_on(std::shared_ptr<gss::Handle> handle, Until until) {
  negotiation.emplace(std::move(handle), gss::Service{"ldap", host}, false, "");
  auto token = negotiation->begin();
  for (int step = 0; token && step < kMostSteps; ++step) {
    auto answer = bind(std::move(*token), until);
    if (!answer) {
      return std::unexpected(std::move(answer.error()));
    }
    if (!*answer) {
      Sockbuf* bytes = nullptr;
      // Without our choice of a layer nothing would be sealed.
      return layer && ldap_get_option(ldap, LDAP_OPT_SOCKBUF, &bytes) == LDAP_SUCCESS &&
                     layer->put_into(bytes)
                 ? Status()
                 : weak("ends the login before it says how it seals");
    }
    token = !negotiation->complete() ? negotiation->next(**answer)
            : layer                  ? Result<std::string>(not_understood())
                                     : last_token(**answer);
  }
  return token ? Status(not_understood()) : std::unexpected(std::move(token.error()));
}

Found Connection::Impl::read_entry(LDAPMessage* entry) const {
  Found found;
  if (const Text dn(ldap_get_dn(ldap, entry)); dn) {
    found.dn = dn.get();
  }
  BerElement* position = nullptr;
  for (Text name(ldap_first_attribute(ldap, entry, &position)); name;
       name.reset(ldap_next_attribute(ldap, entry, position))) {
    berval** values = ldap_get_values_len(ldap, entry, name.get());
    for (berval** value = values; value != nullptr && *value != nullptr; ++value) {
      found.values[to_lower(name.get())].emplace_back((*value)->bv_val, (*value)->bv_len);
    }
    ldap_value_free_len(values);
  }
  ber_free(position, 0);
  return found;
}

Result<std::vector<Found>> Connection::Impl::read(const Message& message) const {
  std::vector<Found> found;
  for (LDAPMessage* entry = ldap_first_entry(ldap, message.get()); entry != nullptr;
       entry = ldap_next_entry(ldap, entry)) {
    found.push_back(read_entry(entry));
  }
  int code = LDAP_OTHER;
  char* words = nullptr;
  if (ldap_parse_result(ldap, message.get(), &code, nullptr, &words, nullptr, nullptr, 0) !=
      LDAP_SUCCESS) {
    return not_understood();
  }
  const Text said(words);
  if (code != LDAP_SUCCESS) {
    return failed(
        Reason::protocol, "directory.search",
        fmt::format("refuses the search (LDAP result {}: {})", code, ldap_err2string(code)),
        "let the account of `directory` read groups; the port must be that of the "
        "global catalog, 3268",
        said ? said.get() : "");
  }
  return found;
}

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(const Server& server,
                                                     gss::Credentials& credentials,
                                                     const std::shared_ptr<const Secret>& password,
                                                     WallTime now, Until until) {
  auto impl = std::make_unique<Impl>(server);
  // Before the KDC: a domain controller that is down costs no login.
  if (Status connected = impl->connect(server.port); !connected) {
    return std::unexpected(std::move(connected.error()));
  }
  auto handle = credentials.kerberos(password, now);
  if (!handle) {
    return std::unexpected(std::move(handle.error()));
  }
  gss::Facts facts;
  Status in = credentials.ticket(**handle, {"ldap", server.host}, false, now, facts);
  if (in) {
    in = impl->log_on(std::move(*handle), until);
  }
  if (!in) {
    Error error = std::move(in.error());
    // The KDC took the account: what is refused now is refused by this server alone.
    error.reason = error.reason == Reason::auth ? Reason::protocol : error.reason;
    return std::unexpected(std::move(error));
  }
  return std::unique_ptr<Connection>(new Connection(std::move(impl)));
}

Result<std::vector<Found>> Connection::search(const Search& search, Until until) {
  std::vector<std::string> names = search.attributes;
  std::vector<char*> attributes;
  attributes.reserve(names.size() + 1);
  for (std::string& name : names) {
    attributes.push_back(name.data());
  }
  attributes.push_back(nullptr);
  timeval left = left_of(until);
  int id = 0;
  if (const int code = ldap_search_ext(impl_->ldap, search.base.c_str(), scope_of(search.scope),
                                       search.filter.c_str(), attributes.data(), 0, nullptr,
                                       nullptr, &left, kMostFound, &id);
      code != LDAP_SUCCESS) {
    return impl_->lost(code);
  }
  auto message = impl_->wait(id, until);
  return message ? impl_->read(*message) : std::unexpected(std::move(message.error()));
}

}  // namespace sfb::directory
