// Evaluations over WS-Management: replies and streams lost, doubled, swapped and altered: never a
// false good.
#include "tests/property/damage.hpp"
#include "tests/property/ledger.hpp"
#include "tests/property/winrm_play.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>
#include <utility>

namespace sfb::property {
namespace {

using remote::testing::FakeKnobs;

// Of each kind of edit and each reply; more for nightly runs.
constexpr std::size_t kWinrmBudget = 2;

struct Scene {
  std::string name;
  FakeKnobs knobs;
  bool script = false;
};

std::vector<Scene> scenes() {
  const auto status = [](std::string_view state) {
    return fmt::format(
        R"(<Obj RefId="0"><TN RefId="0"><T>Test.Status</T><T>System.Object</T></TN><Props>)"
        R"(<Obj N="BackupModules" RefId="1"><LST><S>A.B:[FinalState,NormalState]</S>)"
        R"(<S>C.D:[{},NormalState]</S></LST></Obj></Props></Obj>)",
        state);
  };
  std::vector<Scene> all;
  for (const bool script : {false, true}) {
    for (const std::size_t cut : {0U, 300U}) {
      for (const bool done_with_state : {true, false}) {
        FakeKnobs knobs;
        knobs.cut = cut;
        knobs.done_with_state = done_with_state;
        knobs.output = {status("ErrorState")};
        const std::string name =
            fmt::format("{}, {}{}", script ? "script" : "command", cut == 0 ? "whole" : "cut",
                        done_with_state ? "" : ", done later");
        all.push_back({name + ", bad", knobs, script});
        knobs.output = {status("SteadyState")};
        all.push_back({name + ", good", knobs, script});
        if (script) {
          continue;  // the scripted server does not count its errors
        }
        knobs.output = {};
        knobs.errors = {R"(<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.)"
                        R"(ErrorRecord</T></TN><MS><S N="FullyQualifiedErrorId">X</S></MS></Obj>)"};
        all.push_back({name + ", error", knobs, script});
      }
    }
  }
  return all;
}

class Scenery {
 public:
  Scenery(const Scene& scene, Ledger& ledger) : scene_(scene), ledger_(ledger) {
    whole_ = outcome_of(scene.knobs, scene.script, [&](std::size_t, http::HttpReply& reply) {
      replies_.push_back(reply.body);
      return Way::there;
    });
  }

  void damage() {
    for (std::size_t i = 0; i < replies_.size(); ++i) {
      lose(i);
      change_streams(i);
      change_bytes(i);
    }
  }

 private:
  void add(const std::string& what, const OnReply& on_reply, std::string_view before = {},
           std::string_view behind = {}) {
    ledger_.add(
        scene_.name, whole_, outcome_of(scene_.knobs, scene_.script, on_reply),
        [&] {
          return before.empty() ? Difference::structure : difference_of_replies(before, behind);
        },
        [&] { return what; });
  }

  // The reply to post `i` is another one.
  void replaced(std::size_t i, const std::string& what, const std::string& body) {
    add(
        fmt::format("reply {}: {}", i, what),
        [&](std::size_t number, http::HttpReply& reply) {
          if (number == i) {
            reply.body = body;
          }
          return Way::there;
        },
        replies_[i], body);
  }

  void lose(std::size_t i) {
    for (std::size_t times = 1; times <= 3; ++times) {
      for (const Way way : {Way::lost, Way::late}) {
        add(fmt::format("{} replies from {} on are {}", times, i,
                        way == Way::lost ? "lost" : "late"),
            [&](std::size_t number, http::HttpReply&) {
              return number >= i && number < i + times ? way : Way::there;
            });
      }
    }
  }

  void change_streams(std::size_t i) {
    const std::string& body = replies_[i];
    const auto places = streams_of(body);
    if (places.empty()) {
      return;
    }
    const auto text = [&](const StreamPlace& place) {
      return body.substr(place.begin, place.end - place.begin);
    };
    for (std::size_t k = 0; k < places.size(); ++k) {
      const auto [begin, end] = places[k];
      replaced(i, fmt::format("stream {} is lost", k), edited(body, {begin, end - begin, {}}));
      replaced(i, fmt::format("stream {} comes twice", k),
               edited(body, {begin, 0, text(places[k])}));
      const std::size_t content = body.find('>', begin) + 1;
      replaced(i, fmt::format("stream {} is empty", k),
               edited(body, {content, body.find('<', content) - content, {}}));
      if (k + 1 < places.size()) {
        replaced(i, fmt::format("stream {} comes later", k),
                 edited(body,
                        {begin, places[k + 1].end - begin, text(places[k + 1]) + text(places[k])}));
      }
    }
    const std::size_t first = places.front().begin;
    const std::size_t last = places.back().end;
    replaced(i, "all streams are lost", edited(body, {first, last - first, {}}));
    const std::size_t end = body.find("</rsp:ReceiveResponse>");
    replaced(i, "the command's state is lost", edited(body, {last, end - last, {}}));
    replaced(i, "the answer is empty", edited(body, {first, end - first, {}}));
  }

  void change_bytes(std::size_t i) {
    const std::string body = replies_[i];
    Random random = random_for(fmt::format("{} {}", scene_.name, i));
    Edits edits(body, kWinrmBudget * factor(), random);
    for (const auto& some :
         {edits.fitting_cuts(), edits.fitting_doubles(), edits.anywhere(), edits.truncations()}) {
      for (const Edit& edit : some) {
        replaced(i, show(body, edit), edited(body, edit));
      }
    }
  }

  const Scene& scene_;
  Ledger& ledger_;
  Outcome whole_;
  std::vector<std::string> replies_;
};

TEST(DamagedReplies, AreNeverBetter) {
  std::cout << "SFB_SEED=" << seed() << " SFB_MUTATIONS=" << factor() << '\n';
  Ledger ledger;
  for (const Scene& scene : scenes()) {
    Scenery(scene, ledger).damage();
  }
  std::cout << ledger.report();
  EXPECT_EQ(ledger.violations(), 0U) << ledger.report();
  EXPECT_LE(ledger.exempt() * 100, ledger.tried() * 2);
}

}  // namespace
}  // namespace sfb::property
