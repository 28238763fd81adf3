#include "agent/serve/page_status.hpp"

#include "agent/base/text.hpp"
#include "agent/http/query_string.hpp"
#include "agent/serve/page_side.hpp"
#include "agent/serve/routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <utility>

namespace sfb::serve {
namespace {

constexpr std::string_view kContentPolicy =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

std::string asset_path(std::string_view name) {
  const PageAsset* const asset = find_asset(name);
  return asset == nullptr ? std::string() : std::string(asset->path);
}

std::vector<PageData> doors_data(std::string_view metrics) {
  std::vector<PageData> doors;
  for (const Route& route : routes()) {
    if (route.door == Door::asset || route.door == Door::events) {
      continue;
    }
    // A link without a pool would only lead to an error.
    const bool needs_more = route.door == Door::query || route.door == Door::history ||
                            route.door == Door::probe || route.pattern.contains('{') ||
                            !allows(route, "GET");
    doors.push_back(Fields()
                        .add("door_pattern", route.door == Door::metrics ? metrics : route.pattern)
                        .add("door_help", route.help)
                        .add_flag("door_link", !needs_more)
                        .done());
  }
  return doors;
}

std::string filter_address(const PageFilter& filter) {
  std::string address;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) {
      address +=
          fmt::format("{}{}={}", address.empty() ? "/?" : "&", name, http::percent_encode(value));
    }
  };
  add("site", filter.site);
  add("deployment", filter.deployment);
  add("verdict", filter.verdict);
  return address.empty() ? "/" : address;
}

/// `2 not working, 1 unknown`; what nobody is in is left out.
std::string counts_text(const Overview& overview) {
  std::string text;
  for (const Standing standing : kStandings) {
    const std::size_t count = overview.counts.at(static_cast<std::size_t>(standing));
    if (count > 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, words_of(standing));
    }
  }
  return !text.empty() ? text : overview.watched == 0 ? "no pools" : "no pairs";
}

/// `site Chicago, deployment corp`; empty: everywhere.
std::string place_text(const PageFilter& filter) {
  std::string text;
  for (const auto& [what, name] :
       {std::pair{"site", &filter.site}, std::pair{"deployment", &filter.deployment}}) {
    if (!name->empty()) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", what, *name);
    }
  }
  return text;
}

/// The place first, where the filter names one.
std::string placed(std::string sentence, std::string place) {
  const auto turn = [](std::string& text, int (*how)(int)) {
    text.front() = static_cast<char>(how(static_cast<unsigned char>(text.front())));
  };
  if (place.empty()) {
    return sentence;
  }
  turn(sentence, std::tolower);
  turn(place, std::toupper);
  return fmt::format("{}: {}", place, sentence);
}

std::string counted_text(const Overview& overview) {
  const auto count = [&](Standing standing) {
    return overview.counts.at(static_cast<std::size_t>(standing));
  };
  if (overview.total == 0) {
    return overview.watched == 0 ? "No pools are watched" : "No pair is there";
  }
  const auto* const worst =
      std::ranges::find_if(kStandings, [&](Standing standing) { return count(standing) > 0; });
  const Standing standing = worst == kStandings.end() ? Standing::unknown : *worst;
  if (overview.total == 1) {
    return fmt::format("The pair is {}", words_of(standing));
  }
  if (standing == Standing::good) {
    return fmt::format("All {} pairs are working", overview.total);
  }
  return fmt::format("{} of {} pairs {} {}", count(standing), overview.total,
                     count(standing) == 1 ? "is" : "are", words_of(standing));
}

std::string headline_of(const Overview& overview, const PageFilter& filter) {
  return overview.watched == 0 ? counted_text(overview)
                               : placed(counted_text(overview), place_text(filter));
}

std::string title_of(const Overview& overview, const PageFilter& filter) {
  return fmt::format("{}{}{} \u00b7 Backup status", counts_text(overview),
                     filter.placed() ? " \u00b7 " : "", place_text(filter));
}

