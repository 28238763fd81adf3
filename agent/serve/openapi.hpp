// `/api/v1/openapi.json`: the API of the pages that answer in JSON, and of the query, as an OpenAPI
// 3.1 document, made from the route table. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace sfb::serve {

/// The document. What a collector tells has the schema that the collector gives.
std::string openapi_json(std::string_view version);

}  // namespace sfb::serve
