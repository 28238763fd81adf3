#include "agent/base/error.hpp"

#include "agent/base/text.hpp"

namespace sfb {

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::dns:
      return "dns";
    case Reason::connect:
      return "connect";
    case Reason::tls:
      return "tls";
    case Reason::auth:
      return "auth";
    case Reason::forbidden:
      return "forbidden";
    case Reason::throttled:
      return "throttled";
    case Reason::timeout:
      return "timeout";
    case Reason::protocol:
      return "protocol";
    case Reason::parse:
      return "parse";
    case Reason::not_found:
      return "not_found";
    case Reason::stale:
      return "stale";
    case Reason::cmdlet:
      return "cmdlet";
    case Reason::process:
      return "process";
    case Reason::internal:
      return "internal";
  }
  return "internal";
}

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::none:
      return "";
    case Stage::queue:
      return "queue";
    case Stage::resolve:
      return "resolve";
    case Stage::connect:
      return "connect";
    case Stage::tls:
      return "tls";
    case Stage::auth:
      return "auth";
    case Stage::open:
      return "open";
    case Stage::query:
      return "query";
    case Stage::parse:
      return "parse";
  }
  return "";
}

std::string describe(const Error& error) {
  std::string out = error.message;
  if (!error.peer.empty()) {
    out += ": ";
    out += quote(error.peer);
  }
  if (!error.remedy.empty()) {
    out += " (";
    out += error.remedy;
    out += ')';
  }
  return out;
}

}  // namespace sfb
