// What a failure of a session is called, and what to do about it. Pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/http/reply_reader.hpp"

#include <chrono>
#include <string>

namespace sfb::remote {

/// Failed before the request was on its way (client_connection.hpp and scheme.hpp set the stage).
bool never_sent(const Error& error);

/// An answer with which Windows Server 2025 says that it wants a client certificate behind a
/// handshake of TLS 1.3: 500 with ERROR_NOT_SUPPORTED (0x80070032). It has not read the request.
bool demands_certificate(const http::HttpReply& reply);

/// With this stage, if it has none.
Error with_stage(Error error, Stage stage);

/// An error in the middle of a run: a server says in several ways that the process behind a shell
/// ended. The same reason as that of a child process (`ssh.exited`). `lost_answer`: an answer was
/// lost with its connection before, and may have been the last one.
Error told_of_exit(Error error, bool lost_answer);

/// The server does not know the shell that was made a request before: `wsman.shell_gone` names the
/// load balancer, which sends requests of one session to several servers. Other errors as they are.
Error gone_at_once(Error error);

/// The answer to a request was lost that must not be repeated.
Error lost_with_answer(Error error);

/// The deadline came before the session was open.
Error not_opened();
/// The command ended without PIPELINE_STATE.
Error no_state();
/// The deadline came before the pipeline ended; `half_way`: in the middle of one of its objects.
Error not_ended(bool half_way);

/// What a post waited for.
struct Wait {
  const std::string& host;
  std::chrono::milliseconds open_cap{};
  bool opening = false;    ///< the cap of opening a session was the shortest
  bool deadline = false;   ///< that of the evaluation came first
  bool answering = false;  ///< a part of the answer has come
};
/// Which of the times ran out, where it is a time-out.
Error explain_wait(Error error, const Wait& wait);

/// Auth, code `auth.refused`, stage auth: a negotiation that does not end.
Error asks_again(const std::string& host);
/// Connect, code `http.closed`, stage auth: a context is lost with its connection.
Error closed_in_logon(const std::string& host);

}  // namespace sfb::remote
