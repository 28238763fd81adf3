// One evaluation over WS-Management against the scripted server of tests/unit/remote/winrm, with
// damage on the way.
#pragma once

#include "agent/http/reply_reader.hpp"
#include "tests/property/outcome.hpp"
#include "tests/property/tree.hpp"
#include "tests/unit/remote/winrm/fake_server.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::property {

/// What becomes of the reply to a post; the server has acted.
enum class Way { there, lost, late };

/// Sees each reply with its number, from 0; may change it.
using OnReply = std::function<Way(std::size_t number, http::HttpReply& reply)>;

Outcome outcome_of(const remote::testing::FakeKnobs& knobs, bool script, const OnReply& on_reply);

/// The `rsp:Stream` elements of a reply: places of their first byte and behind their last one.
struct StreamPlace {
  std::size_t begin;
  std::size_t end;
};
std::vector<StreamPlace> streams_of(std::string_view reply);

/// Letters or elements only where all but the messages' bodies is the same. For replies that hold
/// whole fragments.
Difference difference_of_replies(std::string_view whole, std::string_view damaged);

}  // namespace sfb::property
