// One KDC for all tests of this program, and an environment in which nothing else can help them.
#pragma once

#include "agent/gss/account.hpp"
#include "agent/gss/credentials.hpp"
#include "tests/integration/gss/kdc.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace sfb::gss::testing {

/// There is no krb5.conf of the machine, no default cache and no default keytab.
class RealmTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { set_up({}); }
  /// The offset of the KDC's clock, as faketime takes it.
  static void set_up(std::string offset);
  static void TearDownTestSuite();

  /// With more lines of [libdefaults].
  static void configure(const std::string& defaults);
  static Kdc& kdc() { return *kdc_; }
  static std::shared_ptr<const Secret> password(std::string text = kPassword);
  static WallTime now() { return SystemClock().now().wall; }
  static std::string fact(const Facts& facts, std::string_view name);

 private:
  static std::unique_ptr<Kdc> kdc_;
};

inline const Service kFrontEnd{"HTTP", "fe-001.litwareinc.com"};

}  // namespace sfb::gss::testing
