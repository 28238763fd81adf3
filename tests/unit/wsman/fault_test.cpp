#include "agent/wsman/fault.hpp"

#include "agent/base/text.hpp"
#include "agent/wsman/fault_table.hpp"
#include "agent/wsman/reply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.hpp"
#include <set>
#include <string>

namespace sfb::wsman {
namespace {

using namespace sfb::wsman::testing;
using ::testing::HasSubstr;
using ::testing::Not;

Fault fault_of(const std::string& envelope) {
  auto reply = read_reply(envelope, 1U << 20U);
  if (!reply || !std::holds_alternative<Fault>(reply->body)) {
    ADD_FAILURE() << (reply ? "no fault" : describe(reply.error())) << ": " << envelope;
    return {};
  }
  return std::get<Fault>(std::move(reply->body));
}

/// `maximum*concurrent shells` as a server says it: a number may stand between.
std::string spoken(std::string_view words) {
  std::string out = "The WS-Management service cannot process the request. The ";
  for (const char c : words) {
    out += c == '*' ? " NUMBER of 5 " : std::string(1, c);
  }
  return out + " has been exceeded.";
}

TEST(WsmanFaultTable, EveryRowIsReachedByEachOfItsKeys) {
  for (const FaultRow& row : fault_rows()) {
    SCOPED_TRACE(row.name);
    ASSERT_NE(row.code, 0U);
    // The text says something else: a known code decides alone.
    const std::string wrong = spoken("maximum*concurrent shells");
    const Fault coded = fault_of(fault("u", "InternalError", std::to_string(row.code), wrong));
    EXPECT_EQ(&meaning_of(coded), &row.meaning);
    const Error error = to_error(coded);
    EXPECT_EQ(error.reason, row.meaning.reason);
    EXPECT_EQ(error.code, row.meaning.code);
    EXPECT_THAT(error.message, HasSubstr(fmt::format("(fault {}, InternalError)", row.code)));
    EXPECT_EQ(error.peer, wrong);
    if (!row.subcode.empty()) {
      EXPECT_EQ(&meaning_of(fault_of(fault("u", row.subcode, ""))), &row.meaning);
    }
    if (!row.words.empty()) {
      for (const char* subcode : {"InternalError", "QuotaLimit", ""}) {
        const Fault said = fault_of(fault("u", subcode, "", spoken(row.words)));
        EXPECT_EQ(&meaning_of(said), &row.meaning) << subcode;
      }
    }
  }
}

TEST(WsmanFaultTable, KeysAreUniqueAndRowsComplete) {
  std::set<std::string> keys;
  for (const FaultRow& row : fault_rows()) {
    SCOPED_TRACE(row.name);
    EXPECT_TRUE(keys.insert("code " + std::to_string(row.code)).second);
    EXPECT_TRUE(row.subcode.empty() || keys.insert("subcode " + std::string(row.subcode)).second);
    EXPECT_TRUE(row.words.empty() || keys.insert("words " + std::string(row.words)).second);
    EXPECT_EQ(row.words, to_lower(row.words)) << "texts are compared in lower case";
    EXPECT_TRUE(row.meaning.code.starts_with("wsman."));
    EXPECT_FALSE(row.meaning.message.empty());
    EXPECT_FALSE(row.meaning.remedy.empty());
  }
}

TEST(WsmanFaultTable, ReactionsAndReasonsAreThoseOfTheProtocol) {
  const auto of = [](std::uint32_t code) -> const Meaning& {
    return meaning_of(Fault{.code = code, .subcode = {}, .text = {}});
  };
  EXPECT_EQ(of(2150858793).reaction, Reaction::repeat);
  for (const std::uint32_t code : {2150858843U, 995U, 2150859241U}) {
    EXPECT_EQ(of(code).reaction, Reaction::reopen) << code;
  }
  for (const std::uint32_t code : {5U, 2147942405U, 2152992672U}) {
    EXPECT_EQ(of(code).reason, Reason::forbidden) << code;
    EXPECT_EQ(of(code).reaction, Reaction::give_up) << code;
  }
  for (const std::uint32_t code :
       {2150859173U, 2150859174U, 2150859175U, 2150859176U, 2150859179U, 2150859236U, 2150859237U,
        2150859238U, 2150859239U, 2150859240U, 2150859242U}) {
    EXPECT_EQ(of(code).reason, Reason::throttled) << code;
    EXPECT_EQ(of(code).reaction, Reaction::give_up) << code;
  }
  for (const std::uint32_t code : {2150858767U, 2150858817U, 2150858819U, 2150858753U, 2150858824U,
                                   2150858825U, 2150859161U, 2147942402U, 2147942606U}) {
    EXPECT_EQ(of(code).reason, Reason::protocol) << code;
  }
  EXPECT_EQ(of(2150858752).reason, Reason::not_found);
  EXPECT_EQ(of(2150858811).reason, Reason::not_found);
  EXPECT_EQ(of(2150858806).reason, Reason::auth);
  EXPECT_EQ(&of(2150858882), &unknown_fault()) << "a certificate, not a quota";
  EXPECT_EQ(&of(0), &unknown_fault());
}

// As newer servers write it, with a number between the words.
TEST(WsmanFault, QuotasWithoutACodeAreKnownByTheirWords) {
  const auto said = [](std::string_view subcode, std::string_view text) {
    return std::string(meaning_of(fault_of(fault("u", subcode, "", text))).code);
  };
  EXPECT_EQ(said("InternalError", "This user is allowed a maximum number of 5 concurrent shells."),
            "wsman.quota_shells");
  EXPECT_EQ(said("InternalError", "ALREADY executing the Maximum Number of Concurrent Shells"),
            "wsman.quota_shells");
  EXPECT_EQ(said("InternalError", "the maximum number of 1500 concurrent operations"),
            "wsman.quota_operations");
  EXPECT_EQ(said("InternalError", "The maximum number of concurrent commands per shell is over"),
            "wsman.quota_commands");
  EXPECT_EQ(said("QuotaLimit", "Das Kontingent ist erschöpft."), "wsman.quota");
  EXPECT_EQ(said("InternalError", "Das Kontingent ist erschöpft."), "wsman.fault");
  EXPECT_EQ(said("InternalError", "concurrent shells: maximum"), "wsman.fault") << "the order";
  EXPECT_EQ(said("AccessDenied", "maximum number of 5 concurrent shells"), "wsman.access_denied")
      << "words only where the subcode leaves it open";
}

TEST(WsmanFault, TheLongestTextIsShown) {
  const std::string provider =
      R"(<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="2152992672" Machine="fe01"><f:Message><f:ProviderFault provider="PowerShellplugin" path="C:\p.dll"> The user is in no role group. </f:ProviderFault></f:Message></f:WSManFault>)";
  const Fault plugin = fault_of(soap("u", fault_body("", "", provider)));
  EXPECT_EQ(plugin.code, 2152992672U);
  EXPECT_EQ(plugin.text, "The user is in no role group.");

  const std::string nested =
      R"(<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Machine="fe01"><f:Message><f:ProviderFault provider="p"><f:WSManFault Code="2147942405" Machine="fe01"><f:Message>Access is denied, says the inner one.</f:Message></f:WSManFault></f:ProviderFault></f:Message></f:WSManFault>)";
  const Fault inner = fault_of(soap("u", fault_body("", "Short.", nested)));
  EXPECT_EQ(inner.code, 2147942405U);
  EXPECT_EQ(inner.text, "Access is denied, says the inner one.");

  EXPECT_EQ(
      fault_of(soap("u", fault_body("", "The reason is longer.", wsman_fault("5", "No.")))).text,
      "The reason is longer.");
  EXPECT_EQ(fault_of(soap("u", fault_body("", "", wsman_fault("5", "Only here.")))).text,
            "Only here.");
  EXPECT_EQ(fault_of(soap("u", fault_body("", "", ""))).text, "");
}

TEST(WsmanFault, ThePeersWordsAreCut) {
  const std::string many(100'000, 'x');
  const std::string euros = "ab" + [] {
    std::string text;
    for (int i = 0; i < 1000; ++i) {
      text += "\xE2\x82\xAC";
    }
    return text;
  }();
  const std::string provider =
      R"(<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="17"><f:Message><f:ProviderFault><f:a>)" +
      many + "</f:a><f:b>" + many + "</f:b></f:ProviderFault></f:Message></f:WSManFault>";
  for (const std::string& envelope :
       {soap("u", fault_body("", many, "")), soap("u", fault_body("", "", wsman_fault("17", many))),
        soap("u", fault_body("", "", provider))}) {
    const Fault fault = fault_of(envelope);
    EXPECT_EQ(fault.text.size(), kPeerText);
    EXPECT_EQ(to_error(fault).peer.size(), kPeerText);
  }
  EXPECT_EQ(fault_of(soap("u", fault_body("", euros, ""))).text, euros.substr(0, 2000))
      << "at the end of a character";
  EXPECT_EQ(fault_of(soap("u", fault_body("", "x" + euros, ""))).text, "x" + euros.substr(0, 1997));
  const Fault odd = fault_of(soap("u", fault_body(many, many, "")));
  EXPECT_EQ(odd.subcode.size(), kPeerText);
  EXPECT_EQ(to_error(odd).peer.size(), kPeerText);
  // What a fault is stands at its beginning.
  EXPECT_EQ(meaning_of(fault_of(fault("u", "InternalError", "",
                                      "a maximum number of 5 concurrent shells " + many)))
                .code,
            "wsman.quota_shells");
}

TEST(WsmanFault, AWmiErrorIsReadToo) {
  const std::string wmi =
      R"(<q:MSFT_WmiError xmlns:q="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/interop/MSFT_WmiError" xmlns:t="urn:t"><q:CIMStatusCode t:type="cim:cimUnsignedInt">27</q:CIMStatusCode><q:Message>Short.</q:Message><q:error_Code>2150859173</q:error_Code><q:error_WindowsErrorMessage>Too many shells, says Windows.</q:error_WindowsErrorMessage></q:MSFT_WmiError>)";
  const Fault fault = fault_of(soap("u", fault_body("InternalError", "", wmi)));
  EXPECT_EQ(fault.code, 2150859173U);
  EXPECT_EQ(fault.text, "Too many shells, says Windows.");
  EXPECT_EQ(meaning_of(fault).code, "wsman.quota_shells");
}

TEST(WsmanFault, OldStacksSendNoDetail) {
  const std::string omi = R"(
    <env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body><env:Fault>
      <env:Reason><env:Text> nothing yet </env:Text></env:Reason>
      <env:Code><env:Subcode><env:Value> wsman:TimedOut </env:Value></env:Subcode>
        <env:Value> env:Sender </env:Value></env:Code>
    </env:Fault></env:Body></env:Envelope>)";
  const Fault fault = fault_of(omi);
  EXPECT_EQ(fault.subcode, "TimedOut");
  EXPECT_EQ(fault.text, "nothing yet");
  EXPECT_FALSE(fault.code.has_value());
  EXPECT_EQ(meaning_of(fault).reaction, Reaction::repeat);
}

TEST(WsmanFault, ACodeIsADecimalNumberOrNone) {
  for (const char* code : {"0x80338029", "-1", "4294967296", "", "5x", "five"}) {
    const Fault fault = fault_of(soap("u", fault_body("", "", wsman_fault(code, ""))));
    EXPECT_FALSE(fault.code.has_value()) << code;
  }
  EXPECT_EQ(fault_of(soap("u", fault_body("", "", wsman_fault(" 5 ", "")))).code, 5U);
  EXPECT_EQ(fault_of(soap("u", fault_body("", "", wsman_fault("4294967295", "")))).code,
            4294967295U);
}

TEST(WsmanFault, NoWordOfThePeerStandsInTheMessage) {
  const Fault odd = fault_of(
      soap("u", fault_body("CANARY", "CANARY text\nsecond line", wsman_fault("17", "CANARY"))));
  const Error error = to_error(odd);
  EXPECT_EQ(error.code, "wsman.fault");
  EXPECT_EQ(error.message, "the server answers with a fault (fault 17)");
  EXPECT_THAT(error.remedy, Not(HasSubstr("CANARY")));
  EXPECT_EQ(error.peer, "CANARY: CANARY text\nsecond line");
  EXPECT_THAT(describe(error), Not(HasSubstr("\n")));
  EXPECT_EQ(to_error(Fault{.code = {}, .subcode = "Odd", .text = {}}).peer, "Odd");
  EXPECT_EQ(to_error(Fault{.code = {}, .subcode = {}, .text = {}}).message,
            "the server answers with a fault");
}

}  // namespace
}  // namespace sfb::wsman
