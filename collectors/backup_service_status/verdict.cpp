// "Configured and working properly", judged from one answer alone (design.md 5.4).
#include "agent/base/text.hpp"
#include "collectors/backup_service_status/backup_service_status.hpp"

#include <fmt/format.h>

namespace sfb::collectors {

namespace {

bool is_cms_master(const Module& module) {
  return iequals(module.identity, "CentralMgmt.CMSMaster");
}

// Response Groups are backed up by two modules, RGSDataStore and RGSFileStore (domain.md 2.3).
bool is_rgs(const Module& module) {
  return istarts_with(module.identity, "ApplicationServer.RGS");
}

bool export_is_fine(const Module& module, const Expectation& expectation) {
  if (is_healthy(module.export_state)) {
    return true;
  }
  if (module.export_state != ExportState::not_initialized) {
    return false;
  }
  if (is_cms_master(module)) {
    // A pool that only holds the copy of the Central Management Store never exports it.
    return !expectation.cms_master && module.import_state == ImportState::normal_state;
  }
  return is_rgs(module) && !expectation.expect_rgs;
}

bool import_is_fine(const Module& module, const Expectation& expectation) {
  return module.import_state == ImportState::normal_state ||
         (module.import_state == ImportState::not_initialized && is_rgs(module) &&
          !expectation.expect_rgs);
}

std::string shown(std::string_view state, bool known, const std::string& word) {
  return known ? std::string(state) : fmt::format("Unknown ({})", quote(word, 80));
}

}  // namespace

Verdict judge(const BackupStatus& status, const Expectation& expectation) {
  Verdict verdict;
  verdict.configured = !status.modules.empty();
  if (!verdict.configured) {
    verdict.reasons.emplace_back("The Backup Service answered without any module.");
    return verdict;
  }
  for (const Module& module : status.modules) {
    if (!export_is_fine(module, expectation)) {
      verdict.reasons.push_back(
          fmt::format("{}: export is {}, not FinalState or SteadyState.", module.identity,
                      shown(to_string(module.export_state),
                            module.export_state != ExportState::unknown, module.export_word)));
    }
    if (!import_is_fine(module, expectation)) {
      verdict.reasons.push_back(
          fmt::format("{}: import is {}, not NormalState.", module.identity,
                      shown(to_string(module.import_state),
                            module.import_state != ImportState::unknown, module.import_word)));
    }
  }
  verdict.working = verdict.reasons.empty();
  return verdict;
}

}  // namespace sfb::collectors
