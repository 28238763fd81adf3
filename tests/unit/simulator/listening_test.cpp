// What cannot be listened on is told with its place in the scenario.
#include "tests/simulator/listening.hpp"

#include "tests/simulator/certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace sim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "good";
}

TEST(Listening, AnAddressInUse) {
  boost::asio::io_context loop;
  const auto first = listen_on(loop, {"127.0.0.1", 0}, "", "a");
  const Address taken = address_of(first);
  EXPECT_THAT(error_of([&] { listen_on(loop, taken, "s.yml:1:2: listen: ", "b"); }),
              AllOf(StartsWith("s.yml:1:2: listen: b cannot listen on " + taken.text()),
                    HasSubstr("Address already in use")));
}

class Certificates : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/sim-XXXXXX";
    folder = ::mkdtemp(name.data());
    ASSERT_FALSE(make_certificates(folder, {"fe.example.com"}));
    ASSERT_FALSE(make_certificates(folder + "/other", {}));
    std::ofstream(folder + "/text") << "no PEM\n";
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string with(const std::string& certificate, const std::string& key) {
    Listener listener;
    listener.tls_place = "s.yml:1:2: tls: ";
    listener.certificate = folder + "/" + certificate;
    listener.key = folder + "/" + key;
    return error_of([&] { EXPECT_NE(tls_of(listener), nullptr); });
  }

  std::string folder;
};

TEST_F(Certificates, AreReadOrToldByName) {
  EXPECT_EQ(with("server.pem", "server.key"), "good");
  EXPECT_EQ(with("absent.pem", "server.key"),
            "s.yml:1:2: tls: certificate " + folder + "/absent.pem: No such file or directory");
  EXPECT_EQ(with("server.pem", "absent.key"),
            "s.yml:1:2: tls: key " + folder + "/absent.key: No such file or directory");
  EXPECT_THAT(with("text", "server.key"), HasSubstr("text is no PEM certificate"));
  EXPECT_THAT(with("server.pem", "text"), HasSubstr("text is no PEM key of certificate"));
  EXPECT_THAT(with("server.pem", "other/server.key"), HasSubstr("is no PEM key of certificate"));
}

TEST_F(Certificates, WhatCannotBeMadeIsTold) {
  EXPECT_THAT(*make_certificates(folder, {"a,b"}), HasSubstr("\"a,b\""));
  EXPECT_THAT(*make_certificates(folder + "/text/deep", {}), HasSubstr("text/deep"));
}

}  // namespace
}  // namespace sim
