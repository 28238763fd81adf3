// One pool of a pair for a template, in full or in brief. Pure functions.
#pragma once

#include "agent/serve/page_model.hpp"
#include "agent/serve/page_template.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::serve {

/// Modules are most of a page, and of a thousand pools nobody reads them all.
enum class Detail : std::uint8_t { full, without_modules };

/// One pool and its direction.
PageData side_data(const SideShown& side, WallTime now, Detail detail = Detail::full);
/// `iso`, `clock`, `ago` and `span`; absent without a time.
std::optional<PageData> time_data(std::optional<WallTime> time, WallTime now);
/// `module_area` and `module_name`: `UserServices.` and `PresenceFocus`.
void add_module(Fields& fields, std::string_view module);
/// `atl-cs-001` and `.litwareinc.com`.
std::string host_of_pool(std::string_view fqdn);

}  // namespace sfb::serve
