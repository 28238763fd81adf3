// Faults on request: instead of an answer, or done to it.
#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "tests/simulator/machine.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sim {

namespace asio = boost::asio;

namespace {

// What happens to a good answer on its way.
void spoil(Answer& answer, const Fault& fault, const std::string& message_id) {
  answer.at = fault.at.value_or(answer.body.size() / 2);
  if (fault.act.starts_with("seal_")) {
    answer.seal_fault = {fault.act,
                         fault.act == "seal_length" ? fault.by : fault.bytes.value_or(0xFFFF'FFFF)};
  } else if (fault.act == "plain") {
    answer.sealed = false;
  }
  if (fault.act == "reset" || fault.act == "drop_reply") {
    answer.delivery = Delivery::reset;
  } else if (fault.act == "answer_and_close") {
    answer.delivery = Delivery::last;
  } else if (fault.act == "slow_drip") {
    answer.delivery = Delivery::slow_drip;
    answer.at = fault.bytes.value_or(1);
    answer.pause = fault.pause;
  } else if (fault.act == "cut_body") {
    answer.delivery = Delivery::cut_body;
  } else if (fault.act == "cut_header") {
    answer.delivery = Delivery::cut_header;
    answer.at = fault.at.value_or(20);
  } else if (fault.act == "cut_chunk") {
    answer.delivery = Delivery::cut_chunk;
  } else if (fault.act == "chunked") {
    answer.delivery = Delivery::chunked;
  } else if (fault.act == "wrong_length") {
    answer.delivery = Delivery::wrong_length;
    answer.at = fault.by;
  } else if (fault.act == "malformed_xml") {
    answer.body.resize(answer.body.size() / 2);
  } else if (fault.act == "not_soap") {
    answer.content_type = "text/plain";
    answer.body = "this is no SOAP";
  } else if (fault.act == "bad_base64") {
    if (const auto stream = answer.body.find("<rsp:Stream "); stream != std::string::npos) {
      answer.body.insert(answer.body.find('>', stream) + 1, "!");
    }
  } else if (fault.act == "wrong_relates_to" || fault.act == "no_relates_to") {
    const std::string header = fmt::format("<a:RelatesTo>{}</a:RelatesTo>", message_id);
    if (const auto at = answer.body.find(header); at != std::string::npos) {
      answer.body.replace(
          at, header.size(),
          fault.act == "no_relates_to"
              ? ""
              : "<a:RelatesTo>uuid:11111111-1111-4111-8111-111111111111</a:RelatesTo>");
    }
  }
}

// What a diagnostic page of a proxy or of a web server says: all that it was sent, its secrets
// included, in each form that somebody could copy.
std::string page_of(const HttpHead& head) {
  const std::string token = head.authorization.substr(head.authorization.find(' ') + 1);
  return fmt::format("{}\nwithout padding: {}\ndecoded: {}\n", head.text,
                     token.substr(0, token.find_last_not_of('=') + 1),
                     sfb::to_utf8_lossy(sfb::base64_decode(token).value_or("")));
}

Answer echo(const SoapRequest& request, const Fault& fault) {
  Answer answer;
  answer.status = static_cast<int>(fault.code);
  answer.sealed = false;
  const std::string page = page_of(request.head);
  if (fault.as == "soap") {
    answer.body = fault_xml(request.message_id, 4711, "InternalError", page);
  } else if (fault.as == "head") {
    // A reason with it, a header with it, and a line with it that is no header.
    answer.delivery = Delivery::raw;
    answer.body = fmt::format("HTTP/1.1 {0} {1}\r\nX-Authorization: {1}\r\n{1}\r\n\r\n",
                              answer.status, request.head.authorization);
  } else {
    answer.content_type = "text/html";
    answer.body = fmt::format("<html><body><h1>Request</h1><pre>\n{}</pre></body></html>", page);
  }
  return answer;
}

}  // namespace

std::optional<Answer> without_acting(const Fault& fault) {
  Answer answer;
  if (fault.act == "hang" || fault.act == "close" || (fault.act == "reset" && fault.before)) {
    answer.delivery = fault.act == "hang"    ? Delivery::hang
                      : fault.act == "close" ? Delivery::close
                                             : Delivery::reset;
    answer.sealed = false;  // there is nothing
    return answer;
  }
  if (fault.act == "status") {
    answer.status = static_cast<int>(fault.code);
    answer.content_type = fault.content_type;
    answer.body = fault.body.value_or(
        answer.status == 500 ? "" : "<html><body><h1>Simulated</h1></body></html>");
    answer.sealed = fault.sealed.value_or(false);
    return answer;
  }
  return std::nullopt;
}

std::optional<Answer> Machine::instead(const SoapRequest& request, const Fault& picked,
                                       const ShellPtr& shell) {
  Answer answer;
  if (auto plain = without_acting(picked)) {
    return plain;
  }
  if (picked.act == "lapse") {
    answer.lapse = true;
    return answer;
  }
  if (picked.act == "timed_out") {
    return fault(request, 2150858793, "TimedOut", "The operation timed out.");
  }
  if (picked.act == "echo") {
    return echo(request, picked);
  }
  if (picked.act == "fault") {
    if (shell && (picked.code == 995 || picked.code == 2150858843)) {
      drop(shell);  // what these say
    }
    answer = fault(request, picked.code, picked.subcode, picked.text, picked.detail);
    answer.sealed = picked.sealed.value_or(true);
    return answer;
  }
  return std::nullopt;
}

asio::awaitable<Answer> Machine::handle(SoapRequest request) {
  ++world_.counters.requests;
  ++world_.counters.requests_by_action[request.action];
  world_.counters.max_envelope_seen =
      std::max<std::uint64_t>(world_.counters.max_envelope_seen, request.max_envelope);
  const auto known = shells_.find(request.shell_id);
  const ShellPtr shell = known == shells_.end() ? nullptr : known->second;
  check_order(request, shell.get());
  for (const Violation& violation : request.violations) {
    world_.violation(fmt::format("{}: {}", request.action, violation.text));
  }
  const auto picked = world_.pick(listener_.name, request.action, pool_of(request, shell));
  if (!picked) {
    co_return co_await act(request, nullptr);
  }
  if (auto answer = instead(request, *picked, shell)) {
    co_return std::move(*answer);
  }
  if (picked->act == "delay") {
    asio::steady_timer timer(executor_, picked->time);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  } else if (picked->act == "shell_gone" && shell) {
    drop(shell);
  }
  Answer answer = co_await act(request, &*picked);
  spoil(answer, *picked, request.message_id);
  co_return answer;
}

}  // namespace sim
