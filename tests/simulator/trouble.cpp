// Faults on request: instead of an answer, or done to it.
#include "tests/simulator/machine.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace sim {

namespace asio = boost::asio;

namespace {

// What happens to a good answer on its way.
void spoil(Answer& answer, const Fault& fault, const std::string& message_id) {
  answer.at = fault.number("at", answer.body.size() / 2);
  if (fault.act == "reset" || fault.act == "drop_reply") {
    answer.delivery = Delivery::reset;
  } else if (fault.act == "slow_drip") {
    answer.delivery = Delivery::slow_drip;
    answer.at = fault.number("bytes", 1);
    answer.pause = fault.time("pause", Millis(200));
  } else if (fault.act == "cut_body") {
    answer.delivery = Delivery::cut_body;
  } else if (fault.act == "cut_header") {
    answer.delivery = Delivery::cut_header;
    answer.at = fault.number("at", 20);
  } else if (fault.act == "cut_chunk") {
    answer.delivery = Delivery::cut_chunk;
  } else if (fault.act == "chunked") {
    answer.delivery = Delivery::chunked;
  } else if (fault.act == "wrong_length") {
    answer.delivery = Delivery::wrong_length;
    answer.at = fault.number("by", 10);
  } else if (fault.act == "malformed_xml") {
    answer.body.resize(answer.body.size() / 2);
  } else if (fault.act == "not_soap") {
    answer.content_type = "text/plain";
    answer.body = "this is no SOAP";
  } else if (fault.act == "bad_base64") {
    const auto stream = answer.body.find("CommandId=\"");
    const auto text = answer.body.find('>', stream == std::string::npos ? 0 : stream);
    answer.body.insert(text + 1, "!");
  } else if (fault.act == "wrong_relates_to" || fault.act == "no_relates_to") {
    const std::string header = fmt::format("<a:RelatesTo>{}</a:RelatesTo>", message_id);
    const auto at = answer.body.find(header);
    answer.body.replace(
        at, header.size(),
        fault.act == "no_relates_to"
            ? ""
            : "<a:RelatesTo>uuid:11111111-1111-4111-8111-111111111111</a:RelatesTo>");
  }
}

}  // namespace

asio::awaitable<Answer> Machine::handle(SoapRequest request) {
  ++world_.counters.requests;
  ++world_.counters.requests_by_action[request.action];
  for (const std::string& violation : request.violations) {
    world_.violation(fmt::format("{}: {}", request.action, violation));
  }
  const auto known = shells_.find(request.shell_id);
  const ShellPtr shell = known == shells_.end() ? nullptr : known->second;
  const auto picked = world_.pick(listener_.name, request.action, pool_of(request, shell));
  const std::string act_name = picked ? picked->act : std::string();
  if (act_name == "hang" || act_name == "close" ||
      (act_name == "reset" && picked->text("before") != "false")) {
    Answer answer;
    answer.delivery = act_name == "hang"    ? Delivery::hang
                      : act_name == "close" ? Delivery::close
                                            : Delivery::reset;
    co_return answer;
  }
  if (act_name == "delay") {
    asio::steady_timer timer(executor_, picked->time("time", Millis(500)));
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  } else if (act_name == "shell_gone" && shell) {
    drop(shell);
  } else if (act_name == "timed_out") {
    co_return fault(request, 2150858793, "TimedOut", "The operation timed out.");
  } else if (act_name == "status") {
    Answer answer;
    answer.status = static_cast<int>(picked->number("code", 503));
    answer.content_type = picked->text("content_type", "text/html");
    answer.body = picked->text(
        "body", answer.status == 500 ? "" : "<html><body><h1>Simulated</h1></body></html>");
    co_return answer;
  } else if (act_name == "fault") {
    const auto code = static_cast<std::uint32_t>(picked->number("code", 1));
    if (shell && (code == 995 || code == 2150858843)) {
      drop(shell);  // what these say
    }
    co_return fault(request, code, picked->text("subcode", "InternalError"),
                    picked->text("text", "The simulator was told to fail."),
                    picked->text("detail", "wsman"));
  }
  Answer answer = co_await act(request, picked ? &*picked : nullptr);
  if (!picked) {
    co_return answer;
  }
  spoil(answer, *picked, request.message_id);
  co_return answer;
}

}  // namespace sim
