// Parameters of the API's doors, read strictly: what a door does not know, or gets twice, is a 400.
// Those of a door stand in the route table, which the OpenAPI document is made from. Pure
// functions.
#pragma once

#include "agent/base/fqdn.hpp"
#include "agent/base/time.hpp"
#include "agent/http/types.hpp"

#include <cstdint>
#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sfb::serve {

struct Parameter {
  enum class Type : std::uint8_t {
    pool,    ///< an Fqdn
    text,    ///< as it is, case counts
    word,    ///< one of `words`
    moment,  ///< a WallTime: ISO 8601 (UTC where it names no zone), or Unix seconds
    count,   ///< a whole number from `least` to `most`
    flag,    ///< a switch or a boolean of a cmdlet
  };
  std::string name;
  Type type = Type::text;
  std::string about;
  std::vector<std::string> words = {};
  std::int64_t least = 0;
  std::int64_t most = 0;
  bool required = false;
  bool in_path = false;   ///< its place in the pattern is `{name}`
  bool any_case = false;  ///< its name is a cmdlet's
};

/// The parameters that a request gives, by the names of the table.
class Given {
 public:
  using Value = std::variant<std::string, Fqdn, WallTime, std::int64_t>;

  void put(const std::string& name, Value value) { values_.emplace(name, std::move(value)); }
  bool has(const std::string& name) const { return values_.contains(name); }
  /// nullptr when it is not given. `T` is the one of its type: std::string, Fqdn, WallTime or
  /// std::int64_t.
  template <typename T>
  const T* get(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : std::get_if<T>(&found->second);
  }

 private:
  std::map<std::string, Value> values_;
};

/// Reads the query and what `path_value` holds of the path. `area` is the beginning of the codes:
/// `pools.unknown_parameter`, `.duplicate_parameter`, `.missing_parameter`, `.bad_value`. The error
/// is the finished 400 as problem+json.
std::expected<Given, http::Response> read_parameters(std::span<const Parameter> known,
                                                     std::string_view area,
                                                     const http::Request& request,
                                                     std::string_view path_value = {});

}  // namespace sfb::serve
