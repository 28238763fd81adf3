// Who shares trusted certificates, and that a reload is no place for old ones.
#include "agent/net/tls_clients.hpp"

#include "tests/integration/net/loop.hpp"
#include "tests/integration/net/pki.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

namespace sfb::net {
namespace {

using namespace std::chrono_literals;
using Client = std::shared_ptr<TlsClient>;

Identity identity(const std::string& name) {
  CertificateSpec spec;
  spec.authority = true;
  spec.name = name;
  return make_identity(spec);
}

class TlsClientsTest : public ::testing::Test {
 protected:
  std::future<Result<Client>> get(const TlsOptions& wanted) {
    return loop.start(clients.get(wanted, files, mono_now() + 10s));
  }
  void replace() const {
    std::ofstream(file.path + ".new") << identity("other.test").pem();
    std::filesystem::rename(file.path + ".new", file.path);
  }

  Loop loop;
  std::shared_ptr<WorkerPool> files = std::make_shared<WorkerPool>("files", 2, 16);
  TlsClients clients;
  TempFile file{identity("fe.test").pem()};
  TlsOptions options{.ca_file = file.path, .server_name = {}};
};

TEST_F(TlsClientsTest, EqualOptionsShareOneAlsoWhenTheyReadAtOnce) {
  for (const TlsOptions& wanted : {options, TlsOptions{}}) {
    std::vector<std::future<Result<Client>>> all;
    loop.call([&] {
      for (int i = 0; i < 4; ++i) {
        all.push_back(get(wanted));
      }
    });
    const Client first = all.front().get().value();
    for (std::size_t i = 1; i < all.size(); ++i) {
      EXPECT_EQ(all[i].get().value(), first);
    }
    EXPECT_EQ(get(wanted).get().value(), first);
  }
  TlsOptions named = options;
  named.server_name = "fe.test";
  EXPECT_NE(get(named).get().value(), get(options).get().value());
}

TEST_F(TlsClientsTest, AFileThatChangedIsReadAnewAndSharedAgain) {
  const Client before = get(options).get().value();
  replace();
  const Client after = get(options).get().value();
  EXPECT_NE(after, before);
  EXPECT_EQ(get(options).get().value(), after);
  std::filesystem::remove(file.path);
  EXPECT_EQ(get(options).get().error().code, "tls.ca_file");
}

TEST_F(TlsClientsTest, WhatWasReadBeforeAReloadIsNotUsedBehindIt) {
  auto reading = get(options);
  loop.call([&] {
    std::this_thread::sleep_for(1s);  // the read ends, but nobody hears of it yet
    replace();
    clients.forget();
  });
  const Client read = reading.get().value();
  EXPECT_TRUE(read->read_the_same(*TlsClient::create(options).value()));
  EXPECT_EQ(get(options).get().value(), read);
}

TEST_F(TlsClientsTest, AReloadReadsTheSystemsStoreAnew) {
  const Client before = get({}).get().value();
  loop.call([&] { clients.forget(); });
  EXPECT_NE(get({}).get().value(), before);
}

TEST_F(TlsClientsTest, AReadThatHangsIsSaidSo) {
  std::promise<void> open;
  const auto one = std::make_shared<WorkerPool>("files", 1, 16);
  auto hung = loop.start(one->run([wait = open.get_future().share()]() -> Result<int> {
    wait.wait();
    return 1;
  }));
  const auto got = loop.start(clients.get(options, one, mono_now() + 50ms)).get();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().reason, Reason::timeout);
  EXPECT_EQ(got.error().code, "tls.ca_file");
  EXPECT_EQ(got.error().message,
            "reading the trusted certificates of " + options.ca_file + " did not end in time");
  open.set_value();
  EXPECT_TRUE(hung.get());
}

}  // namespace
}  // namespace sfb::net