std::vector<PageData> counts_data(const Overview& overview, const PageFilter& filter) {
  std::vector<PageData> counts;
  for (const Standing standing : kStandings) {
    PageFilter other = filter;
    const bool chosen = filter.verdict == name_of(standing);
    other.verdict = chosen ? std::string() : std::string(name_of(standing));
    counts.push_back(
        Fields()
            .add("count_name", name_of(standing))
            .add("count_mark", mark_of(standing))
            .add("count_words", words_of(standing))
            .add("count_number",
                 std::to_string(overview.counts.at(static_cast<std::size_t>(standing))))
            .add("count_href", filter_address(other))
            .add_flag("count_zero", overview.counts.at(static_cast<std::size_t>(standing)) == 0)
            .add_flag("count_chosen", chosen)
            .done());
  }
  return counts;
}

PageData option_data(std::string_view value, std::string_view text, std::string_view chosen) {
  return Fields()
      .add("option_value", value)
      .add("option_text", text)
      .add_flag("option_chosen", value == chosen)
      .done();
}

std::vector<PageData> selects_data(const Overview& overview, const PageFilter& filter) {
  const auto select = [](std::string_view name, std::string_view label,
                         std::vector<PageData> options) {
    return Fields()
        .add("select_name", name)
        .add("select_label", label)
        .add_list("options", std::move(options))
        .done();
  };
  const auto options = [](const std::set<std::string>& values, const std::string& chosen) {
    std::vector<PageData> items;
    items.reserve(values.size());
    for (const std::string& value : values) {
      items.push_back(option_data(value, value, chosen));
    }
    return items;
  };
  std::vector<PageData> verdicts;
  verdicts.reserve(kStandings.size());
  for (const Standing standing : kStandings) {
    verdicts.push_back(option_data(name_of(standing), words_of(standing), filter.verdict));
  }
  std::vector<PageData> selects;
  selects.push_back(select("site", "Site", options(overview.sites, filter.site)));
  selects.push_back(
      select("deployment", "Deployment", options(overview.deployments, filter.deployment)));
  selects.push_back(select("verdict", "Verdict", std::move(verdicts)));
  return selects;
}

/// What both forms of a pair share.
Fields pair_fields(const PairShown& pair) {
  Fields fields;
  fields.add("pair_id", pair_anchor(pair.name))
      .add("pair_standing", name_of(pair.standing))
      .add("pair_mark", mark_of(pair.standing))
      .add("pair_words", words_of(pair.standing))
      .add("first_host", host_of_pool(pair.sides[0].fqdn))
      .add("second_host", host_of_pool(pair.sides[1].fqdn));
  return fields;
}

PageData pair_data(const PairShown& pair, WallTime now, Detail detail) {
  std::vector<PageData> sides;
  sides.reserve(pair.sides.size());
  std::string page;
  for (const SideShown& side : pair.sides) {
    sides.push_back(side_data(side, now, detail));
    if (detail != Detail::full && side.here && page.empty()) {
      page = side.fqdn;
    }
  }
  return pair_fields(pair)
      .add_flag("pair_line", false)
      .add_flag("pair_open", pair.standing != Standing::good)
      .add_known("pair_deployment", pair.deployment)
      .add_list("sides", std::move(sides))
      .add_known("more", page)
      .done();
}

/// A pair that works, in one line. Both of its pools are watched here.
PageData pair_line_data(const PairShown& pair, WallTime now) {
  const auto& [first, second] = pair.sides;
  std::string places = first.site;
  for (const std::string& place :
       {second.site == first.site ? std::string() : second.site, pair.deployment}) {
    places += fmt::format("{}{}", places.empty() || place.empty() ? "" : ", ", place);
  }
  return pair_fields(pair)
      .add_flag("pair_line", true)
      .add("pair_places", places)
      .add("first_fqdn", first.fqdn)
      .add("second_fqdn", second.fqdn)
      .add_object("first_answered", time_data(first.answered, now))
      .add_object("second_answered", time_data(second.answered, now))
      .done();
}

}  // namespace

PageFilter read_page_filter(std::string_view query) {
  PageFilter filter;
  const auto items = http::parse_query(query);
  if (!items) {
    return filter;
  }
  for (const http::QueryItem& item : *items) {
    for (const auto& [name, place] :
         {std::pair{"site", &filter.site}, std::pair{"deployment", &filter.deployment},
          std::pair{"verdict", &filter.verdict}}) {
      if (item.name == name) {
        *place = item.value.value_or("");
      }
    }
  }
  return filter;
}

