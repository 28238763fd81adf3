// The binder: pairs names with values, finds parameters by prefix, reports the first error
// PowerShell would report. Thread rule: pure functions.
#pragma once

#include "agent/binding/binding.hpp"

#include <expected>
#include <vector>

namespace sfb::binding {

/// Binds tokens to parameters, in PowerShell's order: values are paired with names, named ones are
/// converted and bound from left to right, then left-over arguments and missing mandatory
/// parameters are errors. The result is in the order given. Never throws.
std::expected<std::vector<Bound>, BindError> bind(const Cmdlet& cmdlet,
                                                  const std::vector<Token>& tokens,
                                                  const Policy& policy);

}  // namespace sfb::binding
