// The common parameters of Windows PowerShell 5.1.
#pragma once

#include "agent/binding/binding.hpp"

#include <vector>

namespace sfb::binding {

/// With their aliases.
const std::vector<Parameter>& common_parameters();

}  // namespace sfb::binding
