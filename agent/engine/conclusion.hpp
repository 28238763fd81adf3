// The end of a run as an evaluation: what the transport brought, and what it means. Pure.
#pragma once

#include "agent/engine/job.hpp"
#include "agent/remote/reply.hpp"
#include "agent/status/evaluation.hpp"

#include <cstdint>
#include <string_view>

namespace sfb::engine {

/// What a collector makes of an answer, or why nothing. `file`: Reply::file.
Result<collectors::FindingPtr> interpret(const collectors::Collector& what,
                                         const PipelineResult& result, std::string_view file,
                                         const Limits& limits);

/// Never null. `id` is Evaluation::id; `job` tells when the run began and who wanted it.
status::EvaluationPtr conclude(std::uint64_t id, const Job& job, Result<remote::Reply> result,
                               const Limits& limits, Now now);

}  // namespace sfb::engine
