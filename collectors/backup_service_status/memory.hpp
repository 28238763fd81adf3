// What is remembered of a pool's backup status from one good answer to the next: since when each
// module is in its state, and which machines were active. Pure: time comes in as an argument.
#pragma once

#include "agent/base/common_text.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/time.hpp"
#include "collectors/backup_service_status/families.hpp"
#include "collectors/backup_service_status/status.hpp"
#include "collectors/collector.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::collectors {

/// Thread rule: one thread.
class BackupMemory final : public Memory {
 public:
  BackupMemory(const Facts& facts, const Limits& limits) : facts_(facts), limits_(limits) {}

  void learn(FindingPtr finding, const When& when) override;
  void reconfigure(const Facts& facts, const Limits& limits) override;
  std::optional<MonoTime> next_change(MonoTime now) const override;
  ViewPtr view(bool fresh, MonoTime now) override;
  std::string save(Now now) const override;
  bool restore(std::string_view saved, FindingPtr last, const When& when, Now now) override;

 private:
  struct Machine {
    CommonText name;
    MonoTime seen{};
    bool active = false;
  };
  void learn_modules(const BackupStatus& status, const When& when);
  void learn_machine(const CommonText& name, MonoTime seen);
  void forget_machines(MonoTime now);

  Facts facts_;
  Limits limits_;
  std::shared_ptr<const BackupStatus> judged_;  ///< the newest one, conclusive or not
  BackupShown known_;  ///< without what is shown only while it is fresh, but for the modules
  std::optional<ExportState> overall_export_;  ///< of the newest conclusive one
  std::optional<ImportState> overall_import_;
  std::vector<Machine> machines_;
  CommonText last_active_;  ///< survives answers that do not name a machine
};

}  // namespace sfb::collectors
