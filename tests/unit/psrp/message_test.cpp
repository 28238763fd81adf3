#include "agent/psrp/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::psrp {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Guid kRpid = *parse_guid("00112233-4455-6677-8899-aabbccddeeff");

TEST(Message, WireOrder) {
  const std::string bytes =
      encode({Destination::server, MessageType::create_pipeline, kRpid, {}, "<Nil />"});
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x02\0\0\0\x06\x10\x02\0", 8));
  EXPECT_EQ(bytes.substr(8, 16),
            std::string("\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16));
  const auto back = decode(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->rpid, kRpid);
  EXPECT_EQ(back->type, MessageType::create_pipeline);
  EXPECT_EQ(back->body, "<Nil />");
}

TEST(Message, TakesABomOffAndKeepsUnknownTypes) {
  const Message odd{
      Destination::client, static_cast<MessageType>(0x00041234), {}, kRpid, "\xEF\xBB\xBF<S>x</S>"};
  const auto back = decode(encode(odd));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->body, "<S>x</S>");
  EXPECT_EQ(to_string(back->type), "0x00041234");
  EXPECT_EQ(to_string(MessageType::information_record), "INFORMATION_RECORD");
}

TEST(Message, RefusesShortOnesAndOtherDestinations) {
  const std::string bytes = encode({Destination::client, MessageType::pipeline_output, {}, {}, ""});
  EXPECT_TRUE(decode(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(decode(bytes.substr(0, size)).error().code, "psrp.message_short");
  }
  EXPECT_EQ(decode(std::string(40, '\x09')).error().code, "psrp.message_destination");
}

TEST(Message, ShownWithoutSecrets) {
  const auto shown = [](std::string body, std::size_t limit = 1000) {
    return show({Destination::client, MessageType::pipeline_output, {}, {}, std::move(body)},
                limit);
  };
  EXPECT_THAT(shown("<S>open</S>"), HasSubstr("PIPELINE_OUTPUT"));
  EXPECT_THAT(shown("<S>open</S>"), HasSubstr("<S>open</S>"));
  for (const char* const body :
       {"<SS>cGFzc3dvcmQ=</SS>", "<Obj><SS N=\"Password\">cGFzc3dvcmQ=</SS></Obj>",
        "<SS\n N=\"x\">cGFzc3dvcmQ=", "<S>a</S><SS>cGFzc3dvcmQ=</SS><SS>cGFzc3dvcmQ=</SS>",
        "<SS N=\"P\"><![CDATA[cGFzc3dvcmQ=]]></SS>", "<SS><!-- x -->cGFzc3dvcmQ=</SS>",
        "<SS N=\"a/>b\">cGFzc3dvcmQ=</SS>", "<SS N='a/>b'>cGFzc3dvcmQ=</SS>",
        "<SS N=\"broken>cGFzc3dvcmQ=</SS>"}) {
    EXPECT_THAT(shown(body), Not(HasSubstr("cGFz"))) << body;
    EXPECT_THAT(shown(body), HasSubstr("***"));
  }
  EXPECT_THAT(shown("<SSx>kept</SSx>"), HasSubstr("kept"));
  EXPECT_THAT(shown("<SS/><S>kept</S>"), HasSubstr("kept"));
  EXPECT_THAT(shown("<SS><![CDATA[x]]></SS><S>kept</S>"), HasSubstr("***</SS><S>kept</S>"));
  EXPECT_THAT(shown("<SS></SS>"), Not(HasSubstr("***")));
  EXPECT_THAT(shown("<SS"), HasSubstr("<SS"));
  const std::string cut = shown("<S>\xC3\xA4\xC3\xA4\xC3\xA4</S>", 6);
  EXPECT_THAT(cut, HasSubstr("<S>\xC3\xA4..."));
}

}  // namespace
}  // namespace sfb::psrp
