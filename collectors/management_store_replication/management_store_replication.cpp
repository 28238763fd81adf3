#include "collectors/management_store_replication/management_store_replication.hpp"

#include "collectors/last_finding.hpp"
#include "collectors/management_store_replication/cmdlet.hpp"
#include "collectors/management_store_replication/families.hpp"
#include "collectors/management_store_replication/replicas.hpp"
#include "collectors/management_store_replication/store.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <memory>
#include <utility>

namespace sfb::collectors {

namespace {

constexpr std::array<std::string_view, 1> kStoreSwitches = {kStoreSwitch};

/// The last answer, and when our clock saw it: no time that is shown lies ahead of that.
class ReplicasMemory final : public Memory {
 public:
  explicit ReplicasMemory(Facts facts) : facts_(std::move(facts)) {}

  void learn(FindingPtr finding, const When& when) override {
    last_ = std::static_pointer_cast<const Replicas>(std::move(finding));
    latest_ = when.finished;
  }
  void reconfigure(const Facts& facts, const Limits& limits) override {
    static_cast<void>(limits);
    facts_ = facts;
  }
  std::optional<MonoTime> next_change(MonoTime now) const override {
    static_cast<void>(now);
    return std::nullopt;
  }
  ViewPtr view(bool fresh, MonoTime now) override {
    static_cast<void>(now);
    return std::make_shared<const ReplicasView>(facts_, fresh ? last_.get() : nullptr, latest_);
  }

 private:
  Facts facts_;
  std::shared_ptr<const Replicas> last_;
  WallTime latest_{};
};

template <typename F, Result<F> (*read)(const PipelineResult&, const Limits&)>
Result<FindingPtr> interpret_as(const PipelineResult& result, const Limits& limits) {
  auto finding = read(result, limits);
  if (!finding) {
    return std::unexpected(std::move(finding.error()));
  }
  return std::make_shared<const F>(std::move(*finding));
}

template <typename F>
Verdict judge_finding(const Finding& finding, const Facts& facts) {
  static_cast<void>(facts);
  return judge(static_cast<const F&>(finding));
}

template <typename F>
std::vector<Change> changes_of(const Finding& before, const Finding& now) {
  return changes(static_cast<const F&>(before), static_cast<const F&>(now));
}

std::string notes_of(const Finding& finding) {
  return fmt::format("{}", fmt::join(finding.notes, "; "));
}

}  // namespace

constinit const Collector kManagementStoreReplication = {
    .name = "management_store_replication",
    .about = "Replicas of the Central Management store: which servers have its newest state.",
    .cmdlet = get_cs_management_store_replication_status,
    .script = replication_status_script,
    .scheduled = {},
    .interpret = interpret_as<Replicas, read_replicas>,
    .judge = judge_finding<Replicas>,
    .changes = changes_of<Replicas>,
    .oddities = notes_of,
    .memory = [](const Facts& facts, const Limits&) -> std::unique_ptr<Memory> {
      return std::make_unique<ReplicasMemory>(facts);
    },
    .families = replicas_families,
};

constinit const Collector kCentralManagementStore = {
    .name = "central_management_store",
    .about = "The Central Management store: its active master and its file transfer agents.",
    .cmdlet = get_cs_management_store_replication_status,
    .script = replication_status_script,
    .scheduled = kStoreSwitches,
    .interpret = interpret_as<Store, read_store>,
    .judge = judge_finding<Store>,
    .changes = changes_of<Store>,
    .oddities = notes_of,
    .memory = [](const Facts& facts, const Limits&) -> std::unique_ptr<Memory> {
      return std::make_unique<LastFinding<Store, StoreView>>(facts);
    },
    .families = store_families,
};

}  // namespace sfb::collectors
