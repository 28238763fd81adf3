// `endpoints:` of one file, and which transport has which keys.
#pragma once

#include "config/context.hpp"
#include "config/document.hpp"
#include "config/fields.hpp"

#include <span>
#include <string_view>

namespace sfb::config {

/// Adds them to the draft.
void read_endpoints(const Node& node, const Context& context);

/// One transport of the language.
struct TransportRow {
  std::string_view name;
  std::span<const std::string_view> keys;  ///< of an endpoint, besides those that each one has
  void (*read)(Section& section, const Context& context, DraftEndpoint& endpoint);
};
/// The one table of transports and their keys. A key of another transport is refused by its owner's
/// name. Lives as long as the program.
std::span<const TransportRow> transports();

}  // namespace sfb::config
