// Drives a session against the scripted server, with a failure at a chosen post.
#pragma once

#include "agent/remote/winrm/winrm_session.hpp"
#include "tests/unit/remote/winrm/fake_server.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <variant>

namespace sfb::remote::testing {

/// What goes wrong with one post.
enum class Trouble {
  none,
  request_lost,  ///< the server never sees it
  reply_lost,    ///< the server acted on it
  not_sent,      ///< no connection could be made
  timed_out,     ///< no answer in time, the server acted on it
  garbage,       ///< something else than SOAP comes back, the server acted on it
  foreign,       ///< an answer to another request
  unreadable,    ///< SOAP that is none
  empty_500,
  unauthorized,
};

struct DriveOptions {
  Language language = Language::automatic;
  Limits limits = {};
  std::string_view script = "param($PoolFqdn) Get-CsBackupServiceStatus";
  Observer* observer = nullptr;
  bool elsewhere = false;  ///< there are other front ends
};

class SessionDrive {
 public:
  explicit SessionDrive(DriveOptions options = {})
      : session(make_options(options)), script_(options.script) {}

  /// One run to its end; 60 s of the drive's own clock.
  Result<PipelineResult> ask() {
    Call call{"Get-CsBackupServiceStatus",
              {{"PoolFqdn", Value::string("a.example.com")}, {"Force", Value::boolean(true)}},
              script_};
    WinrmSession::Next next = session.run(call, now, now + std::chrono::seconds(60));
    return std::get<WinrmSession::Finished>(drive(std::move(next))).result;
  }
  void clear() { drive(session.clear(now)); }
  void close() { drive(session.close(now)); }

  MonoTime now{};
  FakeServer server;
  int posts = 0;
  int trouble_at = 0;     ///< number of the post, from 1; 0: none
  int trouble_times = 1;  ///< so many posts one after the other
  Trouble trouble = Trouble::none;
  std::vector<wsman::Action> actions;  ///< of all posts
  std::vector<std::string> messages;   ///< `Action TYPE` of what was to be shown with them
  WinrmSession session;

 private:
  static WinrmSessionOptions make_options(const DriveOptions& options) {
    WinrmSessionOptions made;
    made.url = parse_url("http://server:5985/wsman").value();
    made.language = options.language;
    made.limits = options.limits;
    made.observer = options.observer;
    made.elsewhere = options.elsewhere;
    made.import_module = "SkypeForBusiness";
    return made;
  }

  WinrmSession::Next drive(WinrmSession::Next next) {
    for (int steps = 0; steps < 20'000; ++steps) {
      const auto* const post = std::get_if<WinrmSession::Post>(&next);
      if (post == nullptr) {
        return next;
      }
      now += std::chrono::milliseconds(10);
      next = carry(*post);
    }
    return WinrmSession::Finished{fail(Reason::internal, "drive.endless", "it never ends")};
  }

  WinrmSession::Next carry(const WinrmSession::Post& post) {
    ++posts;
    actions.push_back(post.action);
    for (const std::string& message : post.messages) {
      messages.push_back(std::string(to_string(post.action)) + " " +
                         message.substr(0, message.find(' ')));
    }
    const bool troubled =
        trouble_at > 0 && posts >= trouble_at && posts < trouble_at + trouble_times;
    const Trouble now_trouble = troubled ? trouble : Trouble::none;
    const auto lost = [&](Reason reason, std::string code, Stage stage) {
      Error error{reason, std::move(code), "lost", {}, {}, stage};
      return session.failed(std::move(error), now);
    };
    switch (now_trouble) {
      case Trouble::request_lost:
        return lost(Reason::connect, "http.closed", post.stage);
      case Trouble::not_sent:
        return lost(Reason::connect, "connect.refused", Stage::connect);
      case Trouble::empty_500:
        return session.answer({.status = 500, .headers = {}, .body = {}}, now);
      case Trouble::unauthorized:
        return session.answer({.status = 401, .headers = {}, .body = {}}, now);
      default:
        break;
    }
    server.replies_get_lost = server.replies_get_lost || now_trouble != Trouble::none;
    http::HttpReply reply = server.answer(post.body);
    if (reply.body.find("TimedOut") != std::string::npos) {
      now += post.patience;  // a long poll
    }
    switch (now_trouble) {
      case Trouble::reply_lost:
        return lost(Reason::connect, "http.closed", post.stage);
      case Trouble::timed_out:
        now += post.patience;
        return lost(Reason::timeout, "http.timeout", post.stage);
      case Trouble::garbage:
        reply.headers = {{"Content-Type", "text/html"}};
        reply.body = "<html>nothing</html>";
        break;
      case Trouble::unreadable:
        reply.body.resize(reply.body.size() / 2);
        break;
      case Trouble::foreign: {
        const auto at = reply.body.find("<a:RelatesTo>");
        reply.body.replace(at + 18, 4, "0000");
        break;
      }
      default:
        break;
    }
    return session.answer(reply, now);
  }

  std::string_view script_;
};

}  // namespace sfb::remote::testing
