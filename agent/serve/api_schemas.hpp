// The JSON Schemas of the API's answers. Pure functions.
#pragma once

#include <string>

namespace sfb::serve {

/// `{"Pools": ..., "Pool": ..., ...}`: what `components/schemas` of the OpenAPI document holds. A
/// route names its own (Route::schema).
std::string api_schemas();

}  // namespace sfb::serve
