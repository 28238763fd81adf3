#include "agent/psrp/bodies.hpp"

#include "agent/clixml/clixml.hpp"
#include "agent/value/access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::psrp {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string capability(const char* protocol, const char* serialization = "1.1.0.1") {
  return std::string(R"(<Obj RefId="0"><MS><Version N="protocolversion">)") + protocol +
         R"(</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">)" +
         serialization + "</Version></MS></Obj>";
}

TEST(Capability, OurOwnIsRead) {
  const auto read = read_capability(session_capability({}), {});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->protocol, kOffered);
  EXPECT_EQ(read->serialization_version, "1.1.0.1");
}

TEST(Capability, WhatCannotBeSpokenIsRefusedAtOnce) {
  EXPECT_TRUE(read_capability(capability("2.9"), {}));
  EXPECT_EQ(read_capability(capability("3.0"), {}).error().code, "psrp.version");
  EXPECT_EQ(read_capability(capability("1.0"), {}).error().code, "psrp.version");
  EXPECT_EQ(read_capability(capability("2.3", "1.0"), {}).error().code, "psrp.version");
  for (const char* const text : {"", "x", "2", "2.x", "-2.3", "99999999999.1"}) {
    EXPECT_FALSE(read_capability(capability(text), {})) << text;
    // As plain texts, too.
    EXPECT_EQ(read_capability(std::string(R"(<Obj RefId="0"><MS><S N="protocolversion">)") + text +
                                  R"(</S><S N="SerializationVersion">1.1</S></MS></Obj>)",
                              {})
                  .error()
                  .code,
              "psrp.capability")
        << text;
  }
  EXPECT_EQ(read_capability("<S>x</S>", {}).error().code, "psrp.capability");
  EXPECT_FALSE(read_capability("<S>", {}));
}

TEST(CreatePipeline, MembersByVersion) {
  const std::vector<Command> commands = {{"Get-X", false, {}}};
  const std::string old = create_pipeline(commands, {2, 1});
  EXPECT_THAT(old, Not(HasSubstr("MergeError")));
  EXPECT_EQ(old.find("IsNested"), old.rfind("IsNested"));
  const std::string three = create_pipeline(commands, {2, 2});
  EXPECT_THAT(three, HasSubstr("MergeDebug"));
  EXPECT_THAT(three, Not(HasSubstr("MergeInformation")));
  EXPECT_NE(three.find("IsNested"), three.rfind("IsNested"));
  EXPECT_THAT(create_pipeline(commands, {2, 3}), HasSubstr("MergeInformation"));
}

TEST(CreatePipeline, ValuesTravelAsValues) {
  const std::string body =
      create_pipeline({{"Get-X",
                        false,
                        {{"PoolFqdn", Value::string("a'; Remove-Item <x> & \x01")},
                         {"Force", Value::boolean(true)},
                         {"", Value::string("positional")}}}},
                      kOffered);
  const auto document = clixml::read_message(body, {});
  ASSERT_TRUE(document);
  EXPECT_THAT(body, HasSubstr(R"(<B N="V">true</B>)"));
  EXPECT_THAT(body, HasSubstr("a'; Remove-Item &lt;x&gt; &amp; _x0001_"));
  EXPECT_THAT(body, HasSubstr(R"(<Nil N="N" />)"));
}

TEST(HostCall, IsReadWhateverTheEnumLooksLike) {
  const auto call = read_host_call(
      R"(<Obj RefId="0"><MS><I64 N="ci">7</I64><Obj N="mi" RefId="1"><ToString>ReadLine</ToString><I32>11</I32></Obj></MS></Obj>)",
      {});
  ASSERT_TRUE(call);
  EXPECT_EQ(call->id, 7);
  EXPECT_EQ(call->method, 11);
  EXPECT_EQ(call->method_name, "ReadLine");
  EXPECT_TRUE(call->expects_answer());
  const auto plain = read_host_call(
      R"(<Obj RefId="0"><MS><I64 N="ci">-100</I64><I32 N="mi">16</I32></MS></Obj>)", {});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->method, 16);
  EXPECT_FALSE(plain->expects_answer());
  EXPECT_EQ(read_host_call("<S>x</S>", {}).error().code, "psrp.host_call");
  const auto with_method = [](const std::string& method) {
    return read_host_call(R"(<Obj RefId="0"><MS><I64 N="ci">1</I64>)" + method + "</MS></Obj>", {});
  };
  EXPECT_EQ(with_method(R"(<I64 N="mi">4294967307</I64>)").error().code, "psrp.host_call")
      << "2^32 + 11 is not ReadLine";
  const auto chatty = with_method(R"(<Obj N="mi" RefId="1"><ToString>)" + std::string(65, 'x') +
                                  "</ToString><I32>11</I32></Obj>");
  ASSERT_TRUE(chatty);
  EXPECT_EQ(chatty->method_name, "11") << "it goes back with the answer";
}

TEST(States, ANumberAndPerhapsAnError) {
  Graph graph;
  const auto state_of = [&graph](std::string_view body) {
    MemoryMeter meter{Limits()};
    return read_state(body, "PipelineState", {}, graph, meter);
  };
  const auto state = state_of(
      R"(<Obj RefId="0"><MS><I32 N="PipelineState">5</I32><S N="ExceptionAsErrorRecord">why</S></MS></Obj>)");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->state, 5);
  EXPECT_TRUE(state->error);
  EXPECT_FALSE(
      state_of(
          R"(<Obj RefId="0"><MS><I32 N="PipelineState">4</I32><Nil N="ExceptionAsErrorRecord" /></MS></Obj>)")
          ->error);
  EXPECT_EQ(state_of("<S>x</S>").error().code, "psrp.state");
  EXPECT_EQ(state_of("").error().code, "psrp.state");
  EXPECT_NE(state_of("").error().remedy, "");
}

TEST(Warnings, AreALineOfText) {
  EXPECT_EQ(
      read_warning(R"(<Obj RefId="0"><MS><S N="InformationalRecord_Message">w</S></MS></Obj>)", {}),
      "w");
  EXPECT_EQ(read_warning("<S>x</S>", {}), "");
  EXPECT_EQ(read_warning("<broken", {}), "");
  EXPECT_EQ(read_ps_version("<broken", {}), "");
  EXPECT_EQ(read_ps_version("<S>x</S>", {}), "");
}

}  // namespace
}  // namespace sfb::psrp
