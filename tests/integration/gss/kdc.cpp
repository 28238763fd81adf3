#include "tests/integration/gss/kdc.hpp"

#include "agent/base/descriptor.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

namespace sfb::gss::testing {

namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

bool answers(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool connected =
      ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return connected;
}

pid_t spawn(const std::vector<std::string>& argv, const std::vector<std::string>& environment) {
  std::vector<char*> arguments;
  std::vector<char*> variables;
  for (const std::string& text : argv) {
    arguments.push_back(const_cast<char*>(text.c_str()));
  }
  for (const std::string& text : environment) {
    variables.push_back(const_cast<char*>(text.c_str()));
  }
  arguments.push_back(nullptr);
  variables.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int error =
      ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw std::runtime_error(
        fmt::format("{} cannot be started (packages krb5-kdc, "
                    "krb5-admin-server)",
                    argv[0]));
  }
  return pid;
}

constexpr const char* kAccounts = R"(
addprinc -pw Al1ce-pw +requires_preauth alice
addprinc -pw Al1ce-pw +requires_preauth "alice\@corp.example"
addprinc -pw Al1ce-pw +requires_preauth -allow_tix disabled
addprinc -pw Al1ce-pw +requires_preauth -expire yesterday expired
addprinc -pw Al1ce-pw +requires_preauth -pwexpire yesterday must-change
addprinc -randkey +requires_preauth svc
ktadd -k {0}/client.keytab svc
addprinc -randkey -e aes256-cts:normal HTTP/fe-001.litwareinc.com
addprinc -randkey -e aes128-cts:normal HTTP/aes128.litwareinc.com
addprinc -randkey -e aes256-cts-hmac-sha384-192:normal HTTP/sha2.litwareinc.com
addprinc -randkey -e aes128-cts-hmac-sha256-128:normal HTTP/sha128.litwareinc.com
addprinc -randkey -e arcfour-hmac:normal HTTP/rc4.litwareinc.com
setstr HTTP/sha2.litwareinc.com session_enctypes aes256-cts-hmac-sha384-192
setstr HTTP/sha128.litwareinc.com session_enctypes aes128-cts-hmac-sha256-128
setstr HTTP/aes128.litwareinc.com session_enctypes aes128-cts
setstr HTTP/rc4.litwareinc.com session_enctypes arcfour-hmac
ktadd -norandkey -k {0}/server.keytab HTTP/fe-001.litwareinc.com HTTP/aes128.litwareinc.com
ktadd -norandkey -k {0}/server.keytab HTTP/sha2.litwareinc.com HTTP/sha128.litwareinc.com
ktadd -norandkey -k {0}/server.keytab HTTP/rc4.litwareinc.com
)";

}  // namespace

int free_port() {
  static std::vector<Descriptor> held;  // to the program's end
  const int socket = held.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)).get();
  const int reuse = 1;
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  const bool bound =
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) == 0 &&
      ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  return bound ? ntohs(address.sin_port) : throw std::runtime_error("no free port");
}

Kdc::Kdc(std::string offset) : offset_(std::move(offset)), port_(free_port()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "kdc.XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
  std::ofstream(path("krb5.conf")) << "[libdefaults]\n\tallow_rc4 = true\n" << krb5_conf(realms());
  std::ofstream(path("kdc.conf")) << fmt::format(
      "[kdcdefaults]\n kdc_listen = 127.0.0.1:{0}\n kdc_tcp_listen = 127.0.0.1:{0}\n"
      "[realms]\n {1} = {{\n database_name = {2}/db\n key_stash_file = {2}/stash\n"
      " acl_file = {2}/acl\n max_life = 10h\n max_renewable_life = 7d\n"
      " supported_enctypes = aes256-cts:normal aes128-cts:normal "
      "aes256-cts-hmac-sha384-192:normal aes128-cts-hmac-sha256-128:normal arcfour-hmac:normal\n"
      " }}\n",
      port_, kRealm, folder_.string());
  run({"/usr/sbin/kdb5_util", "-r", kRealm, "create", "-s", "-P", "master-key"});
  std::ofstream(path("accounts")) << fmt::format(fmt::runtime(kAccounts), folder_.string());
  run({"/bin/sh", "-c",
       fmt::format("/usr/sbin/kadmin.local -r {} < {}", kRealm, path("accounts"))});
  start();
}

Kdc::~Kdc() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Kdc::start() {
  pid_ = spawn({"/usr/sbin/krb5kdc", "-n", "-r", kRealm}, environment());
  for (int i = 0; i < 1000 && !answers(port_); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void Kdc::stop() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
}

void Kdc::pause() const {
  ::kill(pid_, SIGSTOP);
}

void Kdc::resume() const {
  ::kill(pid_, SIGCONT);
}

void Kdc::admin(const std::string& command) const {
  run({"/usr/sbin/kadmin.local", "-r", kRealm, "-q", command});
}

std::string Kdc::address() const {
  return fmt::format("127.0.0.1:{}", port_);
}

std::vector<Realm> Kdc::realms() const {
  return {{.name = kRealm, .kdcs = {address()}, .hosts = {".litwareinc.com"}}};
}

void Kdc::run(const std::vector<std::string>& argv) const {
  int status = 0;
  const pid_t pid = spawn(argv, environment());
  if (::waitpid(pid, &status, 0) != pid || status != 0) {
    throw std::runtime_error(fmt::format("{} ended with {}", argv[0], status));
  }
}

std::vector<std::string> Kdc::environment() const {
  std::vector<std::string> all = {"PATH=/usr/sbin:/usr/bin:/bin",
                                  "KRB5_CONFIG=" + path("krb5.conf"),
                                  "KRB5_KDC_PROFILE=" + path("kdc.conf"), "KRB5RCACHENAME=none:"};
  if (!offset_.empty()) {
    all.emplace_back("LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1");
    all.push_back("FAKETIME=" + offset_);
  }
  return all;
}

}  // namespace sfb::gss::testing
