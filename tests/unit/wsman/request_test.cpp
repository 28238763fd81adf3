#include "agent/wsman/request.hpp"

#include "agent/wsman/reply.hpp"
#include "agent/wsman/spaces.hpp"
#include "agent/xml/reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace sfb::wsman {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

const std::filesystem::path kGolden = std::filesystem::path(SFB_SOURCE_DIR) / "tests/golden/wsman";
constexpr std::string_view kShellId = "11112222-AAAA-4BBB-8CCC-333344445555";
constexpr std::string_view kCommandId = "66667777-DDDD-4EEE-9FFF-88889999AAAA";
constexpr milliseconds kPatience{20'000};

Guid guid(std::uint8_t first) {
  Guid id;
  id.bytes.fill(0xAB);
  id.bytes[0] = first;
  return id;
}

Session session() {
  return {.to = "https://pool01.contoso.com:443/OcsPowershell",
          .configuration_name = "Microsoft.PowerShell",
          .session_id = guid(0x01)};
}

std::map<std::string, Envelope> all_requests() {
  const Session s = session();
  const Guid id = guid(0x02);
  return {
      {"create.xml",
       create(s, id, guid(0x03), "capability and pool", kPatience, milliseconds(240'000))},
      {"receive_pool.xml", receive(s, id, kShellId, "", kPatience)},
      {"receive_command.xml", receive(s, id, kShellId, kCommandId, milliseconds(500))},
      {"command.xml", command(s, id, kShellId, guid(0x04), "a pipeline", kPatience)},
      {"send_command.xml", send(s, id, kShellId, kCommandId, "stdin", "the rest", kPatience)},
      {"send_pool.xml", send(s, id, kShellId, "", "pr", "an answer", kPatience)},
      {"signal_stop.xml", signal(s, id, kShellId, kCommandId, SignalCode::stop, kPatience)},
      {"signal_terminate.xml",
       signal(s, id, kShellId, kCommandId, SignalCode::terminate, kPatience)},
      {"delete.xml", remove(s, id, kShellId, milliseconds(5'000))},
  };
}

/// SFB_WRITE_GOLDEN=1 writes the files instead, and fails so that nobody forgets it.
TEST(WsmanRequest, EveryEnvelopeIsAsRecorded) {
  for (const auto& [name, envelope] : all_requests()) {
    const auto path = kGolden / name;
    if (std::getenv("SFB_WRITE_GOLDEN") != nullptr) {
      std::ofstream(path, std::ios::binary) << envelope.xml << '\n';
      ADD_FAILURE() << path << " was written: look at it and run again without SFB_WRITE_GOLDEN";
      continue;
    }
    std::ifstream file(path, std::ios::binary);
    const std::string golden{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(envelope.xml + '\n', golden) << path;
  }
}

xml::Element parsed(const Envelope& envelope) {
  auto root = xml::read(envelope.xml, {});
  EXPECT_TRUE(root.has_value()) << envelope.xml;
  return root ? std::move(*root) : xml::Element{};
}

const xml::Element& at(const xml::Element& element, std::string_view where, std::string_view name) {
  static const xml::Element kNone;
  const xml::Element* child = element.child(where, name);
  EXPECT_NE(child, nullptr) << element.name << " has no " << name;
  return child == nullptr ? kNone : *child;
}

bool must_understand(const xml::Element& element) {
  for (const auto& attribute : element.attributes) {
    if (attribute.space == space::kSoap && attribute.name == "mustUnderstand") {
      return attribute.value == "true";
    }
  }
  return false;
}

TEST(WsmanRequest, HeadersAreThoseOfTheProtocol) {
  const std::map<std::string, std::string> actions = {
      {"create.xml", "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"},
      {"receive_pool.xml", "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive"},
      {"receive_command.xml", "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive"},
      {"command.xml", "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command"},
      {"send_command.xml", "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Send"},
      {"send_pool.xml", "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Send"},
      {"signal_stop.xml", "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Signal"},
      {"signal_terminate.xml", "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Signal"},
      {"delete.xml", "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete"}};
  for (const auto& [name, envelope] : all_requests()) {
    SCOPED_TRACE(name);
    const xml::Element root = parsed(envelope);
    EXPECT_EQ(root.space, space::kSoap);
    const xml::Element& header = at(root, space::kSoap, "Header");
    EXPECT_EQ(at(header, space::kAddressing, "To").text, session().to);
    EXPECT_EQ(at(header, space::kAddressing, "Action").text, actions.at(name));
    EXPECT_TRUE(must_understand(at(header, space::kAddressing, "Action")));
    EXPECT_EQ(at(header, space::kAddressing, "MessageID").text,
              "uuid:02ABABAB-ABAB-ABAB-ABAB-ABABABABABAB");
    EXPECT_EQ(at(header, space::kMicrosoft, "SessionId").text,
              "uuid:01ABABAB-ABAB-ABAB-ABAB-ABABABABABAB");
    EXPECT_EQ(at(header, space::kWsman, "ResourceURI").text,
              "http://schemas.microsoft.com/powershell/Microsoft.PowerShell");
    EXPECT_EQ(at(header, space::kWsman, "MaxEnvelopeSize").text, "153600");
    EXPECT_FALSE(must_understand(at(header, space::kWsman, "Locale")));
    EXPECT_FALSE(must_understand(at(header, space::kMicrosoft, "DataLocale")));
    const bool creates = envelope.action == Action::create;
    EXPECT_EQ(header.child(space::kWsman, "SelectorSet") == nullptr, creates);
    if (!creates) {
      const xml::Element& selector =
          at(at(header, space::kWsman, "SelectorSet"), space::kWsman, "Selector");
      EXPECT_EQ(selector.text, kShellId);
      EXPECT_EQ(*selector.attribute("Name"), "ShellId");
    }
  }
}

TEST(WsmanRequest, TheShellHasItsPartsInOrder) {
  const xml::Element root = parsed(all_requests().at("create.xml"));
  const xml::Element& shell = at(at(root, space::kSoap, "Body"), space::kShell, "Shell");
  std::vector<std::string> names;
  names.reserve(shell.children.size());
  for (const xml::Element& child : shell.children) {
    names.push_back(child.name);
  }
  EXPECT_THAT(names,
              testing::ElementsAre("InputStreams", "OutputStreams", "IdleTimeOut", "creationXml"));
  EXPECT_EQ(*shell.attribute("ShellId"), "03ABABAB-ABAB-ABAB-ABAB-ABABABABABAB");
  EXPECT_EQ(at(shell, space::kShell, "IdleTimeOut").text, "PT240.000S");
  EXPECT_EQ(at(shell, space::kPowerShell, "creationXml").text, "Y2FwYWJpbGl0eSBhbmQgcG9vbA==");
}

TEST(WsmanRequest, ForeignTextIsEscaped) {
  Session s = session();
  s.to = "http://h/a?b=1&c=<d>";
  s.configuration_name = "A&B<C>";
  const std::string id = "<\"&'>";
  const xml::Element root = parsed(send(s, {}, id, id, "\"<x>", "", kPatience));
  const xml::Element& header = at(root, space::kSoap, "Header");
  EXPECT_EQ(at(header, space::kAddressing, "To").text, s.to);
  EXPECT_EQ(at(header, space::kWsman, "ResourceURI").text,
            "http://schemas.microsoft.com/powershell/A&B<C>");
  EXPECT_EQ(at(at(header, space::kWsman, "SelectorSet"), space::kWsman, "Selector").text, id);
  const xml::Element& stream =
      at(at(at(root, space::kSoap, "Body"), space::kShell, "Send"), space::kShell, "Stream");
  EXPECT_EQ(*stream.attribute("CommandId"), id);
  EXPECT_EQ(*stream.attribute("Name"), "\"<x>");
}

TEST(WsmanRequest, TimesAreDurationsAndNeverNegative) {
  const auto timeout = [](milliseconds time) {
    const xml::Element root = parsed(remove(session(), {}, kShellId, time));
    return at(at(root, space::kSoap, "Header"), space::kWsman, "OperationTimeout").text;
  };
  EXPECT_EQ(timeout(milliseconds(20'000)), "PT20.000S");
  EXPECT_EQ(timeout(milliseconds(500)), "PT0.500S");
  EXPECT_EQ(timeout(milliseconds(61'007)), "PT61.007S");
  EXPECT_EQ(timeout(milliseconds(-1)), "PT0.000S");
}

TEST(WsmanRequest, AnEnvelopeSizeThatServersRefuseIsRaised) {
  Session s = session();
  s.max_envelope = 100;
  EXPECT_THAT(remove(s, {}, kShellId, kPatience).xml, HasSubstr(">8192</w:MaxEnvelopeSize>"));
  const std::size_t blob = max_blob(s);
  s.max_envelope = 8192;
  EXPECT_EQ(max_blob(s), blob);
}

TEST(WsmanRequest, ABlobOfTheLargestSizeFitsIntoEveryRequest) {
  const std::string long_id(kMaxIdLength, 'f');
  for (const std::size_t limit : {std::size_t{8192}, kSmallEnvelope, kLargeEnvelope}) {
    Session s = session();
    s.max_envelope = limit;
    const std::size_t blob = max_blob(s);
    EXPECT_GT(blob, 1000U);
    EXPECT_LE(blob, 32'747U);
    const std::string fragment(21 + blob, '\xFF');
    EXPECT_LE(create(s, {}, {}, fragment, kPatience, milliseconds(240'000)).xml.size(), limit);
    EXPECT_LE(command(s, {}, long_id, {}, fragment, kPatience).xml.size(), limit);
    EXPECT_LE(send(s, {}, long_id, long_id, "stdin", fragment, kPatience).xml.size(), limit);
  }
  Session s = session();
  s.max_envelope = 8192;
  const std::size_t lost =
      8192 - send(s, {}, long_id, long_id, "stdin", std::string(21 + max_blob(s), 'x'), kPatience)
                 .xml.size();
  EXPECT_LT(lost, 400U) << "the arithmetic wastes room";
  s.max_envelope = kLargeEnvelope;
  EXPECT_EQ(max_blob(s), 32'747U) << "what servers send themselves";
}

TEST(WsmanRequest, AVeryLongUrlLeavesTheSmallestBlob) {
  Session s = session();
  s.to = std::string(10'000, 'x');
  s.max_envelope = 8192;
  EXPECT_EQ(max_blob(s), 1U);
}

TEST(WsmanShow, PayloadsBecomeTheirSize) {
  const std::string text =
      show(command(session(), {}, kShellId, guid(4), std::string(100, 'q'), kPatience).xml);
  EXPECT_THAT(text, HasSubstr("<rsp:Arguments>[100 bytes]</rsp:Arguments>"));
  EXPECT_THAT(text, HasSubstr("uuid:01ABABAB"));
  EXPECT_THAT(text, Not(HasSubstr("cXFx")));
  EXPECT_THAT(show(all_requests().at("create.xml").xml), HasSubstr(">[19 bytes]</creationXml>"));
  EXPECT_EQ(show("<o:Stream Name='stdout'>\n cXE= \n</o:Stream><x:Stream/><a>cXE=</a>"),
            "<o:Stream Name='stdout'>[2 bytes]</o:Stream><x:Stream/><a>cXE=</a>");
  EXPECT_EQ(show("<s:Stream></s:Stream>"), "<s:Stream></s:Stream>");
  for (const char* const payload :
       {"<![CDATA[c2VjcmV0]]>", "<!-- x -->c2VjcmV0", "c2Vj<!-- x -->cmV0", "<b/>c2VjcmV0"}) {
    const std::string shown =
        show(std::string("<rsp:Stream Name=\"stdout\">") + payload + "</rsp:Stream><a>kept</a>");
    EXPECT_THAT(shown, Not(HasSubstr("c2Vj"))) << payload;
    EXPECT_THAT(shown, HasSubstr("</rsp:Stream><a>kept</a>"));
  }
}

TEST(WsmanShow, AnyTextIsCutToItsLimit) {
  EXPECT_EQ(show(""), "");
  EXPECT_EQ(show("no markup"), "no markup");
  EXPECT_EQ(show("<unfinished"), "<unfinished");
  EXPECT_EQ(show("<a>0123456789</a>", 8), "<a>01...");
  EXPECT_EQ(show("\xC3\xA9\xC3\xA9\xC3\xA9", 5), "\xC3\xA9...");
  EXPECT_EQ(show("12345", 2), "..");
  EXPECT_LE(show(std::string(100'000, '<')).size(), 16384U);
}

}  // namespace
}  // namespace sfb::wsman
