#include "agent/gss/status.hpp"

#include "agent/gss/status_table.hpp"

#include <gmock/gmock.h>
#include <gssapi/gssapi.h>
#include <gtest/gtest.h>
#include <krb5/krb5.h>

#include <set>
#include <string>
#include <tuple>

namespace sfb::gss {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Error explained(std::int32_t minor, Step step, bool keytab = false) {
  return explain(GSS_S_FAILURE, static_cast<std::uint32_t>(minor), "the library's words",
                 {.step = step,
                  .principal = "svc@LITWAREINC.COM",
                  .spn = "HTTP/fe-001.litwareinc.com",
                  .realm = "LITWAREINC.COM",
                  .kdcs = "10.0.0.1:88 tcp: no answer",
                  .keytab = keytab});
}

TEST(GssStatus, EveryRowIsASentenceWithARemedy) {
  for (const StatusRow& row : status_table()) {
    for (const Step step : {Step::logon, Step::ticket, Step::proof, Step::seal}) {
      if (row.step.value_or(step) != step) {
        continue;
      }
      const Error error = explained(row.minor, step, row.keytab.value_or(false));
      EXPECT_TRUE(error.code.starts_with("auth.")) << row.minor;
      EXPECT_FALSE(error.message.empty()) << row.minor;
      EXPECT_FALSE(error.remedy.empty()) << row.minor;
      EXPECT_THAT(error.message + error.remedy, Not(HasSubstr("{"))) << row.minor;
      EXPECT_EQ(error.peer, "the library's words (" + std::to_string(row.minor) + ")");
    }
  }
}

TEST(GssStatus, NoRowHidesAnother) {
  std::set<std::tuple<std::int32_t, int, int>> general;
  for (const StatusRow& row : status_table()) {
    const int step = row.step ? static_cast<int>(*row.step) : -1;
    const int keytab = row.keytab ? static_cast<int>(*row.keytab) : -1;
    EXPECT_FALSE(general.contains({row.minor, -1, -1})) << row.minor;
    EXPECT_FALSE(general.contains({row.minor, step, keytab})) << row.minor;
    general.insert({row.minor, step, keytab});
  }
}

TEST(GssStatus, OnlyTheAccountsOwnRefusalIsAuth) {
  const auto reason = [](std::int32_t minor, Step step) { return explained(minor, step).reason; };
  EXPECT_EQ(reason(KRB5KDC_ERR_PREAUTH_FAILED, Step::logon), Reason::auth);
  EXPECT_EQ(reason(KRB5KDC_ERR_CLIENT_REVOKED, Step::logon), Reason::auth);
  EXPECT_EQ(reason(KRB5KRB_AP_ERR_SKEW, Step::logon), Reason::protocol);
  EXPECT_EQ(reason(KRB5KRB_AP_ERR_SKEW, Step::proof), Reason::protocol);
  EXPECT_EQ(reason(KRB5_KDC_UNREACH, Step::logon), Reason::connect);
  EXPECT_EQ(reason(KRB5_KDC_UNREACH, Step::ticket), Reason::connect);
  EXPECT_EQ(reason(KRB5_REALM_UNKNOWN, Step::ticket), Reason::dns);
  EXPECT_EQ(reason(KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, Step::ticket), Reason::not_found);
  EXPECT_EQ(reason(KRB5KDC_ERR_ETYPE_NOSUPP, Step::ticket), Reason::protocol);
  EXPECT_EQ(reason(KRB5_FCC_NOFILE, Step::logon), Reason::process);
}

TEST(GssStatus, TheSameCodeMeansWhatItsStepDoes) {
  const auto code = [](std::int32_t minor, Step step, bool keytab = false) {
    return explained(minor, step, keytab).code;
  };
  EXPECT_EQ(code(KRB5KDC_ERR_PREAUTH_FAILED, Step::logon, true), "auth.keytab_refused");
  EXPECT_EQ(code(KRB5KDC_ERR_PREAUTH_FAILED, Step::logon, false), "auth.refused");
  EXPECT_EQ(code(KRB5KRB_AP_ERR_MODIFIED, Step::ticket), "auth.kdc_reply");
  EXPECT_EQ(code(KRB5KRB_AP_ERR_MODIFIED, Step::proof), "auth.ticket_refused");
  EXPECT_EQ(code(KRB5KRB_AP_ERR_BAD_INTEGRITY, Step::proof), "auth.ticket_refused");
  EXPECT_EQ(code(KRB5KRB_AP_ERR_BAD_INTEGRITY, Step::logon), "auth.refused");
  EXPECT_EQ(code(KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, Step::logon), "auth.realm_name");
}

TEST(GssStatus, TheMessageNamesWhoAndWhat) {
  EXPECT_EQ(explained(KRB5_KDC_UNREACH, Step::logon).message,
            "no KDC of LITWAREINC.COM answers (10.0.0.1:88 tcp: no answer)");
  EXPECT_THAT(explained(KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, Step::ticket).message,
              HasSubstr("HTTP/fe-001.litwareinc.com"));
  EXPECT_THAT(explained(KRB5KRB_AP_ERR_SKEW, Step::proof).message,
              HasSubstr("clocks of fe-001.litwareinc.com"));
}

TEST(GssStatus, AnUnknownCodeKeepsItsNumberAndText) {
  const Error error = explained(4711, Step::proof);
  EXPECT_EQ(error.code, "auth.gssapi");
  EXPECT_EQ(error.reason, Reason::protocol);
  EXPECT_EQ(error.peer, "the library's words (4711)");
}

TEST(GssStatus, TheRoutinesOwnStatusIsTheSecondWord) {
  const auto code = [](std::uint32_t major, Step step) {
    return explain(major, 0, "", {.step = step}).code;
  };
  EXPECT_EQ(code(GSS_S_BAD_BINDINGS, Step::proof), "auth.bindings");
  EXPECT_EQ(code(GSS_S_BAD_SIG, Step::seal), "auth.seal");
  EXPECT_EQ(code(GSS_S_DEFECTIVE_TOKEN, Step::seal), "auth.seal");
  EXPECT_EQ(code(GSS_S_DEFECTIVE_TOKEN, Step::proof), "auth.token");
  EXPECT_EQ(code(GSS_S_BAD_MECH, Step::logon), "auth.no_mechanism");
  EXPECT_EQ(code(GSS_S_CREDENTIALS_EXPIRED, Step::ticket), "auth.ticket_expired");
  EXPECT_EQ(code(GSS_S_DUPLICATE_TOKEN, Step::seal), "auth.seal");
  EXPECT_EQ(code(GSS_S_GAP_TOKEN, Step::seal), "auth.seal");
}

}  // namespace
}  // namespace sfb::gss
