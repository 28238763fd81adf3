// The pages for people against golden files, and what must hold of every page: no key of a template
// is missing, every value is escaped, nothing comes from elsewhere.
#include "agent/serve/page_answer.hpp"

#include "agent/serve/page_files.hpp"
#include "agent/serve/page_pool.hpp"
#include "tests/unit/serve/api_snapshots.hpp"
#include "tests/unit/serve/query_rig.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <string>

namespace sfb::serve {
namespace {

using testing::api_moment;
using testing::body_of;
using testing::get;
using ::testing::HasSubstr;
using testing::header_of;
using ::testing::IsEmpty;
using ::testing::Not;

const std::filesystem::path kGolden = SFB_SOURCE_DIR "/tests/golden/page";
constexpr std::string_view kScript = "<script>alert('x')</script>";
constexpr std::string_view kAtlanta = "atl-cs-001.litwareinc.com";

StatusSources sources(status::Snapshot snapshot = testing::api_pools()) {
  return {.snapshot = std::make_shared<const status::Snapshot>(std::move(snapshot)),
          .frame = {"1.2.3", "/metrics", api_moment()},
          .elsewhere = {},
          .runbooks = "http://wiki.example.org/sfb",
          .max_bytes = 100'000,
          .history = testing::api_history()};
}

/// Without what other changes change: the names of the assets follow their content, and the list of
/// doors has a test of its own.
std::string comparable(const std::string& page) {
  static const std::regex kHash("(/assets/[a-z]+)-[0-9a-f]{16}");
  std::string text = std::regex_replace(page, kHash, "$1");
  constexpr std::string_view kBegin = "<summary>All pages of this agent</summary>\n<ul>\n";
  const std::size_t begin = text.find(kBegin);
  const std::size_t end = text.find("</ul>", begin);
  if (begin != std::string::npos && end != std::string::npos) {
    text.erase(begin + kBegin.size(), end - begin - kBegin.size());
  }
  return text;
}

/// SFB_WRITE_GOLDEN=1 writes the file instead, and fails so that nobody forgets it.
void expect_golden(const std::string& name, const http::Response& response) {
  const std::string page = comparable(body_of(response));
  const std::filesystem::path path = kGolden / name;
  if (std::getenv("SFB_WRITE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(kGolden);
    std::ofstream(path, std::ios::binary) << page;
    FAIL() << path << " was written: look at it and run again without SFB_WRITE_GOLDEN";
  }
  std::ifstream file(path, std::ios::binary);
  EXPECT_EQ(page, std::string(std::istreambuf_iterator<char>(file), {})) << path;
}

RenderedPage overview(const StatusSources& from, const PageFilter& filter = {}) {
  return render_overview(
      from.frame,
      overview_of(*from.snapshot, from.elsewhere, filter, from.frame.now, from.runbooks), filter);
}

RenderedPage pool(const StatusSources& from, std::size_t place) {
  return render_pool(from.frame, {.snapshot = *from.snapshot,
                                  .pool = *from.snapshot->pools.at(place),
                                  .history = *from.history,
                                  .elsewhere = from.elsewhere,
                                  .runbooks = from.runbooks,
                                  .max_bytes = from.max_bytes});
}

TEST(PageGolden, Overview) {
  expect_golden("overview.html", overview_page(sources(), ""));
}
TEST(PageGolden, Filtered) {
  expect_golden("filtered.html", overview_page(sources(), "verdict=unknown&site=Chicago"));
}
TEST(PageGolden, NoPools) {
  expect_golden("no_pools.html", overview_page(sources(status::Snapshot{}), ""));
}
TEST(PageGolden, Pool) {
  expect_golden("pool.html", pool_status_page(sources(), kAtlanta));
}
TEST(PageGolden, FailingPool) {
  StatusSources from = sources();
  from.history->clear();
  expect_golden("failing_pool.html", pool_status_page(from, "chi-cs-001.litwareinc.com"));
}
TEST(PageGolden, StalePool) {
  StatusSources from = sources(testing::stale_pools());
  from.frame.now.wall += std::chrono::hours(2);
  from.frame.now.mono += std::chrono::hours(2);
  expect_golden("stale_pool.html", pool_status_page(from, kAtlanta));
}
TEST(PageGolden, Refused) {
  expect_golden("refused.html", refused_status(sources().frame, {403, "access.anonymous",
                                                                 "this needs an identity", "ask"}));
}

TEST(PageGolden, Login) {
  expect_golden(
      "login.html",
      login_page(
          401,
          {Reason::auth, "access.login", "this agent wants a login", "log in", {}, Stage::none}));
}

TEST(PageAnswer, NoKeyIsMissing) {
  StatusSources from = sources();
  EXPECT_THAT(overview(from).missing, IsEmpty());
  EXPECT_THAT(overview(sources(status::Snapshot{}), {.site = "x"}).missing, IsEmpty());
  for (std::size_t i = 0; i < from.snapshot->pools.size(); ++i) {
    EXPECT_THAT(pool(from, i).missing, IsEmpty()) << i;
  }
  from.history->clear();
  EXPECT_THAT(pool(from, 0).missing, IsEmpty());
  EXPECT_THAT(render_notice(from.frame, "x", Error{}).missing, IsEmpty());
  EXPECT_THAT(render_login("x", Error{}).missing, IsEmpty());
}

TEST(PageAnswer, TimeWithoutEvaluationsIsToldAsNotKnown) {
  StatusSources from = sources();
  status::HistoryEntry before = from.history->back();
  before.time = before.evaluated_at = from.frame.now.wall - std::chrono::hours(8);
  from.history = {before};
  const std::string page = body_of(pool_status_page(from, kAtlanta));
  EXPECT_THAT(page, HasSubstr("aria-label=\"FinalState from 10:47:03, not known from 11:47:03\""));
  EXPECT_THAT(page, HasSubstr("<title>not known from 11:47:03 to 18:47:03</title>"));
  EXPECT_THAT(page, HasSubstr("<rect class=\"unknown\" x=\"125\""));
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

/// So many pairs like one that there is, with names of their own.
Overview many_pairs(std::size_t count, Standing standing) {
  const StatusSources from = sources();
  const PairShown pair = overview_of(*from.snapshot, {}, {}, from.frame.now, "").pairs.at(0);
  Overview many;
  for (std::size_t i = 0; i < count; ++i) {
    many.pairs.push_back(pair);
    many.pairs.back().name = fmt::format("{}/{}", i, i);
    many.pairs.back().standing = standing;
  }
  many.watched = many.total = count;
  return many;
}

TEST(PageAnswer, OfManyPairsThoseThatWorkAreOneLine) {
  const auto page = [](const Overview& overview) {
    return render_overview(sources().frame, overview, {});
  };
  Overview many = many_pairs(kMostFullPairs, Standing::good);
  RenderedPage rendered = page(many);
  EXPECT_EQ(count_of(rendered.html, "<table class=\"modules\">"), 2 * kMostFullPairs);
  EXPECT_EQ(count_of(rendered.html, "<div class=\"pair line "), 0U);
  many = many_pairs(kMostFullPairs + 1, Standing::good);
  many.pairs.at(0).standing = Standing::failing;
  rendered = page(many);
  EXPECT_THAT(rendered.missing, IsEmpty());
  EXPECT_EQ(count_of(rendered.html, "<table class=\"modules\">"), 2U);
  EXPECT_EQ(count_of(rendered.html, "<details class=\"pair failing\""), 1U);
  EXPECT_EQ(count_of(rendered.html, "<div class=\"pair line good\""), kMostFullPairs);
  EXPECT_THAT(rendered.html,
              HasSubstr("<h2><a href=\"/pools/chi-cs-001.litwareinc.com\">chi-cs-001</a>"));
  EXPECT_THAT(rendered.html,
              HasSubstr("atl-cs-001</a></h2> <span class=\"place\">Chicago, Atlanta, "
                        "corp</span> <span class=\"times\">answered <time"));
}

TEST(PageAnswer, OfManyPairsThatAreNotWellTheFirstAreFullAndAllSayWhy) {
  const std::string page =
      render_overview(sources().frame, many_pairs(3 * kMostFullPairs, Standing::bad), {}).html;
  EXPECT_EQ(count_of(page, "<table class=\"modules\">"), 2 * kMostFullPairs);
  EXPECT_EQ(count_of(page, "export is ErrorState, not FinalState or SteadyState. Since"),
            3 * kMostFullPairs);
  EXPECT_EQ(count_of(page, "the clocks of this machine and of the domain differ"),
            3 * kMostFullPairs);
}

TEST(PageAnswer, APairWithoutModulesLeadsToThePoolThatIsWatchedHere) {
  Overview many = many_pairs(kMostFullPairs + 1, Standing::bad);
  EXPECT_THAT(render_overview(sources().frame, many, {}).html,
              HasSubstr("<p class=\"more\"><a href=\"/pools/chi-cs-001.litwareinc.com\">"));
  many.pairs.back().sides[0].here = false;
  EXPECT_THAT(render_overview(sources().frame, many, {}).html,
              HasSubstr("<p class=\"more\"><a href=\"/pools/atl-cs-001.litwareinc.com\">"));
}

TEST(PageAnswer, ForeignTextIsEscapedWhereverItStands) {
  status::Snapshot snapshot = testing::api_pools();
  for (status::PoolSnapshotPtr& each : snapshot.pools) {
    auto changed = std::make_shared<status::PoolSnapshot>(*each);
    changed->identity.site = kScript;
    changed->identity.deployment = kScript;
    changed->identity.endpoint = kScript;
    if (changed->last_completed && !changed->last_completed->good()) {
      auto failed = std::make_shared<status::Evaluation>(*changed->last_completed);
      failed->error->message = kScript;
      failed->error->peer = kScript;
      failed->error->code = kScript;
      failed->error->remedy = kScript;
      changed->failure = std::shared_ptr<const Error>(failed, &*failed->error);
      changed->last_completed = failed;
    }
    each = changed;
  }
  StatusSources from = sources(std::move(snapshot));
  from.frame.version = kScript;
  from.runbooks = "\"><script>alert(1)</script>";
  for (status::HistoryEntry& entry : *from.history) {
    entry.message = entry.code = entry.question = kScript;
    entry.changes = {{std::string(kScript), {{std::string(kScript), std::string(kScript)}}}};
  }
  const std::string filter = "site=%3Cscript%3Ealert('x')%3C/script%3E&verdict=%22%3E%3Cscript%3E";
  for (const http::Response& page :
       {overview_page(from, ""), overview_page(from, filter), pool_status_page(from, kAtlanta),
        pool_status_page(from, "chi-cs-001.litwareinc.com"), pool_status_page(from, kScript),
        refused_status(from.frame, {403, std::string(kScript), std::string(kScript), ""})}) {
    const std::string body = body_of(page);
    EXPECT_THAT(body, HasSubstr("&lt;script&gt;"));
    EXPECT_THAT(body, Not(HasSubstr("<script>"))) << body;
    EXPECT_THAT(body, Not(HasSubstr("alert('x')")));
  }
}

TEST(PageAnswer, ControlCharactersOfServersAreVisible) {
  const std::string page = body_of(overview_page(sources(), ""));
  EXPECT_THAT(page, HasSubstr("krb_ap_err_skew ^[[2J"));
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
}

TEST(PageAnswer, NothingInlineAndNothingFromElsewhere) {
  const http::Response page = pool_status_page(sources(), kAtlanta);
  const std::string policy(header_of(page, "Content-Security-Policy"));
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_EQ(header_of(page, "Cache-Control"), "no-store");
  for (const PageFile& file : page_files()) {
    if (file.name.ends_with(".mustache")) {
      for (const char* const never : {"{{{", "{{&", " style=", " on", "<style", "http://",
                                      "https://", "=\"//", "javascript:"}) {
        const bool harmless =
            std::string_view(never) == " on" &&
            !std::regex_search(std::string(file.content), std::regex(" on[a-z]+="));
        EXPECT_TRUE(harmless || !file.content.contains(never)) << file.name << ": " << never;
      }
    }
  }
}

TEST(PageAnswer, TitleCountsPairs) {
  EXPECT_THAT(body_of(overview_page(sources(), "")),
              HasSubstr("<title>2 not working, 1 unknown \u00b7 Backup status</title>"));
  EXPECT_THAT(body_of(overview_page(sources(), "site=Denver&verdict=good")),
              HasSubstr("<title>1 not working \u00b7 site Denver \u00b7 Backup status</title>"));
}

TEST(PageAnswer, HeadlineTellsTheWorst) {
  const auto headline = [](std::array<std::size_t, 4> counts, const PageFilter& filter = {}) {
    Overview overview;
    overview.counts = counts;
    overview.watched = 9 * (counts[0] + counts[1] + counts[2] + counts[3]);
    overview.total = counts[0] + counts[1] + counts[2] + counts[3];
    const std::string page = render_overview(sources().frame, overview, filter).html;
    const std::size_t begin = page.find("<h1>") + 4;
    return page.substr(begin, page.find("</h1>") - begin);
  };
  EXPECT_EQ(headline({0, 0, 0, 0}), "No pools are watched");
  EXPECT_EQ(headline({1, 0, 0, 0}), "The pair is not working");
  EXPECT_EQ(headline({0, 0, 0, 1}), "The pair is working");
  EXPECT_EQ(headline({0, 0, 0, 3}), "All 3 pairs are working");
  EXPECT_EQ(headline({0, 1, 2, 3}), "1 of 6 pairs is unknown");
  EXPECT_EQ(headline({0, 0, 2, 3}), "2 of 5 pairs are not answering");
  EXPECT_EQ(headline({0, 0, 0, 3}, {.site = "Chicago"}), "Site Chicago: all 3 pairs are working");
  EXPECT_EQ(headline({1, 0, 0, 0}, {.deployment = "corp", .verdict = "good"}),
            "Deployment corp: the pair is not working");
  EXPECT_EQ(headline({0, 0, 2, 3}, {.site = "Chicago", .deployment = "corp"}),
            "Site Chicago, deployment corp: 2 of 5 pairs are not answering");
  EXPECT_EQ(headline({0, 0, 0, 3}, {.verdict = "bad"}), "All 3 pairs are working");
}

TEST(PageAnswer, APlaceWithoutPairsIsNotWell) {
  const std::string page = body_of(overview_page(sources(), "site=nowhere"));
  EXPECT_THAT(page, HasSubstr("<title>no pairs \u00b7 site nowhere \u00b7 Backup status</title>"));
  EXPECT_THAT(page, HasSubstr("<h1>Site nowhere: no pair is there</h1>"));
  EXPECT_THAT(page, HasSubstr("No pair is like that."));
}

TEST(PageAnswer, PoolThatIsNotHereIs404WithWhatWasMeant) {
  const http::Response page = pool_status_page(sources(), "atl-cs-01.litwareinc.com");
  EXPECT_EQ(page.status, 404);
  EXPECT_THAT(body_of(page), HasSubstr("did you mean atl-cs-001.litwareinc.com?"));
  EXPECT_EQ(pool_status_page(sources(), "..").status, 404);
}

TEST(PageAnswer, RefusalShowsNoPoolAndKeepsTheLinks) {
  const http::Response page = refused_status(
      sources().frame, {403, "access.anonymous", "this needs an identity", "log in"});
  EXPECT_EQ(page.status, 403);
  EXPECT_THAT(body_of(page), Not(HasSubstr("litwareinc")));
  EXPECT_THAT(body_of(page), HasSubstr("log in"));
  EXPECT_THAT(body_of(page), HasSubstr("<a href=\"/api/v1/pairs\">"));
}

TEST(PageAnswer, EveryDoorIsNamedAndThoseThatAnswerAreLinked) {
  StatusSources from = sources();
  from.frame.metrics_path = "/sfb";
  const std::string page = body_of(overview_page(from, ""));
  EXPECT_THAT(page, HasSubstr("<a href=\"/sfb\">/sfb</a>"));
  EXPECT_THAT(page, Not(HasSubstr("/metrics")));
  for (const Route& route : routes()) {
    if (route.door == Door::asset || route.door == Door::events || route.door == Door::metrics) {
      continue;
    }
    const bool no_link = route.door == Door::query || route.door == Door::history ||
                         route.pattern.contains('{') || route.door == Door::probe ||
                         route.door == Door::reload;
    EXPECT_THAT(page, HasSubstr(fmt::format(
                          fmt::runtime(no_link ? "<code>{0}</code>" : "<a href=\"{0}\">{0}</a>"),
                          route.pattern)));
  }
}

TEST(PageAnswer, IsPackedForThoseWhoTakeIt) {
  const http::Response page = overview_page(sources(), "");
  const http::Response packed = packed_for(get("/", "", {{"Accept-Encoding", "gzip, br"}}), page);
  EXPECT_EQ(header_of(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(header_of(packed, "Vary"), "Accept-Encoding");
  EXPECT_EQ(body_of(packed).substr(0, 2), "\x1f\x8b");
  EXPECT_LT(packed.body->size(), page.body->size() / 2);
  EXPECT_EQ(body_of(packed_for(get("/", ""), page)), body_of(page));
}

TEST(PageAnswer, AssetsAreNamedByTheirContentAndKept) {
  const PageAsset* const style = find_asset("style");
  ASSERT_NE(style, nullptr);
  EXPECT_THAT(body_of(overview_page(sources(), "")), HasSubstr(std::string(style->path)));
  const std::string name(style->path.substr(style->path.rfind('/') + 1));
  const http::Response asset = asset_response(name);
  EXPECT_EQ(asset.status, 200);
  EXPECT_EQ(body_of(asset), style->content);
  EXPECT_THAT(header_of(asset, "Cache-Control"), HasSubstr("immutable"));
  EXPECT_EQ(asset_response("style").status, 404);
  EXPECT_EQ(asset_response("style-0000000000000000.css").status, 404);
  EXPECT_EQ(asset_response("overview.mustache").status, 404);
  const std::string tag(header_of(asset, "ETag"));
  const http::Response again =
      unless_known(asset, get(std::string(style->path), "", {{"If-None-Match", "\"x\", " + tag}}));
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, nullptr);
  EXPECT_EQ(unless_known(asset, get("/", "", {{"If-None-Match", "\"x\""}})).status, 200);
}

}  // namespace
}  // namespace sfb::serve
