// Links in the drop folder: who may write there must not choose which other files are read.
#include "tests/integration/remote/file/drop_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

namespace sfb::remote {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class FileLinks : public testing::Test {
 protected:
  FileLinks() {
    outside_ = folder_.path + "-outside";
    fs::create_directory(outside_);
    DropFolder::write(secret(), "hunter2");
  }
  ~FileLinks() override { fs::remove_all(outside_); }

  std::string secret() const { return outside_ + "/monitoring.password"; }
  std::string content(std::string_view output) const {
    return export_of(kAtlanta, folder_.clock.wall(), output);
  }
  // A link at the pool's place.
  void link(const std::string& target) {
    fs::remove(folder_.file(kAtlanta));
    fs::create_symlink(target, folder_.file(kAtlanta));
  }
  void use(const std::string& path) {
    folder_.options.path = path;
    folder_.remake();
  }
  std::string code() { return folder_.code_of(ask_of(kAtlanta)); }
  std::string output() { return output_of(folder_.ask(ask_of(kAtlanta))); }

  DropFolder folder_;
  std::string outside_;
};

TEST_F(FileLinks, OutOfTheFolderIsRefusedAndNothingIsShown) {
  const std::string up = "../" + fs::path(outside_).filename().string() + "/monitoring.password";
  for (const std::string& target : {secret(), up, "./" + up, std::string("../../etc/passwd")}) {
    link(target);
    const auto reply = folder_.ask(ask_of(kAtlanta));
    ASSERT_FALSE(reply) << target;
    const Error& error = reply.error();
    EXPECT_EQ(error.reason, Reason::process) << target;
    EXPECT_EQ(error.code, "file.link_outside") << target;
    EXPECT_EQ(error.stage, Stage::open);
    EXPECT_THAT(error.message, AllOf(HasSubstr(folder_.file(kAtlanta)), HasSubstr(folder_.path)));
    EXPECT_THAT(error.message, HasSubstr(" is a link and leaves "));
    EXPECT_THAT(error.remedy, HasSubstr("set path to the target"));
    EXPECT_THAT(describe(error), Not(HasSubstr("hunter2")));
  }
  fs::remove(folder_.file(kAtlanta));
  DropFolder::drop(folder_.file(kAtlanta), content("one"));
  EXPECT_EQ(output(), "one");
}

TEST_F(FileLinks, TheLinkThatLeavesIsNamed) {
  fs::create_symlink(secret(), folder_.path + "/current");
  link("current");
  const auto reply = folder_.ask(ask_of(kAtlanta));
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message, HasSubstr(folder_.file(kAtlanta) + " lies behind the link " +
                                               folder_.path + "/current, which leaves "));
}

TEST_F(FileLinks, AnAbsoluteLinkIsRefusedEvenWhenItStays) {
  DropFolder::write(folder_.path + "/real.clixml", content("one"));
  link(folder_.path + "/real.clixml");
  const auto reply = folder_.ask(ask_of(kAtlanta));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "file.link_outside");
  EXPECT_THAT(reply.error().message, HasSubstr("absolute"));
  EXPECT_THAT(reply.error().remedy, HasSubstr("relative"));
  link("real.clixml");
  EXPECT_EQ(output(), "one") << "the same, relative";
}

TEST_F(FileLinks, ThePartBeforeThePlaceholderMayBeALink) {
  DropFolder::write(outside_ + "/" + kAtlanta.str() + ".clixml", content("one"));
  fs::create_directory_symlink(outside_, folder_.path + "/linked");
  use(folder_.path + "/linked/{pool}.clixml");
  EXPECT_EQ(output(), "one") << "an absolute link to another folder";
  fs::remove(folder_.path + "/linked");
  EXPECT_EQ(code(), "file.missing");
  fs::create_directory(folder_.path + "/other");
  DropFolder::write(folder_.path + "/other/" + kAtlanta.str() + ".clixml", content("two"));
  fs::create_directory_symlink("other", folder_.path + "/linked");
  EXPECT_EQ(output(), "two") << "turned elsewhere";
}

