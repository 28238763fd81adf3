// Opening beneath a folder, by the kernel and by hand: both say the same of every link.
#include "agent/remote/file/beneath.hpp"

#include "agent/base/descriptor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace sfb::remote {
namespace {

namespace fs = std::filesystem;

using Open = Descriptor (*)(const std::string& folder, const std::string& relative);

class BeneathFolder {
 protected:
  BeneathFolder() {
    std::string name = (fs::temp_directory_path() / "sfb-beneath-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    folder_ = root_ + "/in";
    fs::create_directories(folder_ + "/deep/er");
    put(root_ + "/secret", "outside");
    put(folder_ + "/file", "inside");
    put(folder_ + "/deep/er/file", "deeper");
  }
  ~BeneathFolder() { fs::remove_all(root_); }

  static void put(const std::string& path, std::string_view text) { std::ofstream(path) << text; }
  void link(const std::string& name, const std::string& target) const {
    fs::create_symlink(target, folder_ + "/" + name);
  }
  // The content, or the name of the error.
  static std::string read(Open open, const std::string& folder, const std::string& relative) {
    const Descriptor file = open(folder, relative);
    if (file.get() < 0) {
      return ::strerrorname_np(errno);
    }
    std::array<char, 100> text{};
    const ssize_t size = ::read(file.get(), text.data(), text.size());
    return size < 0 ? ::strerrorname_np(errno)
                    : std::string(text.data(), static_cast<std::size_t>(size));
  }

  std::string root_;
  std::string folder_;
};

class Beneath : public BeneathFolder, public testing::TestWithParam<Open> {
 protected:
  using BeneathFolder::read;
  std::string read(const std::string& relative) const {
    return read(GetParam(), folder_ + "/", relative);
  }
};

class BeneathLink : public BeneathFolder, public testing::Test {};

INSTANTIATE_TEST_SUITE_P(Both, Beneath, testing::Values(open_beneath, walk_beneath),
                         [](const auto& instance) {
                           return instance.index == 0 ? "Kernel" : "Walk";
                         });

TEST_P(Beneath, FilesAndLinksThatStay) {
  link("near", "file");
  link("dotted", "./deep/../deep/./er/file");
  link("folder", "deep/er");
  link("deep/up", "../file");
  link("chain", "near");
  for (const std::string name : {"file", "near", "chain", "deep/up", "deep/../file", "./file"}) {
    EXPECT_EQ(read(name), "inside") << name;
  }
  for (const std::string name : {"deep/er/file", "dotted", "folder/file", "folder/../er/file"}) {
    EXPECT_EQ(read(name), "deeper") << name;
  }
  // As an orchestrator mounts files.
  fs::create_directory(folder_ + "/..2026");
  put(folder_ + "/..2026/status", "mounted");
  link("..data", "..2026");
  link("status", "..data/status");
  EXPECT_EQ(read("status"), "mounted");
}

TEST_P(Beneath, LinksThatLeaveAreRefused) {
  link("up", "../secret");
  link("deep/twice", "../../secret");
  link("out", "..");
  link("back", "../in/file");  // leaves and comes back
  link("absolute", root_ + "/secret");
  link("itself", folder_ + "/file");  // absolute, but inside
  link("chain", "absolute");
  link("proc", "/proc/self/root");
  for (const std::string name : {"up", "deep/twice", "out/secret", "back", "absolute", "itself",
                                 "chain", "proc/etc/passwd", "../secret", "deep/../../secret"}) {
    EXPECT_EQ(read(name), "EXDEV") << name;
  }
}

TEST_P(Beneath, CirclesAndWhatIsNotThere) {
  link("self", "self");
  link("ping", "pong");
  link("pong", "ping");
  link("nowhere", "none");
  EXPECT_EQ(read("self"), "ELOOP");
  EXPECT_EQ(read("ping"), "ELOOP");
  EXPECT_EQ(read("nowhere"), "ENOENT");
  EXPECT_EQ(read("none"), "ENOENT");
  EXPECT_EQ(read("none/file"), "ENOENT");
  EXPECT_EQ(read("file/file"), "ENOTDIR");
  EXPECT_EQ(read("deep"), "EISDIR") << "opened, as the caller sees by its kind";
  EXPECT_EQ(read("deep/.."), "EISDIR");
  EXPECT_EQ(read(GetParam(), root_ + "/none/", "file"), "ENOENT");
  EXPECT_EQ(read(GetParam(), root_ + "/secret/", "file"), "ENOTDIR");
}

TEST_P(Beneath, AsManyLinksAsTheKernelFollows) {
  link("link1", "file");
  for (int i = 2; i <= 41; ++i) {
    link("link" + std::to_string(i), "link" + std::to_string(i - 1));
  }
  EXPECT_EQ(read("link40"), "inside");
  EXPECT_EQ(read("link41"), "ELOOP");
}

TEST_P(Beneath, TheFolderItselfMayBeALink) {
  fs::create_directory_symlink(folder_, root_ + "/linked");
  EXPECT_EQ(read(GetParam(), root_ + "/linked/", "file"), "inside");
  link("up", "../secret");
  EXPECT_EQ(read(GetParam(), root_ + "/linked/", "up"), "EXDEV") << "up from where it leads to";
  EXPECT_EQ(read(GetParam(), "/", folder_.substr(1) + "/file"), "inside") << "the root";
}

TEST_P(Beneath, LinksOfProcAreNotFollowed) {
  const Descriptor secret(::open((root_ + "/secret").c_str(), O_RDONLY | O_CLOEXEC));
  const std::string number = std::to_string(secret.get());
  EXPECT_TRUE(read(GetParam(), "/proc/self/fd/", number).starts_with("E"));
  EXPECT_NE(read(GetParam(), "/proc/self/fd/", number), "outside");
}

TEST_P(Beneath, APipeDoesNotBlock) {
  ASSERT_EQ(::mkfifo((folder_ + "/pipe").c_str(), 0600), 0);
  link("to_pipe", "pipe");
  EXPECT_EQ(read("to_pipe"), "") << "opened, and at its end";
}

// Lets openat2 fail with `error` in this thread, as a kernel without it and filters of system calls
// do. False where no filter can be set.
bool refuse_openat2(int error) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(code), code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_F(Beneath, WithoutOpenat2ItWalks) {
  link("near", "file");
  link("up", "../secret");
  for (const int error : {ENOSYS, EPERM}) {
    bool filtered = false;
    std::string near;
    std::string up;
    std::thread([&] {
      filtered = refuse_openat2(error);
      near = read(open_beneath, folder_ + "/", "near");
      up = read(open_beneath, folder_ + "/", "up");
    }).join();
    if (!filtered) {
      GTEST_SKIP() << "no filter of system calls can be set here";
    }
    EXPECT_EQ(near, "inside") << error;
    EXPECT_EQ(up, "EXDEV") << error;
  }
}

TEST(ConstantFolder, EndsBeforeThePartWithThePlaceholder) {
  EXPECT_EQ(constant_folder("/srv/sfb/{pool}.clixml"), "/srv/sfb/");
  EXPECT_EQ(constant_folder("/srv/sfb/{pool}/{category}.clixml"), "/srv/sfb/");
  EXPECT_EQ(constant_folder("/srv/a{pool}/b.clixml"), "/srv/");
  EXPECT_EQ(constant_folder("/srv/sfb/{category}/x/{pool}"), "/srv/sfb/");
  EXPECT_EQ(constant_folder("/srv/sfb/status.clixml"), "/srv/sfb/");
  EXPECT_EQ(constant_folder("/{pool}"), "/");
}

TEST_F(BeneathLink, TheLinkThatLeavesIsFound) {
  link("away", "../secret");
  link("chain", "deep/hop");
  link("deep/hop", "../../secret");
  link("absolute", folder_ + "/file");
  link("folder", "..");
  link("near", "file");
  const auto found = [&](const std::string& name) { return link_outside(folder_ + "/", name); };
  EXPECT_EQ(found("away"), folder_ + "/away");
  EXPECT_EQ(found("chain"), folder_ + "/deep/hop") << "not the one that leads to it";
  EXPECT_EQ(found("absolute"), folder_ + "/absolute");
  EXPECT_EQ(found("folder/secret"), folder_ + "/folder");
  EXPECT_EQ(found("near"), "");
  EXPECT_EQ(found("nothing"), "");
  EXPECT_EQ(link_outside(folder_, "away"), folder_ + "/away") << "a slash at the end or not";
}

}  // namespace
}  // namespace sfb::remote
