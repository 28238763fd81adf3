#include "agent/app/state.hpp"

#include "agent/engine/keeping.hpp"

#include <utility>

namespace sfb::app {

namespace {

// Answers are capped once more when they are read, by the limits of then.
constexpr Limits kAnswers{.object = 16UL << 20U};

}  // namespace

store::Retention retention_of(const config::Settings& settings) {
  return {.age = settings.storage.retention, .size = settings.storage.max_size};
}

std::unique_ptr<store::Store> open_state(const std::string& folder,
                                         const config::Settings& settings, const Clock& clock,
                                         const Logger& logger,
                                         std::shared_ptr<serve::SelfMetrics> self) {
  if (folder.empty()) {
    return nullptr;
  }
  store::Options options{.folder = folder, .retention = retention_of(settings)};
  options.write_answer = [](const status::Evaluation& evaluation) {
    return engine::write_answer(evaluation, kAnswers);
  };
  options.on_facts = [self = std::move(self)](const store::Facts& facts) {
    self->state({.writable = facts.writable,
                 .bytes = facts.bytes,
                 .last_write = facts.last_write,
                 .errors = facts.errors,
                 .set_aside = facts.set_aside,
                 .lost = facts.lost});
  };
  return std::make_unique<store::Store>(std::move(options), clock, logger.with_source("store"));
}

}  // namespace sfb::app
