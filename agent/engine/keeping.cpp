#include "agent/engine/keeping.hpp"

#include "agent/base/capped_text.hpp"
#include "agent/engine/conclusion.hpp"
#include "agent/remote/file/export_file.hpp"
#include "agent/remote/file/export_writer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <utility>

namespace sfb::engine {

namespace {

// As text an object takes more than it took on the wire: the writer indents.
constexpr std::size_t kMostAnswer = 32UL << 20U;

Limits limits_of_answer(Limits limits) {
  limits.object = std::min(most_text(limits), kMostAnswer);
  return limits;
}

// An answer that is dated further ahead than this is older than it says: our clock was set back.
constexpr std::chrono::seconds kAhead{5};

constexpr std::string_view kStays =
    "since-times and history stay until storage.retention ends, and come back with the pool";
constexpr std::string_view kLost = "since-times and history are lost: no state is kept";

// Names for a line of the log.
constexpr std::size_t kMostNamed = 20;

std::string named(std::span<const std::string> pools) {
  const auto shown = pools.first(std::min(pools.size(), kMostNamed));
  return shown.size() == pools.size()
             ? fmt::format("{}", fmt::join(shown, ", "))
             : fmt::format("{} and {} more", fmt::join(shown, ", "), pools.size() - shown.size());
}

status::KeptName name_of(const Pool& pool) {
  return {pool.fqdn().str(), std::string(pool.what().name)};
}

// With its true age.
Result<status::EvaluationPtr> read_answer(const Pool& pool,
                                          const status::SavedKnowledge::Good& saved,
                                          std::string_view text, const Limits& limits,
                                          KeptObjects& objects, Now now) {
  if (saved.finished > now.wall + kAhead) {
    return fail(Reason::stale, "state.clock",
                "the answer is dated ahead of our clock, so that its age is not known",
                "nothing: the next answer of the pool is shown");
  }
  auto read = remote::parse_export(text, pool.fqdn(), limits_of_answer(limits), pool.what().name);
  if (!read) {
    return std::unexpected(std::move(read.error()));
  }
  auto finding = interpret(pool.what(), read->result, {}, limits);
  if (!finding) {
    return std::unexpected(std::move(finding.error()));
  }
  const auto age = std::max(now.wall - saved.evaluated_at, Micros(0));
  auto evaluation = std::make_shared<status::Evaluation>(
      status::Evaluation{.question = collectors::scheduled_question(pool.fqdn(), pool.what())});
  evaluation->id = saved.id;
  evaluation->trigger = saved.trigger;
  evaluation->evaluated_at = std::min(saved.evaluated_at, now.wall);
  evaluation->made = now.mono - age;
  evaluation->finished = std::min(saved.finished, now.wall);
  evaluation->duration = saved.duration;
  evaluation->result = objects.hold(pack(read->result), true, limits);
  evaluation->finding = std::move(*finding);
  evaluation->dated = saved.dated;
  evaluation->restored = true;
  if (!evaluation->conclusive()) {
    return fail(Reason::parse, "state.answer", "the answer says nothing any more",
                "nothing: the next answer of the pool is shown");
  }
  return evaluation->result ? evaluation : without_objects(*evaluation);
}

}  // namespace

Result<std::string> write_answer(const status::Evaluation& evaluation, const Limits& limits) {
  if (!evaluation.result) {
    return fail(Reason::throttled, "engine.not_kept", "its objects were not kept");
  }
  return remote::write_export(evaluation.result->unpack(), evaluation.question.pool,
                              evaluation.evaluated_at, evaluation.question.what->name,
                              limits_of_answer(limits).object);
}

void Keeping::recall(Pool& pool, const Limits& limits, KeptObjects& objects, Now now) {
  if (keeper_ == nullptr || !pool.options.scheduled) {
    return;
  }
  auto found = keeper_->recall(name_of(pool));
  if (!found) {
    return;
  }
  const auto event = [&](std::vector<LogField> fields) {
    return who_and(collectors::scheduled_question(pool.fqdn(), pool.what()), std::move(fields));
  };
  if (found->source != pool.endpoint->options.source) {
    forget(pool);
    return;
  }
  const auto saved = status::read_saved_knowledge(found->knowledge);
  if (saved && saved->good && saved->good->dated) {
    pool.endpoint->options.transport->recall(pool.fqdn(), pool.what().name, *saved->good->dated,
                                             std::min(saved->good->evaluated_at, now.wall));
  }
  status::EvaluationPtr good = std::move(found->good);
  if (good) {
    pool.cache.restore(good);
  } else if (saved && saved->good && !found->answer.empty()) {
    auto read = read_answer(pool, *saved->good, found->answer, limits, objects, now);
    if (read) {
      good = std::move(*read);
      pool.cache.restore(good);
    } else {
      logger_.log(LogLevel::warn, "the last good answer is not brought back",
                  event({{"code", read.error().code}, {"error", describe(read.error())}}));
    }
  }
  if (!pool.knowledge.restore(saved.value_or(status::SavedKnowledge{}), found->memory,
                              std::move(good), now) ||
      !saved) {
    logger_.log(LogLevel::warn, "what was remembered of a pool cannot be read: times start anew",
                event({}));
  }
  pool.history.restore(std::move(found->history));
}

void Keeping::settle() {
  if (keeper_ == nullptr) {
    return;
  }
  std::vector<std::string> pools;
  for (const status::KeptName& name : keeper_->found()) {
    if (auto found = keeper_->recall(name)) {
      keeper_->leave(name, std::move(*found));
    }
    if (name.collector == collectors::pool_status().name) {
      pools.push_back(name.pool);
    }
  }
  if (!pools.empty()) {
    logger_.info("the state holds pools that are not asked",
                 {{"pools", named(pools)}, {"state", std::string(kStays)}});
  }
}

void Keeping::changed(const Pool& pool, Now now) {
  if (keeper_ != nullptr && pool.options.scheduled) {
    status::KeptPool kept = pool.knowledge.keep(now);
    kept.source = pool.endpoint->options.source;
    keeper_->keep(name_of(pool), std::move(kept));
  }
}

void Keeping::add(const Pool& pool, const status::HistoryEntry& entry) {
  if (keeper_ != nullptr && pool.options.scheduled) {
    keeper_->keep(name_of(pool), entry);
  }
}

void Keeping::leave(const Pool& pool, Now now) {
  if (keeper_ == nullptr || !pool.options.scheduled) {
    return;
  }
  status::KeptPool kept = pool.knowledge.keep(now);
  std::shared_ptr<status::Evaluation> good;
  if (kept.good) {
    good = std::make_shared<status::Evaluation>(*kept.good);
    good->result = nullptr;  // the rows have the objects
    good->restored = true;
  }
  keeper_->leave(name_of(pool), {.source = pool.endpoint->options.source,
                                 .knowledge = std::move(kept.knowledge),
                                 .memory = std::move(kept.memory),
                                 .answer = {},
                                 .history = pool.history.newest_first(),
                                 .good = std::move(good)});
}

void Keeping::forget(const Pool& pool) {
  if (!pool.options.scheduled) {
    return;
  }
  logger_.log(LogLevel::info, "pool starts anew: its endpoint or account changed",
              who_and(collectors::scheduled_question(pool.fqdn(), pool.what()),
                      {{"endpoint", pool.endpoint->options.name}}));
  if (keeper_ != nullptr) {
    keeper_->forget(name_of(pool));
  }
}

void Keeping::tell_removed(const std::vector<std::string>& pools) const {
  if (!pools.empty()) {
    logger_.warn(
        "pools are not asked any more: the configuration does not name them",
        {{"pools", named(pools)}, {"state", std::string(keeper_ != nullptr ? kStays : kLost)}});
  }
}

}  // namespace sfb::engine
