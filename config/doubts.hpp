// What can be read and run but is hardly meant: warnings.
#pragma once

#include "config/document.hpp"
#include "config/draft.hpp"
#include "config/problem.hpp"

namespace sfb::config {

/// Values with `${NAME}`, `%NAME%` or `{{ }}`: nothing replaces them. Not what stands behind `-c`
/// or `-Command` in a program, which is a shell's. No value is repeated.
void warn_of_variables(const Document& document, Problems& warnings);

/// Pools named by an IP address or by one label.
void warn_of_pool_names(const Draft& draft, Problems& warnings);

}  // namespace sfb::config
