// Which server is asked for which names, where some questions fail.
#include "agent/directory/turns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sfb::directory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Names = std::vector<std::string>;

std::unexpected<Error> failed(Reason reason, std::string code) {
  return fail(reason, std::move(code), "it fails");
}

// A universal security group of x.com.
Entry group(const std::string& name, char last) {
  return {"x.com", name, std::string("\x01\x01\0\0\0\0\0\x05", 8) + last + std::string(3, '\0'),
          static_cast<std::int32_t>(0x80000008)};
}

/// A server with the groups A to C of the domain X (x.com).
struct FakeServer {
  Questions questions() {
    return {.entries = [this](const GroupName& name) -> Result<std::vector<Entry>> {
              asked.push_back(name.account);
              if (const auto bad = bad_entries.find(name.account); bad != bad_entries.end()) {
                return std::unexpected(bad->second);
              }
              return name.account <= "C" ? std::vector{group(name.account, name.account[0])}
                                         : std::vector<Entry>();
            },
            .domains = [this]() -> Result<std::vector<Domain>> {
              asked.emplace_back("domains");
              return domains;
            }};
  }

  std::map<std::string, Error> bad_entries = {};
  Result<std::vector<Domain>> domains = std::vector<Domain>{{"X", "x.com"}};
  Names asked = {};
};

/// `SID` or code, by name.
Names words(const std::vector<Answer>& answers) {
  Names all;
  for (const Answer& answer : answers) {
    all.push_back(answer.name + "=" +
                  (answer.match ? answer.match->sid.str() : answer.match.error().code));
  }
  return all;
}

Names codes(const std::vector<Error>& errors) {
  Names all;
  for (const Error& error : errors) {
    all.push_back(error.code);
  }
  return all;
}

TEST(Turns, OneServerIsAskedForEachNameAndForDomainsOnceAndLast) {
  FakeServer server;
  const auto answers =
      ask_server({"A", "X\\B", "X\\C", "Y\\A", "D", "a\\b\\c"}, server.questions());
  ASSERT_TRUE(answers);
  EXPECT_THAT(
      words(*answers),
      ElementsAre("A=S-1-5-65", "X\\B=S-1-5-66", "X\\C=S-1-5-67", "Y\\A=directory.domain_unknown",
                  "D=directory.group_unknown", "a\\b\\c=directory.group_name"));
  EXPECT_THAT(server.asked, ElementsAre("A", "B", "C", "A", "D", "domains"));
  EXPECT_TRUE((Answers{"gc", *answers, {}}.whole()));
  FakeServer long_names;
  ASSERT_TRUE(ask_server({"A", "B@x.com"}, long_names.questions()));
  EXPECT_THAT(long_names.asked, ElementsAre("A", "B"));
}

TEST(Turns, DomainsThatCannotBeAskedCostTheirNamesAlone) {
  for (const Reason reason : {Reason::connect, Reason::timeout, Reason::protocol}) {
    FakeServer server{.domains = failed(reason, "directory.it")};
    const auto answers = ask_server({"A", "X\\B", "C"}, server.questions());
    ASSERT_TRUE(answers);
    EXPECT_THAT(words(*answers), ElementsAre("A=S-1-5-65", "X\\B=directory.it", "C=S-1-5-67"));
    EXPECT_FALSE((*answers)[1].said());
    EXPECT_FALSE((Answers{"gc", *answers, {}}.whole()));
  }
}

TEST(Turns, ASearchThatIsRefusedCostsOneNameAndALostConnectionAll) {
  FakeServer refuses{.bad_entries = {{"B", failed(Reason::protocol, "directory.search").error()}}};
  const auto answers = ask_server({"A", "B"}, refuses.questions());
  ASSERT_TRUE(answers);
  EXPECT_THAT(words(*answers), ElementsAre("A=S-1-5-65", "B=directory.search"));
  EXPECT_FALSE((*answers)[1].said());
  for (const auto& [reason, code] : {std::pair(Reason::connect, "directory.connect"),
                                     std::pair(Reason::timeout, "directory.timeout"),
                                     std::pair(Reason::protocol, "directory.answer")}) {
    FakeServer lost{.bad_entries = {{"B", failed(reason, code).error()}}};
    const auto none = ask_server({"A", "B", "C"}, lost.questions());
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, code);
    EXPECT_THAT(lost.asked, ElementsAre("A", "B"));
  }
  const auto nothing = ask_server({"B"}, refuses.questions());
  ASSERT_FALSE(nothing) << "no answer at all is none";
  EXPECT_EQ(nothing.error().code, "directory.search");
}

