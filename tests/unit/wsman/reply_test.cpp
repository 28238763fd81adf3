#include "agent/wsman/reply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.hpp"
#include <string>
#include <vector>

namespace sfb::wsman {
namespace {

using namespace sfb::wsman::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr std::size_t kMax = 2UL << 20U;

template <typename Body>
Body good(const std::string& envelope) {
  auto reply = read_reply(envelope, kMax);
  EXPECT_TRUE(reply.has_value()) << (reply ? "" : describe(reply.error()));
  if (!reply || !std::holds_alternative<Body>(reply->body)) {
    ADD_FAILURE() << "another kind of reply: " << envelope;
    return {};
  }
  return std::get<Body>(std::move(reply->body));
}

std::string code_of(const std::string& envelope, std::size_t max = kMax) {
  const auto reply = read_reply(envelope, max);
  if (reply) {
    return "read";
  }
  EXPECT_EQ(reply.error().reason, Reason::protocol);
  return reply.error().code;
}

TEST(WsmanReply, AnOldServerNamesTheShellInItsSelectorsOnly) {
  const auto reply = good<CreateReply>(soap("uuid:1", create_body("OWN-ID")));
  EXPECT_EQ(reply.shell_id, "OWN-ID");
  EXPECT_TRUE(reply.facts.empty());
}

TEST(WsmanReply, ANewServerTellsFacts) {
  const std::string shell =
      R"(<rsp:Shell><rsp:ShellId>IN-SHELL</rsp:ShellId><rsp:Owner>CONTOSO\svc</rsp:Owner><rsp:ClientIP>10.0.0.7</rsp:ClientIP><rsp:ProcessId>4712</rsp:ProcessId><rsp:IdleTimeOut>PT240.000S</rsp:IdleTimeOut><rsp:MaxIdleTimeOut>PT2147483.647S</rsp:MaxIdleTimeOut><rsp:Later><rsp:Deep>x</rsp:Deep></rsp:Later><rsp:Empty/></rsp:Shell>)";
  const auto both = good<CreateReply>(soap("uuid:1", create_body("OWN-ID") + shell));
  EXPECT_EQ(both.shell_id, "OWN-ID");
  EXPECT_THAT(both.facts, ElementsAre(Pair("ShellId", "IN-SHELL"), Pair("Owner", "CONTOSO\\svc"),
                                      Pair("ClientIP", "10.0.0.7"), Pair("ProcessId", "4712"),
                                      Pair("IdleTimeOut", "PT240.000S"),
                                      Pair("MaxIdleTimeOut", "PT2147483.647S")));
  EXPECT_EQ(good<CreateReply>(soap("uuid:1", shell)).shell_id, "IN-SHELL");
  EXPECT_EQ(good<CreateReply>(soap("uuid:1", R"(<rsp:Shell ShellId="ATTRIBUTE"/>)")).shell_id,
            "ATTRIBUTE");
}

TEST(WsmanReply, OtherPrefixesOrderAndBlanksChangeNothing) {
  const std::string omi = R"(<?xml version="1.0" encoding="utf-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"
    xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"
    xmlns:wsman="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd">
  <SOAP-ENV:Header>
    <unknown:Thing xmlns:unknown="urn:u">?</unknown:Thing>
    <wsa:RelatesTo>
      uuid:ABC
    </wsa:RelatesTo>
  </SOAP-ENV:Header>
  <SOAP-ENV:Body>
    <ReceiveResponse xmlns="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">
      <Unknown/>
      <CommandState State="http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done" CommandId="C1"><ExitCode> -1 </ExitCode></CommandState>
      <Stream CommandId="C1" Name="stdout"> AAEC
        AwQ= </Stream>
      <Stream Name="stdout" End="true"/>
    </ReceiveResponse>
  </SOAP-ENV:Body>
</SOAP-ENV:Envelope>
)";
  const auto whole = read_reply(omi, kMax);
  ASSERT_TRUE(whole.has_value()) << describe(whole.error());
  EXPECT_EQ(whole->relates_to, "uuid:ABC");
  const auto reply = good<ReceiveReply>(omi);
  ASSERT_EQ(reply.streams.size(), 2U);
  EXPECT_EQ(reply.streams[0].command_id, "C1");
  EXPECT_EQ(reply.streams[0].bytes, std::string("\0\1\2\3\4", 5));
  EXPECT_TRUE(reply.streams[1].bytes.empty());
  EXPECT_TRUE(reply.streams[1].command_id.empty());
  EXPECT_EQ(reply.state, CommandState::done);
  EXPECT_EQ(reply.state_command_id, "C1");
}

TEST(WsmanReply, AReceiveMayHoldAnything) {
  const auto empty = good<ReceiveReply>(soap("u", receive_body("")));
  EXPECT_TRUE(empty.streams.empty());
  EXPECT_EQ(empty.state, CommandState::absent);
  const auto many = good<ReceiveReply>(
      soap("u", receive_body(stream("C", "AA==") + stream("C", "") + stream("", "AQ=="))));
  ASSERT_EQ(many.streams.size(), 3U);
  EXPECT_EQ(many.streams[2].bytes, "\1");
  for (const auto& [word, expected] :
       {std::pair("Running", CommandState::running), std::pair("Pending", CommandState::pending),
        std::pair("Done", CommandState::done), std::pair("Resting", CommandState::absent)}) {
    EXPECT_EQ(good<ReceiveReply>(soap("u", receive_body(state("C", word)))).state, expected)
        << word;
  }
}

TEST(WsmanReply, CommandNamesItsId) {
  EXPECT_EQ(good<CommandReply>(soap("u", command_body(" 9-own \n"))).command_id, "9-own");
}

TEST(WsmanReply, TheRestSaysNothing) {
  good<EmptyReply>(soap("u", ""));
  good<EmptyReply>(soap("u", "<rsp:SendResponse/>"));
  good<EmptyReply>(soap("u", "<rsp:SignalResponse><rsp:x/></rsp:SignalResponse>"));
  good<EmptyReply>(soap("u", "<x:DeleteResponse/>"));
}

TEST(WsmanReply, AHeaderMayBeMissing) {
  const auto reply = read_reply(
      R"(<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body/></e:Envelope>)",
      kMax);
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->relates_to, "");
}