std::string pair_anchor(std::string_view pair) {
  std::string anchor = fmt::format("pair-{}", pair);
  std::ranges::replace(anchor, '/', '_');
  return anchor;
}

void add_frame(Fields& fields, const PageFrame& frame, std::string_view title) {
  fields.add("title", title)
      .add("version", frame.version)
      .add("page_state", frame.state)
      .add("icon_path", asset_path("icon"))
      .add("style_path", asset_path("style"))
      .add("script_path", asset_path("live"))
      .add("now_iso", format_iso8601(frame.now.wall))
      .add("now_text", clock_text(frame.now.wall, WallTime()))
      .add_list("doors", doors_data(frame.metrics_path));
}

RenderedPage render_overview(const PageFrame& frame, const Overview& overview,
                             const PageFilter& filter) {
  Fields fields;
  add_frame(fields, frame, title_of(overview, filter));
  std::vector<PageData> pairs;
  pairs.reserve(overview.pairs.size());
  const bool many = overview.pairs.size() > kMostFullPairs;
  for (const PairShown& pair : overview.pairs) {
    const Detail detail = pairs.size() < kMostFullPairs ? Detail::full : Detail::without_modules;
    pairs.push_back(many && pair.standing == Standing::good
                        ? pair_line_data(pair, frame.now.wall)
                        : pair_data(pair, frame.now.wall, detail));
  }
  fields.add("headline", headline_of(overview, filter))
      .add_list("counts", counts_data(overview, filter))
      .add_list("selects", selects_data(overview, filter))
      .add_flag("filtered", filter.any())
      .add_flag("has_pairs", !pairs.empty())
      .add("nothing",
           overview.watched == 0 ? "The configuration names no pools." : "No pair is like that.")
      .add_list("pairs", std::move(pairs));
  return render_template("overview", fields.done());
}

namespace {

constexpr std::string_view kNoticeTitle = "{} \u00b7 Backup status";

void add_notice(Fields& fields, std::string_view headline, const Error& error) {
  std::string message = error.message;
  if (!message.empty()) {
    message.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(message.front())));
  }
  fields.add("headline", headline)
      .add("notice", message + '.')
      .add_known("notice_remedy", error.remedy)
      .add_known("notice_code", error.code);
}

}  // namespace

RenderedPage render_notice(const PageFrame& frame, std::string_view headline, const Error& error) {
  Fields fields;
  add_frame(fields, frame, fmt::format(kNoticeTitle, headline));
  add_notice(fields, headline, error);
  return render_template("notice", fields.done());
}

RenderedPage render_login(std::string_view headline, const Error& error) {
  Fields fields;
  fields.add("title", fmt::format(kNoticeTitle, headline));
  add_notice(fields, headline, error);
  return render_template("login", fields.done());
}

http::Response html_response(int status, std::string html) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "text/html; charset=utf-8"},
                      {"Content-Security-Policy", std::string(kContentPolicy)},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cache-Control", "no-store"}};
  response.body = std::make_shared<const std::string>(std::move(html));
  return response;
}

http::Response asset_response(std::string_view name) {
  const PageAsset* const asset = find_asset(name);
  if (asset == nullptr || !asset->path.ends_with(name)) {
    return unknown_path();
  }
  http::Response response;
  response.headers = {{"Content-Type", std::string(asset->content_type)},
                      {"Cache-Control", "public, max-age=31536000, immutable"},
                      {"ETag", fmt::format("\"{}\"", name)}};
  response.body = std::make_shared<const std::string>(asset->content);
  return response;
}

http::Response unless_known(http::Response response, const http::Request& request) {
  const std::string* const tag = response.header("ETag");
  const std::string* const known = request.header("If-None-Match");
  const auto is_it = [&](std::string_view one) { return trim(one) == *tag; };
  if (response.status == 200 && tag != nullptr && known != nullptr &&
      std::ranges::any_of(split(*known, ','), is_it)) {
    response.status = 304;
    response.body = nullptr;
  }
  return response;
}

}  // namespace sfb::serve
