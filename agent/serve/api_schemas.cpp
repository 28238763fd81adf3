#include "agent/serve/api_schemas.hpp"

#include "agent/serve/json_text.hpp"
#include "collectors/collector.hpp"
#include "collectors/schema.hpp"

#include <fmt/format.h>

namespace sfb::serve {
namespace {

namespace js = collectors::schema;

std::string pointer_to(std::string_view schema) {
  return fmt::format("#/components/schemas/{}", schema);
}

std::string freshness_schema() {
  return js::object(
      {{"knowledge", js::words({"none", "fresh", "stale"}, "stale: older than stale_after.")},
       {"evaluated_at", js::nullable_time("When the last good answer was made.")},
       {"age_seconds", js::nullable("number")},
       {"stale_at", js::nullable_time("When it will be, or became, stale.")},
       {"restored", js::of("boolean", "It is from before the agent's last start.")}});
}

std::string evaluation_schema() {
  return js::object(
      {{"running", js::of("boolean")},
       {"next_at", js::nullable_time("When the schedule looks at it next.")},
       {"interval_seconds", js::of("number")},
       {"backoff_until", js::nullable_time("The server is left alone until then.")},
       {"last", js::or_null(js::object(
                    {{"id", js::of("integer", "Its number in the history.")},
                     {"finished_at", js::time()},
                     {"outcome", js::words({"good", "failed"})},
                     {"duration_seconds", js::of("number")},
                     {"stages",
                      js::map_of(js::of("number"), "Seconds of each stage that there was.")}}))}});
}

std::string failure_schema() {
  return js::or_null(
      js::object({{"reason", js::of("string", "One of a closed list.")},
                  {"code", js::of("string", "Finer, an open list.")},
                  {"stage", js::of("string", "Empty where there are no stages.")},
                  {"message", js::of("string")},
                  {"peer", js::of("string", "The other side's own words.")},
                  {"remedy", js::of("string")},
                  {"since", js::nullable_time("Of the first failure since a good answer.")},
                  {"count", js::of("integer", "Failures since then.")},
                  {"runbook", js::of("string")}}));
}

std::string error_schema() {
  return js::object({{"message", js::of("string")},
                     {"error_id", js::of("string", "FullyQualifiedErrorId.")},
                     {"category", js::of("string")}});
}

std::string state_schema() {
  return js::object(
      {{"freshness", freshness_schema()},
       {"evaluation", evaluation_schema()},
       {"failure", failure_schema()},
       {"errors", js::list(error_schema(), "Non-fatal errors beside the last good answer.")}});
}

std::string collectors_schema() {
  std::string parts;
  for (const collectors::Collector* const each : collectors::all().subspan(1)) {
    const std::string part =
        each->schema == nullptr
            ? js::refer_to(pointer_to("State"))
            : js::all_of({js::refer_to(pointer_to("State")), js::refer_to(pointer_to(each->name))});
    parts += fmt::format("{}\"{}\":{}", parts.empty() ? "" : ",", each->name, part);
  }
  return fmt::format(
      R"({{"type":"object","properties":{{{}}},"description":"Where one is switched on."}})",
      parts);
}

std::string pool_schema() {
  const std::string own =
      js::object({{"pool", js::of("string")},
                  {"paired_pool", js::of("string")},
                  {"pair", js::of("string", "The same at both pools of a pair.")},
                  {"site", js::of("string")},
                  {"deployment", js::of("string")},
                  {"endpoint", js::of("string")},
                  {"transport", js::of("string")},
                  {"collectors", collectors_schema()}});
  return js::all_of({own, js::refer_to(pointer_to(collectors::pool_status().name)),
                     js::refer_to(pointer_to("State"))});
}

std::string pairs_schema() {
  const std::string module =
      pointer_to(collectors::pool_status().name) + "/properties/modules/items/properties/";
  const std::string row = js::object(
      {{"identity", js::of("string")},
       {"export", js::or_null(js::refer_to(module + "export"))},
       {"import", js::or_null(js::refer_to(module + "import"))},
       {"health", js::words({"good", "benign", "bad", "unknown"}, "The worse of both.")},
       {"lag_seconds",
        js::nullable("number",
                     "From the last healthy answer of the export to the last good one.")}});
  const std::string direction = js::object({{"source", js::of("string")},
                                            {"target", js::of("string")},
                                            {"working", js::nullable("boolean")},
                                            {"modules", js::list(row)}});
  return js::object(
      {{"pairs",
        js::list(js::object(
            {{"pair", js::of("string")},
             {"deployment", js::of("string")},
             {"reciprocal", js::of("boolean", "Both pools are configured, as each other's.")},
             {"working", js::nullable("boolean")},
             {"directions", js::list(direction, "Always two.")}}))}});
}

std::string history_schema() {
  const std::string entry = js::object(
      {{"id", js::of("integer")},
       {"time", js::time("When it ended.")},
       {"evaluated_at", js::time("When the answer was made.")},
       {"trigger", js::words({"schedule", "query", "probe"})},
       {"question", js::of("string", "What was asked beside the pool.")},
       {"duration_seconds", js::of("number")},
       {"outcome", js::words({"good", "failed", "skipped"})},
       {"reason", js::of("string", "Empty when good.")},
       {"code", js::of("string")},
       {"stage", js::of("string")},
       {"message", js::of("string")},
       {"remedy", js::of("string")},
       {"request_id", js::of("string")},
       {"front_end", js::of("string", "URL of the server that was asked; or empty.")},
       {"modules", js::list(js::object({{"identity", js::of("string")},
                                        {"export", js::of("string", "The server's word.")},
                                        {"import", js::of("string")}}),
                            "Of a good answer.")},
       {"changes", js::list(js::object({{"event", js::of("string")},
                                        {"fields", js::map_of(js::of("string"))}}),
                            "Since the last good answer of the schedule.")},
       {"errors", js::list(js::of("string"), "Non-fatal ones beside a good answer.")}});
  return js::object({{"pool", js::of("string")}, {"history", js::list(entry, "Newest first.")}});
}

std::string last_known_schema() {
  const std::string texts = js::list(js::of("string"));
  return js::or_null(
      js::all_of({js::object({{"evaluation_id", js::of("integer")},
                              {"evaluated_at", js::time()},
                              {"age_seconds", js::of("number")},
                              {"outcome", js::words({"good", "failed"})}}),
                  js::optional_members({{"configured", js::nullable("boolean")},
                                        {"working", js::nullable("boolean")},
                                        {"not_working_because", texts},
                                        {"unknown_because", texts},
                                        {"reason", js::of("string", "Where it failed.")},
                                        {"code", js::of("string")}})}));
}

std::string problem_schema() {
  return js::all_of(
      {js::object({{"type", js::of("string")},
                   {"title", js::of("string")},
                   {"status", js::of("integer")},
                   {"detail", js::of("string")},
                   {"code", js::of("string")}}),
       js::optional_members({{"reason", js::of("string")},
                             {"stage", js::of("string")},
                             {"remedy", js::of("string")},
                             {"parameter", js::of("string")},
                             {"category", js::of("string", "PowerShell's, of a parameter.")},
                             {"pool", js::of("string")},
                             {"request_id", js::of("string")},
                             {"retry_after_seconds", js::of("integer")},
                             {"evaluation_id", js::of("integer")},
                             {"errors", js::list(error_schema(), "What PowerShell reported.")},
                             {"last_known", last_known_schema()}})},
      "RFC 9457.");
}

}  // namespace

std::string api_schemas() {
  JsonObject schemas;
  schemas
      .add_raw("Pools",
               js::object({{"pools", js::list(js::refer_to(pointer_to("Pool")), "By name.")}}))
      .add_raw("Pool", pool_schema())
      .add_raw("Pairs", pairs_schema())
      .add_raw("History", history_schema())
      .add_raw("OpenApi", js::object({{"openapi", js::of("string")},
                                      {"info", js::of("object")},
                                      {"paths", js::of("object")},
                                      {"components", js::of("object")}}))
      .add_raw("Problem", problem_schema())
      .add_raw("State", state_schema());
  for (const collectors::Collector* const each : collectors::all()) {
    if (each->schema != nullptr) {
      schemas.add_raw(each->name, each->schema());
    }
  }
  return schemas.str();
}

}  // namespace sfb::serve
