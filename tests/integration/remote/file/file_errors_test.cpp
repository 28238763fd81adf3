// Every way a dropped file can be out of reach: reason, code, stage and a remedy that helps.
#include "tests/integration/remote/file/drop_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

namespace sfb::remote {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

void expect_error(const Result<Reply>& reply, Reason reason, std::string_view code, Stage stage) {
  ASSERT_FALSE(reply) << "expected " << code;
  const Error& error = reply.error();
  EXPECT_EQ(error.reason, reason) << code << ": " << describe(error);
  EXPECT_EQ(error.code, code) << describe(error);
  EXPECT_EQ(error.stage, stage) << code << ": " << to_string(error.stage);
  EXPECT_NE(error.message, "") << code;
  EXPECT_NE(error.remedy, "") << code;
}

TEST(FileErrors, Missing) {
  DropFolder folder;
  const auto reply = folder.ask(ask_of(kAtlanta));
  expect_error(reply, Reason::not_found, "file.missing", Stage::open);
  EXPECT_THAT(reply.error().message, HasSubstr(folder.file(kAtlanta)));
  fs::remove_all(folder.path);
  const auto without = folder.ask(ask_of(kAtlanta));
  expect_error(without, Reason::not_found, "file.missing", Stage::open);
  EXPECT_THAT(without.error().message, HasSubstr("the folder " + folder.path + " is not there"));
  EXPECT_THAT(without.error().remedy, HasSubstr("mount"));
}

TEST(FileErrors, AFolderIsNoFile) {
  DropFolder folder;
  fs::create_directory(folder.file(kAtlanta));
  const auto reply = folder.ask(ask_of(kAtlanta));
  expect_error(reply, Reason::process, "file.not_regular", Stage::open);
  EXPECT_THAT(reply.error().message, HasSubstr(folder.file(kAtlanta)));
}

TEST(FileErrors, APipeDoesNotBlock) {
  DropFolder folder;
  ASSERT_EQ(::mkfifo(folder.file(kAtlanta).c_str(), 0600), 0);
  // Nobody writes: an open that blocks would come back as file.hung.
  expect_error(folder.ask(ask_of(kAtlanta), 10s), Reason::process, "file.not_regular", Stage::open);
}

TEST(FileErrors, ASocketIsNoFile) {
  DropFolder folder;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  folder.file(kAtlanta).copy(name.sun_path, sizeof(name.sun_path) - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
  expect_error(folder.ask(ask_of(kAtlanta)), Reason::process, "file.not_regular", Stage::open);
  ::close(fd);
}

TEST(FileErrors, ALinkToItselfIsUnreadable) {
  DropFolder folder;
  fs::create_symlink(kAtlanta.str() + ".clixml", folder.file(kAtlanta));
  const auto reply = folder.ask(ask_of(kAtlanta));
  expect_error(reply, Reason::process, "file.unreadable", Stage::open);
  EXPECT_THAT(reply.error().remedy, HasSubstr("circle"));
}

// Runs `body` in a child as a user who may not read what root alone may; its exit status is the
// answer. Root reads everything, so the right is given up; others have none to give up.
int without_rights(int (*body)(const std::string& file), const std::string& file) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 &&
        (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0)) {
      ::_exit(90);
    }
    ::_exit(body(file));
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
    return 91;
  }
  return WEXITSTATUS(status);
}

// 0 when the message, reason and remedy are right, else the number of the check that failed.
int read_as_nobody(const std::string& file) {
  const SystemClock clock;
  FileOptions options;
  options.endpoint = "dropbox";
  options.path = fs::path(file).parent_path().string() + "/{pool}.clixml";
  net::Loop loop;
  auto transport =
      loop.call([&] { return make_file_transport(loop.executor(), options, clock, Logger()); });
  const auto reply = loop.start(transport->ask(ask_of(kAtlanta), net::mono_now() + 60s)).get();
  loop.call([&] { transport.reset(); });
  const auto checks = {!reply.has_value(),
                       !reply && reply.error().reason == Reason::process,
                       !reply && reply.error().code == "file.unreadable",
                       !reply && reply.error().stage == Stage::open,
                       !reply && reply.error().message.find(file) != std::string::npos,
                       !reply && reply.error().remedy.find(
                                     fmt::format("user id {}", ::geteuid())) != std::string::npos};
  int number = 1;
  for (const bool good : checks) {
    if (!good) {
      return number;
    }
    ++number;
  }
  return 0;
}

TEST(FileErrors, UnreadableNamesTheUserToGrant) {
  std::string root = (fs::temp_directory_path() / "sfb-rights-XXXXXX").string();
  ASSERT_NE(::mkdtemp(root.data()), nullptr);
  ASSERT_EQ(::chmod(root.c_str(), 0755), 0);
  const std::string file = root + "/" + kAtlanta.str() + ".clixml";
  DropFolder::write(file, export_of(kAtlanta, SystemClock().now().wall));
  ASSERT_EQ(::chmod(file.c_str(), 0), 0);
  EXPECT_EQ(without_rights(read_as_nobody, file), 0) << "the file's own mode";
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  EXPECT_EQ(without_rights(read_as_nobody, file), 1) << "readable again, so the check can fail";
  ASSERT_EQ(::chmod(root.c_str(), 0), 0);
  EXPECT_EQ(without_rights(read_as_nobody, file), 0) << "its folder's mode";
  ASSERT_EQ(::chmod(root.c_str(), 0700), 0);
  fs::remove_all(root);
}

