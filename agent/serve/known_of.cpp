#include "agent/serve/known_of.hpp"

#include "agent/serve/api_pools.hpp"

#include <algorithm>

namespace sfb::serve {

Known known_of(const status::Snapshot& snapshot, const collectors::Question& question) {
  const status::PoolSnapshotPtr pool = find_pool(snapshot, question.pool);
  if (!pool) {
    return {};
  }
  Known known{.last_good = {}, .expectation = pool->identity.expectation};
  if (!question.is_scheduled()) {
    return known;
  }
  if (question.what == pool->what) {
    known.last_good = pool->last_good;
    return known;
  }
  const auto other = std::ranges::find_if(snapshot.others, [&](const auto& each) {
    return each->what == question.what && each->identity.fqdn == question.pool;
  });
  known.last_good = other == snapshot.others.end() ? nullptr : (*other)->last_good;
  return known;
}

}  // namespace sfb::serve
