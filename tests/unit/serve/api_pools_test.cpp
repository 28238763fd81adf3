// The API's pages against golden files, which tests/e2e/openapi.py checks against the document's
// own schemas, and the rules that a golden file alone does not explain.
#include "agent/serve/api_pools.hpp"

#include "agent/json/reader.hpp"
#include "agent/serve/api_pairs.hpp"
#include "agent/serve/api_parameters.hpp"
#include "agent/serve/history_page.hpp"
#include "agent/serve/openapi.hpp"
#include "agent/serve/problem.hpp"
#include "agent/serve/query_parse.hpp"
#include "agent/serve/routes.hpp"
#include "agent/value/access.hpp"
#include "tests/unit/serve/api_snapshots.hpp"
#include "tests/unit/serve/query_rig.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace sfb::serve {
namespace {

using testing::api_moment;
using testing::api_pools;
using testing::body_of;
using testing::get;
using ::testing::HasSubstr;
using ::testing::Not;

const std::filesystem::path kGolden = SFB_SOURCE_DIR "/tests/golden/api";
constexpr std::string_view kRunbooks = "http://wiki.example.org/sfb";

/// SFB_WRITE_GOLDEN=1 writes the file instead, and fails so that nobody forgets it.
void expect_golden(const std::string& name, const std::string& page) {
  const std::filesystem::path path = kGolden / name;
  if (std::getenv("SFB_WRITE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(kGolden);
    std::ofstream(path, std::ios::binary) << page;
    FAIL() << path << " was written: look at it and run again without SFB_WRITE_GOLDEN";
  }
  std::ifstream file(path, std::ios::binary);
  EXPECT_EQ(page, std::string(std::istreambuf_iterator<char>(file), {})) << path;
}

Given given(const std::string& pattern, const std::string& query) {
  return read_parameters(find_route(pattern)->parameters, "test", get(pattern, query)).value();
}

std::string pools(const std::string& query = {}) {
  return body_of(pools_page(api_pools(), given("/api/v1/pools", query), api_moment(), kRunbooks));
}

std::string pairs(const std::string& query = {}) {
  return body_of(pairs_page(api_pools(), {}, given("/api/v1/pairs", query)));
}

std::string pool(const std::string& name) {
  const status::Snapshot snapshot = api_pools();
  const auto found = find_pool(snapshot, Fqdn::parse(name + ".litwareinc.com").value());
  return body_of(pool_page(snapshot, *found, api_moment(), kRunbooks));
}

/// Which pools or pairs a page holds, by the beginnings of their names.
std::string names_in(const std::string& page) {
  std::string names;
  for (const char* const name : {"atl", "chi", "den", "elp", "fra"}) {
    names += page.contains(fmt::format("{{\"pool\":\"{}-cs", name)) ? std::string(name) + ' ' : "";
  }
  for (const char* const name : {"atl", "den", "ams"}) {
    names += page.contains(fmt::format("{{\"pair\":\"{}-cs", name)) ? std::string(name) + ' ' : "";
  }
  return names;
}

/// A member of JSON by its path: names, and numbers of items.
std::string at(const std::string& page, const std::vector<std::string>& path) {
  const auto document = json::read(page, {});
  EXPECT_TRUE(document.has_value()) << page;
  const Value* value = &document->roots.at(0);
  for (const std::string& step : path) {
    value = step.find_first_not_of("0123456789") == std::string::npos
                ? items_of(document->graph, *value).at(std::stoul(step))
                : find_property(document->graph, *value, step);
    if (value == nullptr) {
      return "(nothing)";
    }
  }
  return value->is_null() ? "null"
                          : std::string(plain_text(document->graph, *value).value_or("(object)"));
}

TEST(ApiGolden, Pools) {
  expect_golden("pools.json", pools());
}
TEST(ApiGolden, Pool) {
  expect_golden("pool.json", pool("chi-cs-001"));
}
TEST(ApiGolden, Pairs) {
  expect_golden("pairs.json", pairs());
}
TEST(ApiGolden, OpenApi) {
  expect_golden("openapi.json", openapi_json("1.2.3"));
}

TEST(ApiGolden, History) {
  expect_golden("history.json",
                body_of(history_page(Fqdn::parse("atl-cs-001.litwareinc.com").value(),
                                     testing::api_history(), {})));
}
TEST(ApiGolden, Problems) {
  Problem problem{.status = 502,
                  .error = {Reason::cmdlet, "cmdlet.failed", "PowerShell failed", "look there",
                            "Halt!", Stage::query},
                  .pool = "atl.example.com",
                  .retry_after = std::chrono::seconds(5),
                  .evaluation = testing::shared(testing::failed_evaluation(Reason::cmdlet, "x"))};
  status::Evaluation failed = testing::good_evaluation();
  failed.result = testing::with_errors(failed.result, {"It broke."}, PipelineState::failed);
  failed.error = problem.error;
  problem.evaluation = testing::shared(std::move(failed));
  problem.last_known = testing::shared(testing::good_evaluation());
  problem.verdict = {true,
                     false,
                     {{"M", "export", "export_error", "M: bad."}},
                     {{"N", "import", "import_unknown", "N: unknown."}}};
  const Form form{.choice = {.as = As::json}, .request_id = "night-1"};
  const MonoTime now = testing::kMade + std::chrono::seconds(60);
  expect_golden("problem_failed.json", body_of(problem_response(form, problem, now)));
  problem.last_known = testing::shared(testing::failed_evaluation(Reason::stale, "file.too_old"));
  expect_golden("problem_twice.json", body_of(problem_response(form, problem, now)));
  expect_golden("problem_parameter.json",
                body_of(read_parameters(find_route("/api/v1/pools")->parameters, "pools",
                                        get("/api/v1/pools", "working=maybe"))
                            .error()));
  expect_golden(
      "problem_binding.json",
      body_of(parse_query_request(testing::ask_for("PoolFqdn=a&Category=Foo&as=json"), "night-2")
                  .error()));
}
TEST(ApiGolden, EveryFileHasItsTest) {
  const auto files = std::filesystem::directory_iterator(kGolden);
  EXPECT_EQ(std::distance(begin(files), end(files)), 9);
}

TEST(ApiPools, FiltersAreJoinedByAnd) {
  EXPECT_EQ(names_in(pools()), "atl chi den elp fra ");
  const std::pair<const char*, const char*> cases[] = {{"pool=CHI-cs-001.litwareinc.com.", "chi "},
                                                       {"pool=nowhere", ""},
                                                       {"site=Denver", "den "},
                                                       {"site=denver", ""},
                                                       {"site=", "fra "},
                                                       {"deployment=corp", "atl chi den elp fra "},
                                                       {"deployment=other", ""},
                                                       {"endpoint=atlanta&knowledge=none", "fra "},
                                                       {"knowledge=fresh", "atl chi elp "},
                                                       {"knowledge=stale", "den "},
                                                       {"working=true", "atl "},
                                                       {"working=false", "chi elp "},
                                                       {"working=unknown", "den fra "},
                                                       {"working=false&site=Chicago", "chi "}};
  for (const auto& [query, names] : cases) {
    EXPECT_EQ(names_in(pools(query)), names) << query;
  }
  EXPECT_EQ(pools("pool=nowhere"), "{\"pools\":[]}\n");
}

TEST(ApiPools, UnknownIsNullAndStaleShowsNoState) {
  const std::string stale = pool("den-cs-001");
  EXPECT_EQ(at(stale, {"freshness", "knowledge"}), "stale");
  EXPECT_EQ(at(stale, {"verdict", "working"}), "null");
  EXPECT_EQ(at(stale, {"modules", "0", "export", "state"}), "null");
  EXPECT_EQ(at(stale, {"modules", "0", "export", "word"}), "null");
  EXPECT_EQ(at(stale, {"modules", "0", "export", "health"}), "unknown");
  EXPECT_EQ(at(stale, {"modules", "0", "export", "last_final"}), "2026-11-23T13:47:03.25Z")
      << "times are facts";
  EXPECT_EQ(at(stale, {"active_machine"}), "null");
  const std::string none = pool("fra-cs-001");
  for (const auto& path : std::vector<std::vector<std::string>>{{"verdict", "configured"},
                                                                {"freshness", "evaluated_at"},
                                                                {"freshness", "age_seconds"},
                                                                {"freshness", "stale_at"},
                                                                {"evaluation", "last"},
                                                                {"evaluation", "next_at"},
                                                                {"failure"}}) {
    EXPECT_EQ(at(none, path), "null") << path.back();
  }
}

TEST(ApiPools, HealthIsThatOfTheVerdict) {
  const std::string good = pool("atl-cs-001");
  EXPECT_EQ(at(good, {"verdict", "working"}), "true");
  EXPECT_EQ(at(good, {"modules", "2", "export", "health"}), "benign");
  EXPECT_THAT(at(good, {"modules", "2", "export", "why"}), HasSubstr("CMS master"));
  EXPECT_EQ(at(good, {"modules", "3", "import", "health"}), "benign");
  EXPECT_EQ(at(good, {"modules", "0", "export", "why"}), "null");
  const std::string bad = pool("chi-cs-001");
  EXPECT_EQ(at(bad, {"modules", "0", "export", "health"}), "bad");
  EXPECT_EQ(at(bad, {"modules", "1", "export", "health"}), "unknown");
  EXPECT_EQ(at(bad, {"modules", "1", "export", "word"}), "Halb");
  EXPECT_EQ(at(bad, {"verdict", "reasons", "0", "code"}), "export_error");
  EXPECT_EQ(at(bad, {"verdict", "doubts", "0", "code"}), "export_unknown");
}

TEST(ApiPools, FailuresAreCountedSinceTheLastGoodAnswer) {
  const std::string page = pool("chi-cs-001");
  EXPECT_EQ(at(page, {"failure", "count"}), "3");
  EXPECT_EQ(at(page, {"failure", "since"}), "2026-11-23T18:41:03.25Z");
  EXPECT_EQ(at(page, {"failure", "runbook"}),
            "http://wiki.example.org/sfb/SfbBackupEvaluationFailing.md");
  EXPECT_EQ(at(page, {"failure", "peer"}), "krb_ap_err_skew ^[[2J");
  EXPECT_EQ(at(page, {"freshness", "knowledge"}), "fresh") << "of the last good answer";
}

TEST(ApiPairs, TwoDirectionsAlwaysAndNullForWhatIsNotConfigured) {
  EXPECT_EQ(names_in(pairs()), "atl den ams ");
  const std::string page = pairs();
  EXPECT_EQ(at(page, {"pairs", "0", "pair"}), "ams-cs-001.litwareinc.com/fra-cs-001.litwareinc.com")
      << "by the name of its first pool";
}

TEST(ApiPairs, FiltersAreJoinedByAnd) {
  const std::pair<const char*, const char*> cases[] = {{"pool=chi-cs-001.litwareinc.com", "atl "},
                                                       {"pool=ams-cs-001.litwareinc.com", "ams "},
                                                       {"working=false", "atl den "},
                                                       {"working=unknown", "ams "},
                                                       {"working=true", ""},
                                                       {"deployment=corp&working=unknown", "ams "},
                                                       {"deployment=x", ""}};
  for (const auto& [query, names] : cases) {
    EXPECT_EQ(names_in(pairs(query)), names) << query;
  }
}

TEST(ApiPairs, TheImportIsTheTargetsAndTheLagCountsFromTheLastHealthyExport) {
  const std::string page = pairs("pool=chi-cs-001.litwareinc.com");
  const auto part = [&](const char* direction, std::vector<std::string> rest) {
    std::vector<std::string> path = {"pairs", "0", "directions", direction};
    path.insert(path.end(), rest.begin(), rest.end());
    return at(page, path);
  };
  EXPECT_EQ(at(page, {"pairs", "0", "reciprocal"}), "true");
  EXPECT_EQ(part("0", {"source"}), "atl-cs-001.litwareinc.com");
  EXPECT_EQ(part("0", {"modules", "0", "export", "state"}), "SteadyState");
  EXPECT_EQ(part("0", {"modules", "0", "import", "state"}), "ErrorState");
  EXPECT_EQ(part("0", {"modules", "0", "health"}), "bad");
  EXPECT_EQ(part("0", {"modules", "0", "lag_seconds"}), "0");
  EXPECT_EQ(part("0", {"modules", "2", "health"}), "benign");
  EXPECT_EQ(part("0", {"modules", "3", "identity"}), "ApplicationServer.RGSDataStore");
  EXPECT_EQ(part("0", {"modules", "3", "import"}), "null") << "the target lacks the module";
  EXPECT_EQ(part("0", {"modules", "3", "health"}), "unknown");
  EXPECT_EQ(part("1", {"modules", "0", "lag_seconds"}), "6600") << "2 h less 10 min";
  EXPECT_EQ(part("1", {"modules", "3", "export"}), "null");
  EXPECT_EQ(part("1", {"working"}), "false");
}

// Of a partner that another agent evaluates the names are known, and nothing else.
TEST(ApiPairs, APartnerOfAnotherShardIsConfigured) {
  status::Snapshot snapshot = api_pools();
  const auto chi = Fqdn::parse("chi-cs-001.litwareinc.com").value();
  std::erase_if(snapshot.pools, [&](const auto& each) { return each->identity.fqdn == chi; });
  const auto page = [&](const Elsewhere& elsewhere) {
    return body_of(
        pairs_page(snapshot, elsewhere, given("/api/v1/pairs", "pool=atl-cs-001.litwareinc.com")));
  };
  Elsewhere elsewhere{.pools = {{chi, {.paired_pool = "atl-cs-001.litwareinc.com", .shard = 1}}},
                      .own = 0,
                      .total = 2};
  EXPECT_EQ(at(page({}), {"pairs", "0", "reciprocal"}), "false");
  EXPECT_EQ(at(page(elsewhere), {"pairs", "0", "reciprocal"}), "true");
  EXPECT_EQ(at(page(elsewhere), {"pairs", "0", "directions", "0", "modules", "0", "import"}),
            "null");
  EXPECT_EQ(at(page(elsewhere), {"pairs", "0", "working"}), "null");
  elsewhere.pools.at(chi).paired_pool = "fra-cs-001.litwareinc.com";
  EXPECT_EQ(at(page(elsewhere), {"pairs", "0", "reciprocal"}), "false");
}

TEST(ApiParameters, AreStrictAndNameWhatIsNear) {
  const std::pair<const char*, const char*> bad[] = {{"sight=x", "pools.unknown_parameter"},
                                                     {"Site=x", "pools.unknown_parameter"},
                                                     {"site=x&site=x", "pools.duplicate_parameter"},
                                                     {"working=maybe", "pools.bad_value"},
                                                     {"working=", "pools.bad_value"},
                                                     {"knowledge", "pools.bad_value"},
                                                     {"pool=a_b", "fqdn.invalid"},
                                                     {"pool", "fqdn.invalid"},
                                                     {"site=%", "url.escape"},
                                                     {"fqdn=a", "pools.unknown_parameter"}};
  for (const auto& [query, code] : bad) {
    const auto read = read_parameters(find_route("/api/v1/pools")->parameters, "pools",
                                      get("/api/v1/pools", query));
    ASSERT_FALSE(read.has_value()) << query;
    EXPECT_EQ(read.error().status, 400) << query;
    EXPECT_EQ(testing::header_of(read.error(), "Content-Type"), "application/problem+json");
    EXPECT_THAT(body_of(read.error()), HasSubstr(fmt::format("\"code\":\"{}\"", code))) << query;
  }
  const auto near =
      read_parameters(find_route("/api/v1/pools")->parameters, "pools", get("", "sitte=x"));
  EXPECT_THAT(body_of(near.error()), HasSubstr("did you mean site?"));
}

TEST(ApiPools, UnknownPoolsNameThoseThatAreNear) {
  EXPECT_EQ(near_pools(api_pools(), {}, Fqdn::parse("alt-cs-001.litwareinc.com").value()),
            "did you mean atl-cs-001.litwareinc.com?");
  EXPECT_EQ(near_pools(api_pools(), {}, Fqdn::parse("atl-cs-001").value()),
            "did you mean atl-cs-001.litwareinc.com?")
      << "without its domain";
  EXPECT_EQ(near_pools(api_pools(), {}, Fqdn::parse("nowhere").value()), "");
}

}  // namespace
}  // namespace sfb::serve
