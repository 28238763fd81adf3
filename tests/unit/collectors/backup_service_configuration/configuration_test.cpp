#include "collectors/backup_service_configuration/configuration.hpp"

#include "tests/unit/collectors/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace sfb::collectors {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::FieldsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace sfb::collectors::testing;  // NOLINT: the builders

constexpr std::size_t kInterval = place_of("SyncInterval");
constexpr std::size_t kCalls = place_of("MaxConcurrentCalls");
constexpr std::size_t kRgs = place_of("EnableRgsBackupService");

Configuration read(std::vector<Property> members) {
  PipelineResult result;
  result.output = {object(result.graph, std::move(members))};
  auto read = read_configuration(result);
  EXPECT_TRUE(read.has_value()) << describe(read.error());
  return read.value_or(Configuration{});
}

std::string code_of(const PipelineResult& result) {
  const auto read = read_configuration(result);
  return read ? "good" : read.error().code;
}

TEST(Configuration, MembersInAnyCaseAndAHashtable) {
  const Value span = Value::make(Kind::time_span, "PT5S");
  const Configuration read_object =
      read({{"SYNCINTERVAL", span}, {"enableRGSbackupService", Value::boolean(false)}});
  EXPECT_EQ(read_object.values[kInterval], 50'000'000);
  EXPECT_EQ(read_object.values[kRgs], 0);
  EXPECT_EQ(read_object.values[kCalls], std::nullopt);
  EXPECT_THAT(read_object.notes, IsEmpty());
  PipelineResult hashtable;
  hashtable.output = {table(hashtable.graph, {{"maxconcurrentcalls", Value::int32(12)}})};
  EXPECT_EQ(read_configuration(hashtable).value().values[kCalls], 12);
}

TEST(Configuration, RangesAreTheServersMatter) {
  const Configuration odd =
      read({{"SyncInterval", text("-1.00:00:00")}, {"MaxConcurrentCalls", Value::int32(-1)}});
  EXPECT_EQ(odd.values[kInterval], -864'000'000'000);
  EXPECT_EQ(odd.values[kCalls], -1);
}

TEST(Configuration, AnotherKindIsUnknownAndNoted) {
  const Configuration odd = read({{"SyncInterval", Value::int32(120)},
                                  {"MaxConcurrentCalls", Value::boolean(true)},
                                  {"MaxBatchesPerCmsSync", text("many")},
                                  {"MaxDataConfPackageSizeKB", text("1.5")},
                                  {"EnableRgsBackupService", Value::int32(1)}});
  EXPECT_THAT(odd.values, Each(Eq(std::nullopt)));
  EXPECT_THAT(odd.notes, ElementsAre(R"(SyncInterval is no time span: "120")",
                                     R"(MaxConcurrentCalls is no whole number: "true")",
                                     R"(MaxBatchesPerCmsSync is no whole number: "many")",
                                     R"(MaxDataConfPackageSizeKB is no whole number: "1.5")",
                                     R"(EnableRgsBackupService is no boolean: "1")"));
}

TEST(Configuration, NullIsMissing) {
  const Configuration empty = read({{"SyncInterval", Value{}}, {"MaxConcurrentCalls", Value{}}});
  EXPECT_THAT(empty.values, Each(Eq(std::nullopt)));
  EXPECT_THAT(empty.notes, IsEmpty());
}

TEST(Configuration, TextsAloneAreAConfigurationWithoutValues) {
  EXPECT_THAT(read({{"AuthorizedUniversalGroups", text("a")}}).values, Each(Eq(std::nullopt)));
  EXPECT_THAT(read({{"authorizedlocalaccounts", text("a")}}).values, Each(Eq(std::nullopt)));
}

TEST(Configuration, OneObjectBelongs) {
  PipelineResult result;
  EXPECT_EQ(code_of(result), "answer.empty");
  const Value one = object(result.graph, {{"MaxConcurrentCalls", Value::int32(10)}});
  result.output = {one};
  EXPECT_EQ(code_of(result), "good");
  result.output = {one, one};
  EXPECT_EQ(code_of(result), "configuration.several");
  result.output = {object(result.graph, {{"Identity", text("Global")}})};
  EXPECT_EQ(code_of(result), "configuration.unrecognised");
  EXPECT_EQ(read_configuration(result).error().reason, Reason::parse);
}

TEST(Configuration, ErrorsOfTheCmdlet) {
  PipelineResult result;
  add_error(result, "Cannot find it.");
  EXPECT_EQ(code_of(result), "cmdlet.error");
  EXPECT_THAT(read_configuration(result).error().message,
              HasSubstr("Get-CsBackupServiceConfiguration"));
  result.output = {object(result.graph, {{"MaxConcurrentCalls", Value::int32(10)}})};
  EXPECT_THAT(read_configuration(result).value().notes, ElementsAre(HasSubstr("1 error")));
  result.state = PipelineState::failed;
  EXPECT_EQ(code_of(result), "cmdlet.failed");
}

TEST(Configuration, ChangesTellBothValues) {
  const auto event = [](const char* member, const char* from, const char* to) {
    return FieldsAre(
        "configuration changed",
        ElementsAre(FieldsAre("member", member), FieldsAre("from", from), FieldsAre("to", to)));
  };
  const Configuration before = read({{"SyncInterval", text("00:02:00")},
                                     {"MaxConcurrentCalls", Value::int32(10)},
                                     {"MaxBatchesPerCmsSync", Value::int32(500)},
                                     {"AuthorizedUniversalGroups", text("a")}});
  const Configuration now = read({{"SyncInterval", text("00:10:00")},
                                  {"MaxBatchesPerCmsSync", Value::int32(500)},
                                  {"EnableRgsBackupService", Value::boolean(true)},
                                  {"AuthorizedUniversalGroups", text("b")}});
  EXPECT_THAT(changes(before, now),
              ElementsAre(event("SyncInterval", "00:02:00", "00:10:00"),
                          event("MaxConcurrentCalls", "10", "unknown"),
                          event("EnableRgsBackupService", "unknown", "True")));
  EXPECT_THAT(changes(now, now), IsEmpty());
}

}  // namespace
}  // namespace sfb::collectors
