// What a dropped file's errors say: its path, what who writes it can do, and nothing of a stranger.
#include "collectors/dropped_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sfb::collectors {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Error of(Reason reason, std::string code, std::string peer = {}) {
  return of_file({reason, std::move(code), "it is wrong", "ask the server", std::move(peer)},
                 "/srv/sfb/a.clixml");
}

TEST(DroppedFile, TheFileIsNamed) {
  for (const Reason reason : {Reason::parse, Reason::cmdlet}) {
    EXPECT_EQ(of(reason, "x.y").message, "/srv/sfb/a.clixml: it is wrong");
  }
}

TEST(DroppedFile, TheRemedyIsForWhoWritesFiles) {
  for (const char* code :
       {"status.bad_module", "status.unrecognised", "answer.empty", "store.unrecognised"}) {
    const std::string remedy = of(Reason::parse, code).remedy;
    EXPECT_THAT(remedy, StartsWith("let Export-BackupStatus.ps1 write it")) << code;
    EXPECT_THAT(remedy, HasSubstr("evaluate --as clixml POOL")) << code;
  }
  const std::string hop = of(Reason::cmdlet, "cmdlet.second_hop").remedy;
  EXPECT_THAT(hop, HasSubstr("RTCUniversalServerAdmins"));
  EXPECT_THAT(hop, Not(HasSubstr("transport"))) << "it is transport file already";
  EXPECT_THAT(hop, Not(HasSubstr("session configuration")));
  for (const char* code : {"cmdlet.not_found", "cmdlet.import_failed"}) {
    const std::string remedy = of(Reason::cmdlet, code).remedy;
    EXPECT_THAT(remedy, Not(HasSubstr("import_module"))) << "a key that file has not";
    EXPECT_THAT(remedy, HasSubstr("front end"));
  }
  const std::string other = of(Reason::cmdlet, "cmdlet.other_not_found").remedy;
  EXPECT_THAT(other, HasSubstr("the task's own script and profile"));
  EXPECT_THAT(other, Not(HasSubstr("session configuration"))) << "a file has none";
  EXPECT_EQ(of(Reason::cmdlet, "cmdlet.error").remedy, "ask the server");
}

TEST(DroppedFile, OnlyModulesAreQuoted) {
  const auto peer = [](std::string text) {
    return of(Reason::parse, "status.bad_module", std::move(text)).peer;
  };
  EXPECT_EQ(peer("A.B:[FinalState,x] C.D:[x,y]"), "A.B:[FinalState,x] C.D:[x,y]");
  for (const char* secret : {"hunter2", "svc:hunter2", "a:[b,c] p@ss", "root:[$6$x]", ""}) {
    EXPECT_EQ(peer(secret), "") << secret;
  }
  EXPECT_EQ(peer("A:[" + std::string(200, 'x') + "]"), "") << "too long for a module";
  EXPECT_EQ(of(Reason::cmdlet, "cmdlet.error", "Access is denied.").peer, "Access is denied.")
      << "the cmdlet's words";
}

}  // namespace
}  // namespace sfb::collectors
