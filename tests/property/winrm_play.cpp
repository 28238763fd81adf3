#include "tests/property/winrm_play.hpp"

#include "agent/base/base64.hpp"
#include "agent/remote/winrm/winrm_session.hpp"
#include "collectors/question.hpp"
#include "tests/property/conversation.hpp"
#include "tests/property/wire_damage.hpp"

#include <chrono>
#include <optional>
#include <utility>
#include <variant>

namespace sfb::property {

namespace {

using remote::WinrmSession;

// The bytes of all streams, and what stands around them.
struct Parts {
  std::string around;
  std::optional<std::string> bytes = std::string();
};

Parts parts_of(std::string_view reply) {
  Parts parts;
  std::size_t at = 0;
  for (const StreamPlace& place : streams_of(reply)) {
    const std::size_t content = reply.find('>', place.begin) + 1;
    const std::size_t size = reply.find('<', content) - content;
    parts.around += reply.substr(at, content - at);
    at = content + size;
    const auto decoded = base64_decode(reply.substr(content, size));
    parts.bytes = parts.bytes && decoded ? std::optional(*parts.bytes + *decoded) : std::nullopt;
  }
  parts.around += reply.substr(at);
  return parts;
}

}  // namespace

Outcome outcome_of(const remote::testing::FakeKnobs& knobs, bool script, const OnReply& on_reply) {
  remote::testing::FakeServer server;
  server.knobs = knobs;
  remote::WinrmSessionOptions options;
  options.url = parse_url("http://server:5985/wsman").value();
  options.language = script ? remote::Language::automatic : remote::Language::none;
  // The same ids in every run, so that replies of two runs can be compared.
  std::uint8_t ids = 0;
  options.guids = [&] {
    Guid id;
    id.bytes.fill(++ids);
    return id;
  };
  WinrmSession session(std::move(options));
  MonoTime now{};
  std::size_t replies = 0;
  const Call call = collectors::make_call({Fqdn::parse("atl-cs-001.litwareinc.com").value()});
  WinrmSession::Next next = session.run(call, now, now + std::chrono::seconds(60));
  for (int steps = 0; steps < 200; ++steps) {
    if (auto* const finished = std::get_if<WinrmSession::Finished>(&next)) {
      return outcome_of(finished->result);
    }
    const auto* const post = std::get_if<WinrmSession::Post>(&next);
    if (post == nullptr) {
      break;
    }
    now += std::chrono::milliseconds(10);
    const Stage stage = post->stage;
    http::HttpReply reply = server.answer(post->body);
    const bool waited = reply.body.contains("TimedOut");
    const Way way = on_reply(replies++, reply);
    now += waited || way == Way::late ? post->patience : std::chrono::milliseconds(0);
    next = way == Way::there ? session.answer(reply, now)
           : way == Way::late
               ? session.failed({Reason::timeout, "http.timeout", "lost", {}, {}, stage}, now)
               : session.failed({Reason::connect, "http.closed", "lost", {}, {}, stage}, now);
  }
  return outcome_of(fail(Reason::internal, "property.endless", "it never ends"));
}

std::vector<StreamPlace> streams_of(std::string_view reply) {
  constexpr std::string_view kOpen = "<rsp:Stream ";
  constexpr std::string_view kClose = "</rsp:Stream>";
  std::vector<StreamPlace> places;
  for (std::size_t at = 0; (at = reply.find(kOpen, at)) != std::string_view::npos;) {
    const std::size_t end = reply.find(kClose, at);
    if (end == std::string_view::npos) {
      break;
    }
    places.push_back({at, end + kClose.size()});
    at = end;
  }
  return places;
}

Difference difference_of_replies(std::string_view whole, std::string_view damaged) {
  const Parts before = parts_of(whole);
  const Parts behind = parts_of(damaged);
  auto fragments = before.bytes ? read_fragments(*before.bytes) : std::nullopt;
  if (before.around != behind.around || !fragments || !behind.bytes) {
    return Difference::structure;
  }
  Conversation first;
  first.groups = {{Line{psrp::PacketKind::data, {}, std::move(*fragments), {}}}};
  Conversation second;
  second.groups = {{Line{psrp::PacketKind::data, {}, {}, behind.bytes}}};
  return difference(first, second);
}

}  // namespace sfb::property