TEST(FileErrors, TooLargeIsNotRead) {
  DropFolder folder;
  folder.options.limits.object = 4096;
  folder.remake();
  DropFolder::write(folder.file(kAtlanta), "<");
  fs::resize_file(folder.file(kAtlanta), 1ULL << 40U);  // a hole: reading it would take for ever
  const auto reply = folder.ask(ask_of(kAtlanta));
  expect_error(reply, Reason::parse, "file.too_large", Stage::query);
  EXPECT_THAT(reply.error().message, AllOf(HasSubstr(folder.file(kAtlanta)), HasSubstr("4096")));

  // Between the exact cap and twice of it (UTF-16) the content decides.
  DropFolder::write(folder.file(kAtlanta),
                    export_of(kAtlanta, folder.clock.wall(), std::string(4096, 'x')));
  expect_error(folder.ask(ask_of(kAtlanta)), Reason::parse, "file.too_large", Stage::parse);
}

TEST(FileErrors, WhatTheContentLacksIsToldWithThePath) {
  DropFolder folder;
  const std::string good = export_of(kAtlanta, folder.clock.wall());
  std::string crossed = good;
  crossed.replace(crossed.find("</LST>"), 6, "</MS>");
  const std::pair<std::string, std::string_view> cases[] = {
      {"", "file.empty"},
      {good.substr(0, good.size() / 2), "file.truncated"},
      {crossed, "clixml.syntax"},
      {"MZ\x90", "file.foreign"},
      {export_of(kChicago, folder.clock.wall()), "file.wrong_pool"}};
  for (const auto& [content, code] : cases) {
    DropFolder::drop(folder.file(kAtlanta), content);
    const auto reply = folder.ask(ask_of(kAtlanta));
    expect_error(reply, Reason::parse, code, Stage::parse);
    EXPECT_THAT(reply.error().message, HasSubstr(folder.file(kAtlanta))) << code;
  }
  DropFolder::drop(folder.file(kAtlanta), good);
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta))), "one") << "and good again";
}

TEST(FileErrors, ABadFileIsNotRememberedAsTheGoodOne) {
  DropFolder folder;
  DropFolder::drop(folder.file(kAtlanta), export_of(kAtlanta, folder.clock.wall()));
  ASSERT_EQ(folder.code_of(ask_of(kAtlanta)), "good");
  DropFolder::drop(folder.file(kAtlanta), "not an export");
  EXPECT_EQ(folder.code_of(ask_of(kAtlanta)), "file.foreign");
  EXPECT_EQ(folder.code_of(ask_of(kAtlanta)), "file.foreign") << "unchanged, and still wrong";
  fs::remove(folder.file(kAtlanta));
  EXPECT_EQ(folder.code_of(ask_of(kAtlanta)), "file.missing");
}

TEST(FileErrors, ABudgetThatIsTakenEndsInTimeAndCostsThisEndpointOnly) {
  DropFolder folder;
  DropFolder::drop(folder.file(kAtlanta), export_of(kAtlanta, folder.clock.wall()));
  folder.options.budget = std::make_shared<ByteBudget>(1000);
  folder.remake();
  FileOptions other_options = folder.options;
  other_options.endpoint = "other";
  other_options.budget = std::make_shared<ByteBudget>(1000);
  auto other = folder.loop.call([&] {
    return make_file_transport(folder.loop.executor(), other_options, folder.clock, Logger());
  });
  {
    const auto hold = folder.options.budget->acquire(1000, net::mono_now());
    ASSERT_TRUE(hold);
    auto waiting =
        folder.loop.start(folder.transport->ask(ask_of(kAtlanta), net::mono_now() + 1500ms));
    EXPECT_EQ(output_of(folder.ask_whom(other, ask_of(kAtlanta))), "one")
        << "another endpoint answers meanwhile";
    EXPECT_EQ(waiting.wait_for(0s), std::future_status::timeout) << "the first one still waits";
    expect_error(waiting.get(), Reason::timeout, "limits.in_flight", Stage::query);
  }
  EXPECT_EQ(output_of(folder.ask(ask_of(kAtlanta))), "one") << "the bytes came back";
  folder.loop.call([&] { other.reset(); });
}

TEST(FileErrors, AJobBehindAHungOneEndsInTime) {
  DropFolder folder;
  DropFolder::drop(folder.file(kAtlanta), export_of(kAtlanta, folder.clock.wall()));
  folder.options.budget = std::make_shared<ByteBudget>(1000);
  folder.remake();
  auto hold = folder.options.budget->acquire(1000, net::mono_now());
  ASSERT_TRUE(hold);
  // The first holds the endpoint's one thread; so the second never gets it.
  auto first = folder.loop.start(folder.transport->ask(ask_of(kAtlanta), net::mono_now() + 60s));
  const auto reply = folder.ask(ask_of(kAtlanta), 100ms);
  expect_error(reply, Reason::timeout, "file.hung", Stage::query);
  EXPECT_THAT(reply.error().message, HasSubstr(folder.file(kAtlanta)));
  hold.reset();
  EXPECT_EQ(output_of(first.get()), "one");
}

}  // namespace
}  // namespace sfb::remote
