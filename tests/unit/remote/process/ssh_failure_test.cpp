// What OpenSSH 9.2 printed, as it printed it, and what becomes of it.
#include "agent/remote/process/ssh_failure.hpp"

#include "agent/base/text.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace sfb::remote {
namespace {

constexpr os::ProcessExit kOwn{.status = 255, .signal = 0};

Error of_ssh(std::string_view words, const std::optional<os::ProcessExit>& exit = kOwn) {
  return child_failure("/usr/bin/ssh", true, exit, words);
}

// Its whole text has 15 lines; these are what is kept of it.
constexpr std::string_view kChanged =
    "It is also possible that a host key has just been changed.\n"
    "The fingerprint for the ED25519 key sent by the remote host is\n"
    "SHA256:u5h+qFeGsSi7Wla2MxbjkuU7eOa6fTqfOImHjM2vQh8.\n"
    "Please contact your system administrator.\n"
    "Add correct host key in /etc/sfb/known_hosts to get rid of this message.\n"
    "Offending ED25519 key in /etc/sfb/known_hosts:1\n"
    "  remove with:\n"
    "  ssh-keygen -f \"/etc/sfb/known_hosts\" -R \"[127.0.0.1]:43035\"\n"
    "Host key for [127.0.0.1]:43035 has changed and you have requested strict checking.\n"
    "Host key verification failed.";
constexpr std::string_view kOpenKey =
    "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
    "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\n"
    "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
    "Permissions 0644 for '/etc/sfb/id' are too open.\n"
    "It is required that your private key files are NOT accessible by others.\n"
    "This private key will be ignored.\n"
    "Load key \"/etc/sfb/id\": bad permissions\n"
    "root@127.0.0.1: Permission denied (publickey).";

struct Row {
  std::string_view words;
  Reason reason;
  Stage stage;
  std::string_view code;
  std::string_view message;  ///< a part of it
};

TEST(SshFailure, WhatOpenSshPrintsIsUnderstood) {
  const Row rows[] = {
      {"ssh: Could not resolve hostname no-such-host.invalid: Name or service not known",
       Reason::dns, Stage::resolve, "ssh.dns", "name"},
      {"ssh: connect to host 127.0.0.1 port 1: Connection refused", Reason::connect, Stage::connect,
       "ssh.connect", "nothing listens"},
      {"ssh: connect to host 127.0.0.1 port 58349: Connection reset by peer", Reason::connect,
       Stage::connect, "ssh.connect", "cannot be reached"},
      {"Connection timed out during banner exchange\nConnection to 127.0.0.1 port 9 timed out",
       Reason::connect, Stage::connect, "ssh.connect", "does not answer"},
      {"kex_exchange_identification: read: Connection reset by peer\n"
       "Connection reset by 127.0.0.1 port 58349",
       Reason::connect, Stage::none, "ssh.connect", "closed the connection"},
      {"Connection to 127.0.0.1 closed by remote host.", Reason::connect, Stage::none,
       "ssh.connect", "closed the connection"},
      {"Protocol major versions differ: 2 vs. 1\n"
       "banner exchange: Connection to 127.0.0.1 port 58349: could not read protocol version",
       Reason::protocol, Stage::connect, "ssh.negotiate", "does not speak SSH 2"},
      {"Unable to negotiate with 127.0.0.1 port 43035: no matching cipher found. Their offer: "
       "chacha20-poly1305@openssh.com,aes128-ctr",
       Reason::protocol, Stage::connect, "ssh.negotiate", "no algorithm in common"},
      {kChanged, Reason::tls, Stage::tls, "ssh.host_key", "another key"},
      {"No ED25519 host key is known for [127.0.0.1]:43035 and you have requested strict "
       "checking.\nHost key verification failed.",
       Reason::tls, Stage::tls, "ssh.host_key", "not in known_hosts_file"},
      {kOpenKey, Reason::process, Stage::auth, "ssh.identity", "may be read by others"},
      {"Load key \"/etc/sfb/id\": error in libcrypto\nroot@127.0.0.1: Permission denied "
       "(publickey).",
       Reason::process, Stage::auth, "ssh.identity", "cannot be used"},
      {"no such identity: /etc/sfb/id: No such file or directory\n"
       "root@127.0.0.1: Permission denied (publickey).",
       Reason::process, Stage::auth, "ssh.identity", "cannot be used"},
      {"root@127.0.0.1: Permission denied (publickey).", Reason::auth, Stage::auth, "ssh.denied",
       "refused the key"},
      {"A banner.\nsubsystem request failed on channel 0", Reason::protocol, Stage::open,
       "ssh.subsystem", "no such subsystem"},
      // From its source: not seen here.
      {"Timeout, server 192.0.2.7 not responding.", Reason::connect, Stage::none, "ssh.connect",
       "any more"},
      {"client_loop: send disconnect: Broken pipe", Reason::connect, Stage::none, "ssh.connect",
       "broke"},
      {"ED25519 host key for fe1 was revoked and you have requested strict checking.\n"
       "Host key verification failed.",
       Reason::tls, Stage::tls, "ssh.host_key", "@revoked"},
  };
  for (const Row& row : rows) {
    const Error error = of_ssh(row.words);
    EXPECT_EQ(error.reason, row.reason) << row.words;
    EXPECT_EQ(error.stage, row.stage) << row.words;
    EXPECT_EQ(error.code, row.code) << row.words;
    EXPECT_TRUE(error.message.contains(row.message)) << error.message << "\n" << row.words;
    EXPECT_FALSE(error.remedy.empty()) << row.words;
    EXPECT_EQ(error.peer, last_lines(row.words, 280));
  }
}

TEST(SshFailure, OnlyAnSshClientsOwnFailureIsUnderstood) {
  const std::string_view words = "root@127.0.0.1: Permission denied (publickey).";
  EXPECT_EQ(child_failure("/usr/bin/pwsh", false, kOwn, words).code, "ssh.exited");
  // The status of the program on the server.
  EXPECT_EQ(of_ssh(words, os::ProcessExit{.status = 1, .signal = 0}).code, "ssh.exited");
  EXPECT_EQ(of_ssh(words, os::ProcessExit{.status = 255, .signal = 9}).code, "ssh.exited");
  EXPECT_EQ(of_ssh(words, std::nullopt).code, "ssh.exited");
}

TEST(SshFailure, AnyOtherEndIsTold) {
  const Error killed = of_ssh("Bye.", os::ProcessExit{.status = 0, .signal = 9});
  EXPECT_EQ(killed.reason, Reason::process);
  EXPECT_EQ(killed.message, "\"/usr/bin/ssh\" was killed by SIGKILL");
  EXPECT_EQ(killed.peer, "Bye.");
  EXPECT_EQ(killed.stage, Stage::none);
  EXPECT_EQ(of_ssh("", std::nullopt).message, "\"/usr/bin/ssh\" closed its output");
  EXPECT_EQ(of_ssh("").message, "\"/usr/bin/ssh\" ended with exit status 255");
}

}  // namespace
}  // namespace sfb::remote
