#include "agent/remote/push/pushed.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::remote {

namespace {

// As for files: larger objects are kept, or not, by those who know of all pools.
constexpr std::size_t kLargePush = 256UL << 10U;

// One that was dated far ahead, or is by our clock of now, would keep all right ones out.
bool gives_way(const Content& held, WallTime now) {
  return std::max(held.ahead, held.date - now) > kNotedSkew;
}

}  // namespace

Result<Incoming> read_push(std::shared_ptr<const std::string> body, const Fqdn& pool,
                           const Limits& limits, WallTime now) {
  auto parsed = parse_any_export(*body, pool, limits);
  if (!parsed) {
    parsed.error().stage = Stage::parse;
    return std::unexpected(std::move(parsed.error()));
  }
  Incoming incoming{.name = {pool, std::move(parsed->collector), std::move(parsed->category)},
                    .content = {},
                    .body = std::move(body)};
  incoming.content.result = pack(parsed->result);
  incoming.content.date = parsed->exported_at.value_or(now);
  incoming.content.format = parsed->format;
  incoming.content.bytes = incoming.body->size();
  incoming.content.culture = std::move(parsed->culture);
  incoming.content.text_left_out = std::move(parsed->text_left_out);
  return incoming;
}

PackedPtr Pushed::Held::result() const {
  return content.result ? content.result : large.lock();
}

Pushed::Pushed(const Clock& clock, std::shared_ptr<PushLedger> ledger, Logger logger)
    : clock_(clock), ledger_(std::move(ledger)), logger_(std::move(logger)) {
  if (!ledger_) {
    return;
  }
  const Now now = clock_.now();
  for (auto& [name, record] : ledger_->take()) {
    if (record.seen > now.wall) {
      logger_.warn("what was pushed is not brought back: our clock was set back behind it",
                   {{"pool", name.pool.str()}, {"collector", name.collector}});
      ledger_->forget(name);
      continue;
    }
    Slot& slot = slots_[name];
    slot.sightings.recall(record.date, record.seen, now);
    Held held;
    held.body = std::move(record.body);
    held.content.date = record.date;
    held.content.bytes = held.body->size();
    slot.sightings.date(held.content, now);
    slot.held = std::move(held);
  }
}

void Pushed::set_places(PushPlaces places) {
  places_ = std::move(places);
  for (auto slot = slots_.begin(); slot != slots_.end();) {
    if (place_of(slot->first)) {
      ++slot;
      continue;
    }
    logger_.info("what was pushed goes: nobody asks for it any more",
                 {{"pool", slot->first.pool.str()}, {"collector", slot->first.collector}});
    if (ledger_) {
      ledger_->forget(slot->first);
    }
    slot = slots_.erase(slot);
  }
}

bool Pushed::has_place(const Fqdn& pool, std::string_view collector) const {
  const auto place = places_.find(pool);
  return place != places_.end() && place->second.contains(collector);
}

// The name as it is held, with the category as the collector writes it.
Result<PushName> Pushed::place_of(const PushName& name) const {
  const auto place = places_.find(name.pool);
  if (place == places_.end()) {
    return fail(Reason::not_found, "push.not_here",
                fmt::format("nothing of pool {} is pushed to this agent", name.pool.str()),
                "write an endpoint of transport push for it");
  }
  const auto categories = place->second.find(name.collector);
  if (categories == place->second.end()) {
    return fail(
        Reason::parse, "push.collector",
        fmt::format("the export is of a collector that pool {} is not asked with", name.pool.str()),
        "write it into the pool's key collectors, or leave it out of -Collector", name.collector);
  }
  const auto category = std::ranges::find_if(
      categories->second, [&](const std::string& each) { return iequals(each, name.category); });
  if (category == categories->second.end() && !name.category.empty()) {
    return fail(Reason::parse, "push.category",
                "the export is of a category that its collector does not have",
                "push what Export-BackupStatus.ps1 -PerCategory writes");
  }
  return PushName{name.pool, name.collector, name.category.empty() ? "" : *category};
}

Result<Micros> Pushed::take(Incoming incoming, std::function<void(bool)> committed) {
  const auto name = place_of(incoming.name);
  if (!name) {
    return std::unexpected(name.error());
  }
  const Now now = clock_.now();
  Slot& slot = slots_[*name];
  if (slot.held && incoming.content.date < slot.held->content.made_at &&
      !gives_way(slot.held->content, now.wall)) {
    return fail(Reason::stale, "push.older",
                fmt::format("the export is of {}, and one of {} is held",
                            format_iso8601(incoming.content.date),
                            format_iso8601(slot.held->content.made_at)),
                "nothing, if a newer one came meanwhile; else look at the clocks of the machines "
                "that push: an older export is taken only where the held one was dated over 5 "
                "minutes ahead of the agent's clock");
  }
  slot.sightings.date(incoming.content, now);
  Held held{.body = std::move(incoming.body), .content = std::move(incoming.content)};
  hold(held, std::exchange(held.content.result, nullptr));
  slot.held = std::move(held);
  const Content& content = slot.held->content;
  const Micros ahead = content.ahead;
  if (ledger_) {
    ledger_->keep(*name,
                  {.date = content.date,
                   .seen = content.ahead > Micros(0) ? content.made_at : now.wall,
                   .body = slot.held->body},
                  std::move(committed));
  } else {
    committed(true);
  }
  if (name->category.empty() && on_change_) {
    on_change_(name->pool, name->collector);
  }
  return ahead;
}

void Pushed::hold(Held& held, const PackedPtr& result) {
  held.large = result;
  if (std::max(held.body->size(), result->memory()) <= kLargePush) {
    held.content.result = result;
  }
}

const Pushed::Held* Pushed::find(const PushName& name) const {
  const auto slot = slots_.find(name);
  return slot == slots_.end() || !slot->second.held ? nullptr : &*slot->second.held;
}

void Pushed::remember(const PushName& name, const Incoming& again) {
  const auto slot = slots_.find(name);
  if (slot == slots_.end() || !slot->second.held || slot->second.held->body != again.body) {
    return;
  }
  Content& content = slot->second.held->content;
  content.format = again.content.format;
  content.culture = again.content.culture;
  content.text_left_out = again.content.text_left_out;
  hold(*slot->second.held, again.content.result);
}

}  // namespace sfb::remote
