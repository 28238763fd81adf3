// Damage to a conversation, object by object and fragment by fragment.
#pragma once

#include "tests/property/conversation.hpp"
#include "tests/property/damage.hpp"
#include "tests/property/tree.hpp"

#include <functional>
#include <string>

namespace sfb::property {

using WireSink = std::function<void(const Conversation&, const std::string& what)>;

/// Lines, fragments and messages lost, doubled, swapped and delayed; all from group `first` on (0
/// is the pool's opening).
void damage_order(const Conversation& whole, std::size_t first, const WireSink& sink);
/// Header fields of every fragment and every message; of the changes about one in `of`.
void damage_headers(const Conversation& whole, std::size_t first, std::size_t of, Random& random,
                    const WireSink& sink);
/// The bodies' bytes, in fragments that fit and in those that do not.
void damage_bytes(const Conversation& whole, std::size_t first, std::size_t budget, Random& random,
                  const WireSink& sink);

/// Between the messages: letters or elements only where all headers are the same.
Difference difference(const Conversation& whole, const Conversation& damaged);

}  // namespace sfb::property