TEST_F(FileLinks, AFolderOfAPoolMayNotLeadOut) {
  use(folder_.path + "/{pool}/status.clixml");
  DropFolder::write(outside_ + "/status.clixml", content("one"));
  fs::create_directory_symlink(outside_, folder_.path + "/" + kAtlanta.str());
  EXPECT_EQ(code(), "file.link_outside");
  fs::remove(folder_.path + "/" + kAtlanta.str());
  fs::create_directory(folder_.path + "/real");
  DropFolder::write(folder_.path + "/real/status.clixml", content("two"));
  fs::create_directory_symlink("real", folder_.path + "/" + kAtlanta.str());
  EXPECT_EQ(output(), "two");
}

TEST_F(FileLinks, AFixedPathIsBoundToItsOwnFolder) {
  use(folder_.path + "/status.clixml");
  fs::create_symlink(secret(), folder_.path + "/status.clixml");
  EXPECT_EQ(code(), "file.link_outside");
}

TEST_F(FileLinks, WhatALinkLeadsToMustBeAFile) {
  ASSERT_EQ(::mkfifo((folder_.path + "/pipe").c_str(), 0600), 0);
  link("pipe");
  EXPECT_EQ(code(), "file.not_regular") << "and does not block";
  link(".");
  EXPECT_EQ(code(), "file.not_regular");
  link("none");
  EXPECT_EQ(code(), "file.missing");
}

TEST_F(FileLinks, AHardLinkIsAFileLikeAnyOther) {
  DropFolder::write(outside_ + "/status.clixml", content("one"));
  fs::create_hard_link(outside_ + "/status.clixml", folder_.file(kAtlanta));
  EXPECT_EQ(output(), "one");
}

// What an orchestrator mounts: FILE -> ..data/FILE and ..data -> ..DATE, turned by a rename.
TEST_F(FileLinks, TheDataLayoutIsReadAndATurnIsTold) {
  const std::string name = kAtlanta.str() + ".clixml";
  const auto turn = [&](const std::string& version) {
    fs::create_directory(folder_.path + "/" + version);
    DropFolder::write(folder_.path + "/" + version + "/" + name, content(version));
    fs::create_directory_symlink(version, folder_.path + "/..data_tmp");
    fs::rename(folder_.path + "/..data_tmp", folder_.path + "/..data");
  };
  turn("..2026_11_28");
  link("..data/" + name);
  folder_.loop.call([&] { folder_.transport->add_pool(kAtlanta, kDefaultCollector); });
  EXPECT_EQ(output(), "..2026_11_28");
  folder_.take_changed();
  turn("..2026_11_29");
  EXPECT_TRUE(net::eventually([&] {
    return folder_.loop.call([&] { return std::ranges::count(folder_.changed, kAtlanta) > 0; });
  })) << "the turn is told";
  EXPECT_EQ(output(), "..2026_11_29");
}

TEST_F(FileLinks, ContentThatIsNoExportIsNeverQuoted) {
  const std::string clixml =
      R"(<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">)";
  for (const std::string& foreign :
       {std::string("hunter2"), std::string("hunter2\n"), std::string("user:hunter2\x01"),
        std::string("\xFF\xFEh\0u\0n\0t\0e\0r\0002\0", 16), std::string("<hunter2/>"),
        std::string("<hunter2"), std::string("<a>hunter2</b>"), std::string("{hunter2"),
        std::string("{\"password\": hunter2}"), std::string("[\"hunter2\", ]"),
        clixml + "hunter2</Objs>", clixml + "<I32>hunter2</I32></Objs>",
        clixml + "<Ref RefId=\"hunter2\"/></Objs>", clixml + "<S>hunter2</Objs>"}) {
    DropFolder::drop(folder_.file(kAtlanta), foreign);
    const auto reply = folder_.ask(ask_of(kAtlanta));
    ASSERT_FALSE(reply) << foreign;
    EXPECT_EQ(reply.error().reason, Reason::parse) << foreign;
    EXPECT_THAT(describe(reply.error()), Not(HasSubstr("hunter2"))) << foreign;
  }
}

}  // namespace
}  // namespace sfb::remote
