// Why a caller gets no evaluation, in words. Pure.
#pragma once

#include "agent/engine/endpoint.hpp"
#include "agent/status/evaluation.hpp"

#include <chrono>
#include <cstddef>

namespace sfb::engine {

// Without Refusal::last_known, which the caller of these knows.
status::Refusal refuse_stopping();
status::Refusal refuse_unknown(const Fqdn& pool);
/// The caller has stopped waiting.
status::Refusal refuse_gone();
status::Refusal refuse_crowd(std::size_t waiting);
/// The same was answered less than `least` ago, and its objects had no room.
status::Refusal refuse_not_kept(const collectors::Collector& what, const Fqdn& pool,
                                std::chrono::milliseconds least, MonoTime free, Now now);
/// Another question of this collector was asked at the pool less than `least` ago; the next one may
/// be asked at `free`.
status::Refusal refuse_too_soon(const collectors::Collector& what, const Fqdn& pool,
                                std::chrono::milliseconds least, MonoTime free, Now now);
/// Callers asked the same twice within `least` and did not wait for the answer.
status::Refusal refuse_impatient(const collectors::Collector& what, const Fqdn& pool,
                                 std::chrono::milliseconds least, MonoTime free, Now now);
/// The caller's time was over before the question was asked.
status::Refusal refuse_too_late();
/// It was over before the endpoint had a slot. `held`: because its account is on trial.
/// The turn came, but too late to begin: less than `least` before the last caller's deadline.
status::Refusal refuse_remnant(const Endpoint& endpoint, std::chrono::milliseconds least);
status::Refusal refuse_queued(const Endpoint& endpoint, bool held);
/// It was over before the server answered.
status::Refusal refuse_slow(const Endpoint& endpoint);
/// The endpoint, or its account, is left alone until `until`.
status::Refusal refuse_backoff(const Endpoint& endpoint, MonoTime until, Now now);

}  // namespace sfb::engine
