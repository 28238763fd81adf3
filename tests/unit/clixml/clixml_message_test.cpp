// read_message: what differs where a server sent the CLIXML and no file holds it.
#include "agent/clixml/clixml.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb::clixml {
namespace {

// Who reads the remedy of a message can neither export anew nor write a file in another way.
TEST(Clixml, AMessagesRemedyIsNotAFilesRemedy) {
  for (const std::string& body :
       {std::string("<I32>x</I32>"), std::string("<!DOCTYPE x><Nil/>"), std::string("<Obj>"),
        std::string("<Ref RefId=\"1\"/>"), std::string("<a xmlns=\"b\"/>"),
        std::string("<S>\xFF</S>"), std::string("x"), std::string("<Nil/><Nil/>")}) {
    const auto document = read_message(body, {});
    ASSERT_FALSE(document) << body;
    const std::string& remedy = document.error().remedy;
    for (const char* of_file : {"export", "Export", "write", "DOCTYPE", "-Depth", "rename"}) {
      EXPECT_FALSE(remedy.contains(of_file)) << body << ": " << remedy;
    }
    EXPECT_TRUE(remedy.contains("between the agent and the server")) << body << ": " << remedy;
  }
  std::string deep = R"(<S N="a">x</S>)";
  for (int i = 0; i < 100; ++i) {
    deep = R"(<Obj N="a"><MS>)" + deep + "</MS></Obj>";
  }
  const auto nested = read_message(deep, {});
  ASSERT_FALSE(nested);
  EXPECT_EQ(nested.error().code, "clixml.too_deep");
  EXPECT_TRUE(nested.error().remedy.contains("limits.depth")) << nested.error().remedy;
}

}  // namespace
}  // namespace sfb::clixml
