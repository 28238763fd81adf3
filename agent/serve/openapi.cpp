#include "agent/serve/openapi.hpp"

#include "agent/serve/api_schemas.hpp"
#include "agent/serve/json_text.hpp"
#include "agent/serve/routes.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <vector>

namespace sfb::serve {
namespace {

std::string media_type(std::string_view type, std::string_view schema) {
  return JsonObject().add_raw(type, JsonObject().add_raw("schema", schema).str()).str();
}

std::string parameter_schema(const Parameter& parameter) {
  JsonObject schema;
  using Type = Parameter::Type;
  switch (parameter.type) {
    case Type::pool:
    case Type::text:
    case Type::moment:
      schema.add("type", "string");
      break;
    case Type::flag:
      schema.add_raw("enum", R"(["true","false","1","0",""])");
      break;
    case Type::word: {
      std::string words;
      for (const std::string_view word : parameter.words) {
        words += (words.empty() ? "\"" : ",\"") + std::string(word) + '"';
      }
      schema.add("type", "string").add_raw("enum", '[' + words + ']');
      break;
    }
    case Type::count:
      schema.add("type", "integer")
          .add_raw("minimum", std::to_string(parameter.least))
          .add_raw("maximum", std::to_string(parameter.most));
      break;
  }
  return schema.str();
}

std::string parameters_json(const Route& route) {
  std::vector<std::string> all;
  all.reserve(route.parameters.size());
  for (const Parameter& parameter : route.parameters) {
    all.push_back(JsonObject()
                      .add("name", parameter.name)
                      .add("in", parameter.in_path ? "path" : "query")
                      .add("required", parameter.required)
                      .add("description", parameter.about)
                      .add_raw("schema", parameter_schema(parameter))
                      .str());
  }
  return json_list(all);
}

std::string reply_object(std::string_view about, std::string_view content) {
  return JsonObject().add("description", about).add_raw("content", content).str();
}

std::string operation_object(const Route& route) {
  constexpr std::string_view kProblem = R"({"$ref":"#/components/schemas/Problem"})";
  const bool query = route.door == Door::query;
  // A query is refused in the form that it asks for.
  const std::string problem = query ? JsonObject()
                                          .add_raw("text/plain", R"({"schema":{"type":"string"}})")
                                          .add_raw("application/problem+json",
                                                   JsonObject().add_raw("schema", kProblem).str())
                                          .str()
                                    : media_type("application/problem+json", kProblem);
  const std::string good =
      query ? JsonObject()
                  .add_raw("text/plain", R"({"schema":{"type":"string"}})")
                  .add_raw("application/json", R"({"schema":{}})")
                  .add_raw("application/xml", R"({"schema":{"type":"string"}})")
                  .str()
            : media_type("application/json",
                         fmt::format(R"({{"$ref":"#/components/schemas/{}"}})", route.schema));
  JsonObject replies;
  replies.add_raw("200", reply_object("The answer.", good))
      .add_raw("400", reply_object("A parameter is wrong.", problem))
      .add_raw("401", reply_object("A login is needed, or it is wrong.", problem))
      .add_raw("403", reply_object("The caller may not ask.", problem));
  if (query || route.door == Door::pool || route.door == Door::history) {
    replies.add_raw("404", reply_object("The pool is not configured.", problem));
  }
  replies.add_raw(
      "405", reply_object(
                 "Another method: see Allow.",
                 query ? std::string(R"({"text/plain":{"schema":{"type":"string"}}})") : problem));
  if (query) {
    replies.add_raw("501", reply_object("The transport cannot ask this.", problem))
        .add_raw("502", reply_object("The evaluation failed.", problem))
        .add_raw("504", reply_object("Time ran out.", problem));
  }
  replies.add_raw("429", reply_object("Too many requests: see Retry-After.", problem))
      .add_raw("503", reply_object("Not now: see Retry-After.", problem));
  return JsonObject()
      .add("summary", route.help)
      .add_raw("parameters", parameters_json(route))
      .add_raw("responses", replies.str())
      .str();
}

/// A push: the export comes in, and nothing goes out but problems.
std::string push_operation(const Route& route) {
  const std::string problem =
      media_type("application/problem+json", R"({"$ref":"#/components/schemas/Problem"})");
  struct Reply {
    std::string_view status;
    std::string_view about;
  };
  constexpr std::array<Reply, 12> kReplies = {
      {{"202", "It is used, and could not be written to the state."},
       {"400", "The export, or the name of the pool, is wrong."},
       {"401", "A login is needed, or it is wrong."},
       {"403", "The caller may not push exports of this pool."},
       {"404", "Nothing of this pool is pushed to this agent."},
       {"405", "Another method: see Allow."},
       {"408", "The body did not come in time."},
       {"409", "A newer export is held."},
       {"413", "The export is too large."},
       {"415", "The Content-Type is none of an export."},
       {"429", "Too many requests: see Retry-After."},
       {"503", "Not now: see Retry-After."}}};
  JsonObject replies;
  replies.add_raw("204", R"({"description":"It is taken, and written to the state."})");
  for (const Reply& reply : kReplies) {
    replies.add_raw(reply.status, reply_object(reply.about, problem));
  }
  constexpr std::string_view kBody =
      R"({"required":true,"content":{"application/xml":{"schema":{"type":"string"}},)"
      R"("application/json":{"schema":{}},"application/octet-stream":{"schema":{"type":"string"}}}})";
  return JsonObject()
      .add("summary", route.help)
      .add_raw("parameters", parameters_json(route))
      .add_raw("requestBody", kBody)
      .add_raw("responses", replies.str())
      .str();
}

}  // namespace

std::string openapi_json(std::string_view version) {
  JsonObject paths;
  for (const Route& route : routes()) {
    if (route.door == Door::exports) {
      paths.add_raw(route.pattern, JsonObject().add_raw("put", push_operation(route)).str());
    } else if (!route.schema.empty() || route.door == Door::query) {
      paths.add_raw(route.pattern, JsonObject().add_raw("get", operation_object(route)).str());
    }
  }
  return JsonObject()
             .add("openapi", "3.1.0")
             .add_raw("info", JsonObject()
                                  .add("title", "sfb_backup_exporter")
                                  .add("version", version)
                                  .add("description",
                                       "Fields are added, never changed. Unknown is null. Times "
                                       "are UTC.")
                                  .str())
             .add_raw("paths", paths.str())
             .add_raw("components", JsonObject().add_raw("schemas", api_schemas()).str())
             .str() +
         '\n';
}

}  // namespace sfb::serve
