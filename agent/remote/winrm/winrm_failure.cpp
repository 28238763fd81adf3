#include "agent/remote/winrm/winrm_failure.hpp"

#include "agent/base/text.hpp"
#include "agent/remote/winrm/front_ends.hpp"

#include <fmt/format.h>

#include <string_view>

namespace sfb::remote {

bool never_sent(const Error& error) {
  return connecting_failed(error) || error.stage == Stage::auth;
}

bool demands_certificate(const http::HttpReply& reply) {
  constexpr int kServerError = 500;
  constexpr std::string_view kNotSupported = "0x80070032";
  const std::string* const type = reply.header("Content-Type");
  const bool soap = type != nullptr && to_lower(*type).contains("soap");
  return reply.status == kServerError && !soap && reply.body.contains(kNotSupported);
}

Error with_stage(Error error, Stage stage) {
  if (error.stage == Stage::none) {
    error.stage = stage;
  }
  return error;
}

// It says so while it was asked something (995, 1726), or before (2150858843).
Error told_of_exit(Error error, bool lost_answer) {
  if (error.code != "wsman.aborted" && error.code != "wsman.shell_gone" &&
      error.code != "wsman.host_ended") {
    return error;
  }
  if (lost_answer) {
    // The answer that was lost with its connection may have been the last one.
    error.reason = Reason::connect;
    error.code = "winrm.lost";
    error.message =
        fmt::format("an answer was lost with its connection, and then {}", error.message);
    error.remedy = "if it stays so, look at proxies in between and at the service behind the port";
    return error;
  }
  error.reason = Reason::process;
  error.code = "winrm.exited";
  error.message = fmt::format("the session ended in the middle of the run: {}", error.message);
  error.remedy =
      "look at the server's event logs for the end of wsmprovhost.exe or of the application pool, "
      "for a restart of WinRM, and at MaxMemoryPerShellMB; behind a load balancer each session "
      "must stay on one server";
  return error;
}

Error gone_at_once(Error error) {
  if (error.code == "wsman.shell_gone") {
    error.message = "the server does not know the shell that was made a moment ago";
    error.remedy =
        "a load balancer seems to send the requests of one session to several servers: poll each "
        "front end by its own name, or let the balancer keep a client on one server, by its "
        "address or by a cookie, which this agent sends back";
  }
  return error;
}

Error lost_with_answer(Error error) {
  error.code = "winrm.lost";
  error.message =
      fmt::format("{}; it is not repeated, because the server may have acted on it", error.message);
  return error;
}

Error not_opened() {
  return {Reason::timeout,
          "winrm.timeout",
          "the server did not open the session in time",
          "look at the load of the server and at its session configuration",
          {},
          Stage::open};
}

Error no_state() {
  return {Reason::protocol,
          "winrm.no_state",
          "the server ended the command without saying how the pipeline ended",
          "look at the event log of the server (Windows Remote Management)",
          {},
          Stage::query};
}

Error not_ended(bool half_way) {
  if (half_way) {
    return {Reason::timeout,
            "winrm.timeout",
            "the end of an object did not come in the evaluation's time",
            "part of the answer was lost, or is slow to come: look at the network and at what "
            "stands between the agent and the server",
            {},
            Stage::query};
  }
  return {Reason::timeout,
          "winrm.timeout",
          "the cmdlet did not end in the evaluation's time",
          "raise evaluation_timeout, or look why the cmdlet is slow on the server",
          {},
          Stage::query};
}

Error explain_wait(Error error, const Wait& wait) {
  if (error.code == "http.in_flight") {
    error.remedy = "raise limits.in_flight, or evaluate fewer pools at once";
  }
  if (error.code != "http.timeout") {
    return error;
  }
  if (error.stage == Stage::auth && !wait.deadline) {
    error.message = fmt::format("{} did not answer in the middle of the logon in time", wait.host);
    error.remedy = "look at the server and at proxies in between";
  } else if (wait.answering) {
    // The connection's words say more: the server was not silent.
    error.code = wait.deadline ? "winrm.timeout" : error.code;
  } else if (wait.deadline) {
    error.code = "winrm.timeout";
    error.message = fmt::format("{} did not answer in the time the evaluation has", wait.host);
    error.remedy = "look at the load of the server, or raise evaluation_timeout";
  } else if (wait.opening) {
    error.code = "winrm.timeout";
    error.message = fmt::format("{} did not open a session within {}", wait.host,
                                format_duration(wait.open_cap));
    error.remedy = "look at the load of the server and at its WinRM service";
  }
  return error;
}

Error asks_again(const std::string& host) {
  return {Reason::auth,
          "auth.refused",
          fmt::format("{} asks for authentication again and again", host),
          {},
          {},
          Stage::auth};
}

Error closed_in_logon(const std::string& host) {
  return {Reason::connect,
          "http.closed",
          fmt::format("{} closed the connection in the middle of the logon", host),
          "look at the server and at proxies in between: a logon must stay on one connection to "
          "one server",
          {},
          Stage::auth};
}

}  // namespace sfb::remote