TEST(WsmanReply, WhatCannotBeUsedIsRefused) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "xml.syntax"},
      {"<html>", "xml.syntax"},
      {"<html/>", "wsman.not_soap"},
      {R"(<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>)",
       "wsman.not_soap"},
      {R"(<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>)", "wsman.not_soap"},
      {"<!DOCTYPE a><a/>", "xml.doctype"},
      {soap("u", "<rsp:Else/>"), "wsman.reply"},
      {soap("u", "<Fault/>"), "wsman.reply"},
      {soap("u", create_body("")), "wsman.reply"},
      {soap("u", create_body("two words")), "wsman.reply"},
      {soap("u", create_body("a&lt;b")), "wsman.reply"},
      {soap("u", create_body(std::string(kMaxIdLength + 1, 'x'))), "wsman.reply"},
      {soap("u", command_body("")), "wsman.reply"},
      {soap("u", "<rsp:CommandResponse/>"), "wsman.reply"},
      {soap("u", receive_body(stream("C", "AA="))), "wsman.reply"},
      {soap("u", receive_body(stream("C", "%"))), "wsman.reply"},
      {soap("u", receive_body(stream("C", "AAEC AwQ=AA=="))), "wsman.reply"},
  };
  for (const auto& [envelope, code] : cases) {
    EXPECT_EQ(code_of(envelope), code) << envelope;
  }
  EXPECT_EQ(good<CreateReply>(soap("u", create_body(std::string(kMaxIdLength, 'x')))).shell_id,
            std::string(kMaxIdLength, 'x'));
}

TEST(WsmanReply, SizeDepthAndNumberAreCapped) {
  const std::string reply = soap("u", "");
  EXPECT_EQ(code_of(reply, reply.size()), "read");
  EXPECT_EQ(code_of(reply, reply.size() - 1), "xml.too_large");
  std::string deep;
  for (int i = 0; i < 100; ++i) {
    deep += "<a>";
  }
  EXPECT_EQ(code_of(soap("u", deep)), "xml.too_deep");
  std::string many;
  for (int i = 0; i < 70'000; ++i) {
    many += "<a/>";
  }
  EXPECT_EQ(code_of(soap("u", many)), "xml.too_large");
}

TEST(WsmanReply, NoWordOfThePeerStandsInAMessage) {
  for (const std::string& envelope :
       {soap("CANARY", "<rsp:CANARY/>"), soap("u", create_body("CANARY CANARY")),
        soap("u", receive_body(stream("CANARY", "CANARY!"))), std::string("<CANARY></CAN>"),
        std::string("<CANARY/>")}) {
    const auto reply = read_reply(envelope, kMax);
    ASSERT_FALSE(reply.has_value()) << envelope;
    EXPECT_THAT(reply.error().message, Not(HasSubstr("CANARY")));
    EXPECT_THAT(reply.error().remedy, Not(HasSubstr("CANARY")));
  }
}

TEST(WsmanRelates, CaseAndPrefixDoNotMatter) {
  const std::string id = "0a0b0c0d-0000-4000-8000-00000000abcd";
  for (const char* written :
       {"uuid:0A0B0C0D-0000-4000-8000-00000000ABCD",
        "urn:uuid:0a0b0c0d-0000-4000-8000-00000000abcd",
        "UUID:0a0b0c0d-0000-4000-8000-00000000ABCD", " 0A0B0C0D-0000-4000-8000-00000000ABCD\n"}) {
    EXPECT_TRUE(relates(written, id)) << written;
    EXPECT_TRUE(relates(id, written)) << written;
  }
  EXPECT_FALSE(relates("", id));
  EXPECT_FALSE(relates("", ""));
  EXPECT_FALSE(relates("uuid:", "uuid:"));
  EXPECT_FALSE(relates("uuid:0A0B0C0D-0000-4000-8000-00000000ABCE", id));
  EXPECT_FALSE(relates("0A0B0C0D-0000-4000-8000-00000000ABC", id));
}

}  // namespace
}  // namespace sfb::wsman
