#include "tests/integration/gss/realm.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

namespace sfb::gss::testing {

std::unique_ptr<Kdc> RealmTest::kdc_;

void RealmTest::set_up(std::string offset) {
  if (std::getenv("KRB5_CONFIG") == nullptr) {
    ::setenv("KRB5_CONFIG", "/nowhere/krb5.conf", 1);
  }
  ::setenv("KRB5CCNAME", "FILE:/nowhere/ccache", 1);
  ::setenv("KRB5_KTNAME", "FILE:/nowhere/keytab", 1);
  ::setenv("KRB5_CLIENT_KTNAME", "FILE:/nowhere/keytab", 1);
  ::setenv("KRB5RCACHENAME", "none:", 1);
  kdc_ = std::make_unique<Kdc>(std::move(offset));
  configure("");
}

void RealmTest::configure(const std::string& defaults) {
  ASSERT_TRUE(use_krb5_conf("[libdefaults]\n" + defaults + krb5_conf(kdc_->realms())));
  // libkrb5 looks whether its files changed once a second.
  static bool first = true;
  if (!std::exchange(first, false)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  }
}

void RealmTest::TearDownTestSuite() {
  kdc_.reset();
}

std::shared_ptr<const Secret> RealmTest::password(std::string text) {
  return std::make_shared<const Secret>(std::move(text));
}

std::string RealmTest::fact(const Facts& facts, std::string_view name) {
  const auto found = std::ranges::find(facts, name, &Facts::value_type::first);
  return found == facts.end() ? "none" : found->second;
}

}  // namespace sfb::gss::testing
