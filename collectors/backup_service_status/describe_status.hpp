// The backup status of a pool for programs. Pure.
#pragma once

#include "collectors/collector.hpp"

#include <string>

namespace sfb::collectors {

/// `{verdict, modules, active_machine}`. Without a fresh answer words and states are null and
/// health is unknown; times stay, they are facts.
Document describe_status(const View& view);
std::string schema_of_status();

}  // namespace sfb::collectors
