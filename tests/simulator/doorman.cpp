#include "tests/simulator/doorman.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace sim {

namespace {

// A scenario's entry may be a whole header: with parameters, or a list.
bool offers(const Listener& listener, std::string_view scheme) {
  return std::ranges::any_of(listener.offers, [&](const std::string& offer) {
    return std::ranges::any_of(sfb::split(offer, ','), [&](std::string_view one) {
      const std::string_view word = sfb::trim(one);
      return sfb::iequals(word.substr(0, word.find(' ')), scheme);
    });
  });
}

bool everybody(const Listener& listener) {
  return listener.users.empty() && listener.keytab.empty();
}

Answer empty(int status) {
  Answer answer;
  answer.status = status;
  answer.content_type = "text/html";
  answer.sealed = false;
  return answer;
}

}  // namespace

Doorman::Doorman(const Listener& listener, World& world) : listener_(listener), world_(world) {}

Doorman::~Doorman() {
  forget();
}

void Doorman::forget() {
  world_.contexts -= established_ ? 1 : 0;
  established_ = false;
  acceptor_.reset();
  last_sealed.clear();
}

Answer Doorman::refuse() {
  forget();
  Answer answer = empty(401);
  for (const std::string& offer : listener_.offers) {
    answer.headers +=
        fmt::format("WWW-Authenticate: {}\r\n", offer == "Basic" ? "Basic realm=\"WSMAN\"" : offer);
  }
  return answer;
}

Doorman::Verdict Doorman::refuse_logon(const std::string& why) {
  ++world_.counters.logons_failed;
  if (!why.empty()) {
    world_.last_logon["refused"] = why;
    fmt::print(stderr, "refused: {}: {}\n", listener_.name, why);
  }
  return {.answer = refuse(), .headers = {}, .delay = {}};
}

bool Doorman::basic(const std::string& credentials) {
  const std::string plain = sfb::base64_decode(credentials).value_or("");
  const auto colon = plain.find(':');
  const auto user = listener_.users.find(plain.substr(0, colon));
  return offers(listener_, "Basic") && colon != std::string::npos &&
         user != listener_.users.end() && user->second == plain.substr(colon + 1);
}

Doorman::Verdict Doorman::hear(const Caller& caller) {
  if (everybody(listener_)) {
    return {};
  }
  const auto blank = caller.authorization.find(' ');
  const std::string scheme = caller.authorization.substr(0, blank);
  const std::string rest = blank == std::string::npos ? "" : caller.authorization.substr(blank + 1);
  if (scheme.empty()) {
    return established_ ? Verdict() : Verdict{.answer = refuse(), .headers = {}, .delay = {}};
  }
  if (!sfb::iequals(scheme, "Basic")) {
    return negotiate(scheme, rest, caller);
  }
  if (!basic(rest)) {
    return refuse_logon("");
  }
  ++world_.counters.logons_ok;
  ++world_.counters.logons_by_method["basic"];
  return {};
}

AcceptorRules Doorman::rules() const {
  const auto takes = [&](const char* mechanism) {
    return listener_.mechanisms.empty() ||
           std::ranges::find(listener_.mechanisms, mechanism) != listener_.mechanisms.end();
  };
  AcceptorRules rules;
  rules.keytab = takes("kerberos") ? listener_.keytab : "";
  rules.users = takes("ntlm") ? listener_.users : decltype(listener_.users)();
  if (!listener_.certificate.empty() && listener_.bindings != "none") {
    const std::string& bound =
        listener_.bound_certificate.empty() ? listener_.certificate : listener_.bound_certificate;
    rules.bindings = channel_bindings(bound).value_or("");
    rules.must_be_bound = listener_.bindings == "strict";
  }
  return rules;
}

Doorman::Verdict Doorman::negotiate(const std::string& scheme, const std::string& token,
                                    const Caller& caller) {
  const std::optional<std::string> bytes = sfb::base64_decode(token);
  if (!offers(listener_, scheme)) {  // nobody looks at its token: no failed logon
    return {.answer = refuse(), .headers = {}, .delay = {}};
  }
  if (!bytes || bytes->empty()) {
    world_.violation(fmt::format("Logon: {} without a token", scheme));
    return refuse_logon("no token");
  }
  ++world_.counters.logon_legs;
  if (caller.method != "POST" || !caller.has_length) {
    world_.violation("Logon: a leg is no POST with a Content-Length");
  }
  // Bodies of https may come with the last leg.
  if (caller.has_body && listener_.certificate.empty()) {
    world_.violation("Logon: a body came with a token, over http");
  }
  if (established_) {
    forget();  // a token begins anew
  }
  const bool first = acceptor_ == nullptr;
  std::optional<Fault> fault = world_.pick(listener_.name, first ? "Logon" : "Leg", "",
                                           {Fault::Door::http, Fault::Door::both});
  if (first) {
    fault_ = fault;
    scheme_ = scheme;
    world_.last_logon = {{"scheme", scheme}, {"listener", listener_.name}};
    auto begun = Acceptor::begin(scheme, rules());
    if (!begun) {
      return refuse_logon(begun.error());
    }
    acceptor_ = std::move(*begun);
  }
  std::optional<Millis> delay;
  if (fault) {
    if (fault->act == "refuse") {
      return refuse_logon("the scenario refuses it");
    }
    if (auto answer = without_acting(*fault)) {
      return {.answer = std::move(*answer), .headers = {}, .delay = {}};
    }
    delay = fault->act == "delay" ? std::optional(fault->time) : std::nullopt;
  }
  Acceptor::Answer said = acceptor_->take(*bytes);
  for (const auto& [name, value] : acceptor_->facts()) {
    world_.last_logon[name] = value;
  }
  Verdict verdict = finish(said, caller);
  verdict.delay = delay;
  return verdict;
}

std::string Doorman::token_header(const std::string& token) const {
  return fmt::format("WWW-Authenticate: {} {}\r\n", scheme_, sfb::base64_encode(token));
}

Doorman::Verdict Doorman::finish(Acceptor::Answer& said, const Caller& caller) {
  using State = Acceptor::Answer::State;
  if (said.state == State::refused) {
    Verdict verdict = refuse_logon(said.why);
    if (listener_.error_tokens && !said.token.empty()) {
      verdict.answer->headers = token_header(said.token);
    }
    return verdict;
  }
  const bool last = said.state == State::done;
  if (last && fault_ && fault_->act == "no_last_token") {
    said.token.clear();
  } else if (last && fault_ && fault_->act == "wrong_last_token" && !said.token.empty()) {
    said.token.back() = static_cast<char>(said.token.back() ^ 1);
  }
  const std::string header =
      said.token.empty()
          ? ""
          : fmt::format("WWW-Authenticate: {} {}\r\n", scheme_, sfb::base64_encode(said.token));
  if (!last) {
    Answer answer = empty(401);
    answer.headers = header;
    return {.answer = std::move(answer), .headers = {}, .delay = {}};
  }
  established_ = true;
  ++world_.contexts;
  ++world_.counters.logons_ok;
  ++world_.counters.logons_by_method[acceptor_->kerberos() ? "kerberos" : "ntlm"];
  if (caller.has_body) {
    return {.answer = {}, .headers = header, .delay = {}};
  }
  Answer answer = empty(200);
  answer.headers = header;
  return {.answer = std::move(answer), .headers = {}, .delay = {}};
}

}  // namespace sim