/// Asks in turn servers that answer as given: an error, or those of the names.
struct Round {
  using Bad = std::map<std::string, std::string>;  // by name: a code; absent: found
  using Reply = Result<Bad>;

  Result<Answers> ask(const Names& names) {
    Names servers;
    for (std::size_t i = 0; i < replies.size(); ++i) {
      servers.push_back("gc" + std::to_string(i));
    }
    return ask_in_turn(
        servers, names, [&](std::size_t server, const Names& open) -> Result<std::vector<Answer>> {
          asked.push_back(open);
          if (!replies[server]) {
            return std::unexpected(replies[server].error());
          }
          std::vector<Answer> answers;
          for (const std::string& name : open) {
            const auto bad = replies[server]->find(name);
            if (bad == replies[server]->end()) {
              answers.push_back({name, Match{identity::Sid::parse("S-1-5-1").value()}});
            } else {
              const bool word = bad->second == "directory.group_unknown";
              answers.push_back(
                  {name, failed(word ? Reason::not_found : Reason::connect, bad->second)});
            }
          }
          return answers;
        });
  }

  std::vector<Reply> replies;
  std::vector<Names> asked = {};
};

TEST(Turns, TheNextServerIsAskedForWhatTheOneBeforeItDidNotSay) {
  Round round{.replies = {Round::Bad{{"B", "directory.connect"}, {"C", "directory.connect"}},
                          failed(Reason::timeout, "directory.timeout"),
                          Round::Bad{std::pair("B", "directory.group_unknown")}, Round::Bad{}}};
  const auto answers = round.ask({"A", "B", "C"});
  ASSERT_TRUE(answers);
  EXPECT_THAT(words(answers->names),
              ElementsAre("A=S-1-5-1", "B=directory.group_unknown", "C=S-1-5-1"));
  EXPECT_TRUE(answers->whole());
  EXPECT_EQ(answers->server, "gc0");
  EXPECT_THAT(codes(answers->passed_over), ElementsAre("directory.timeout"));
  EXPECT_THAT(round.asked, ElementsAre(Names{"A", "B", "C"}, Names{"B", "C"}, Names{"B", "C"}));
}

TEST(Turns, WhatNobodySaysStaysUnansweredBesideTheRest) {
  Round round{.replies = {Round::Bad{std::pair("B", "directory.connect")},
                          Round::Bad{std::pair("B", "directory.timeout")}}};
  const auto answers = round.ask({"A", "B"});
  ASSERT_TRUE(answers);
  EXPECT_THAT(words(answers->names), ElementsAre("A=S-1-5-1", "B=directory.timeout"));
  EXPECT_FALSE(answers->whole());
  EXPECT_THAT(answers->passed_over, IsEmpty());
}

TEST(Turns, ARefusedAccountEndsTheRoundAndARefusingServerDoesNot) {
  Round account{.replies = {failed(Reason::auth, "auth.refused"), Round::Bad{}}};
  const auto refused = account.ask({"A"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "auth.refused");
  EXPECT_EQ(account.asked.size(), 1U);
  Round server{.replies = {failed(Reason::protocol, "directory.refused"),
                           failed(Reason::protocol, "auth.ticket_refused"), Round::Bad{}}};
  const auto answers = server.ask({"A"});
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->server, "gc2");
  EXPECT_THAT(codes(answers->passed_over), ElementsAre("directory.refused", "auth.ticket_refused"));
  Round none{.replies = {failed(Reason::connect, "directory.connect"),
                         failed(Reason::timeout, "directory.timeout")}};
  EXPECT_EQ(none.ask({"A"}).error().code, "directory.timeout");
}

}  // namespace
}  // namespace sfb::directory
