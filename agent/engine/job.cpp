#include "agent/engine/job.hpp"

#include "collectors/question.hpp"

#include <algorithm>
#include <variant>

namespace sfb::engine {

remote::Ask ask_for(const status::Question& question, TextForm render) {
  const collectors::Collector& what = *question.what;
  remote::Ask ask{.pool = question.pool, .collector = what.name, .call = make_call(question)};
  ask.call.render = render;
  ask.call.side = !collectors::is_pool_status(what);
  for (const std::string_view name : what.scheduled) {
    if (!question.has_flag(name)) {
      ask.lacking = name;
    }
  }
  for (const collectors::Argument& argument : question.arguments) {
    const bool scheduled = std::ranges::find(what.scheduled, argument.name) != what.scheduled.end();
    if (argument.name == what.category) {
      ask.category = std::get<std::string>(argument.value);
    } else if (!scheduled && argument.name != what.hides_errors) {
      ask.beyond_files = argument.name;
    }
  }
  return ask;
}

std::chrono::milliseconds budget(const PoolOptions& options) {
  return std::min(options.evaluation_timeout, options.evaluation_interval * 4 / 5);
}

}  // namespace sfb::engine
