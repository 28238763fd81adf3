// What a failed query shows beside its failure. Pure.
#pragma once

#include "agent/serve/query_render.hpp"
#include "agent/status/board.hpp"
#include "collectors/question.hpp"

namespace sfb::serve {

/// The scheduled question's last good answer; other questions have none that is kept for long.
/// Empty where the pool is not configured.
Known known_of(const status::Snapshot& snapshot, const collectors::Question& question);

}  // namespace sfb::serve
