#include "agent/engine/job.hpp"

#include "collectors/collector.hpp"

#include <algorithm>
#include <string_view>

namespace sfb::engine {

Call call_for(const status::Question& question, int render_width) {
  const std::string_view category = question.category == status::Category::all
                                        ? std::string_view()
                                        : to_string(question.category);
  Call call =
      collectors::make_call(question.pool, category, question.force, question.bypass_dual_write);
  call.render_width = render_width;
  return call;
}

std::chrono::milliseconds budget(const PoolOptions& options) {
  return std::min(options.evaluation_timeout, options.evaluation_interval * 4 / 5);
}

}  // namespace sfb::engine
