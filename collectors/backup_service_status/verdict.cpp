// "Configured and working properly", judged from one answer alone.
#include "collectors/backup_service_status/verdict.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::collectors {

namespace {

bool is_cms_master(const Module& module) {
  return iequals(module.identity.str(), "CentralMgmt.CMSMaster");
}

// Response Groups are backed up by two modules, RGSDataStore and RGSFileStore (README.md).
bool is_rgs(const Module& module) {
  return istarts_with(module.identity.str(), "ApplicationServer.RGS");
}

constexpr std::string_view kNoRgs = "Response Groups are not expected at this pool (expect_rgs)";
constexpr std::string_view kNoMaster =
    "this pool is not the CMS master: it holds the copy and exports nothing";

bool is_fine(Health health) {
  return health == Health::good || health == Health::benign;
}

Judged idle_rgs(const Module& module, const Expectation& expectation) {
  const bool needless = is_rgs(module) && !expectation.expect_rgs;
  return needless ? Judged{Health::benign, kNoRgs} : Judged{Health::bad};
}

Ground whole_answer(std::string code, std::string text) {
  return {.module = {}, .direction = {}, .code = std::move(code), .text = std::move(text)};
}

// What the operator says that the pool has, and the answer does not name: nobody knows how it is.
void add_missing(Verdict& verdict, const BackupStatus& status, const Expectation& expectation) {
  if (expectation.cms_master && std::ranges::none_of(status.modules, is_cms_master)) {
    verdict.doubts.push_back(
        whole_answer("cms_master_missing",
                     "CentralMgmt.CMSMaster is not listed, and this pool is the CMS master."));
  }
  if (expectation.expect_rgs && std::ranges::none_of(status.modules, is_rgs)) {
    verdict.doubts.push_back(whole_answer(
        "rgs_missing", "No module of Response Groups is listed, and they are expected here."));
  }
}

std::string_view code_of(ExportState state) {
  switch (state) {
    case ExportState::error_state:
      return "error";
    case ExportState::not_initialized:
      return "not_initialized";
    case ExportState::non_steady_state:
      return "not_steady";
    default:
      return "unknown";
  }
}

std::string_view code_of(ImportState state) {
  switch (state) {
    case ImportState::error_state:
      return "error";
    case ImportState::not_initialized:
      return "not_initialized";
    default:
      return "unknown";
  }
}

// One direction of one module: `good` are the words that would have been fine.
void add_grade(Verdict& verdict, Health health, const Module& module, std::string_view direction,
               std::string_view code, std::string_view shown, std::string_view good) {
  if (!is_fine(health)) {
    auto& list = health == Health::bad ? verdict.reasons : verdict.doubts;
    list.push_back({.module = module.identity.str(),
                    .direction = std::string(direction),
                    .code = fmt::format("{}_{}", direction, code),
                    .text = fmt::format("{}: {} is {}, not {}.", module.identity.str(), direction,
                                        shown, good)});
  }
}

std::string shown(std::string_view state, bool known, const std::string& word) {
  return known ? std::string(state) : fmt::format("Unknown ({})", quote(word, 80));
}

}  // namespace

Judged judge_import(const Module& module, const Expectation& expectation) {
  switch (module.import_state) {
    case ImportState::normal_state:
      return {Health::good};
    case ImportState::not_initialized:
      return idle_rgs(module, expectation);
    case ImportState::error_state:
      return {Health::bad};
    case ImportState::unknown:
      break;
  }
  return {};
}

Judged judge_export(const Module& module, const Expectation& expectation) {
  if (is_healthy(module.export_state)) {
    return {Health::good};
  }
  if (module.export_state == ExportState::unknown) {
    return {};
  }
  if (module.export_state != ExportState::not_initialized) {
    return {Health::bad};
  }
  if (is_cms_master(module) && !expectation.cms_master) {
    // A pool that only holds the copy of the Central Management Store never exports it. What shows
    // that is a normal import, so an unknown import leaves the export unknown too.
    const Judged imported = judge_import(module, expectation);
    return is_fine(imported.health) ? Judged{Health::benign, kNoMaster} : imported;
  }
  return idle_rgs(module, expectation);
}

Verdict judge(const BackupStatus& status, const Expectation& expectation) {
  Verdict verdict;
  if (!status.conclusive) {
    verdict.doubts.push_back(
        status.modules_missing
            ? whole_answer("modules_missing",
                           "The answer says something of a backup, but names no module.")
            : whole_answer("answer_incomplete", "The answer is empty, and output may be missing."));
    return verdict;
  }
  verdict.configured = !status.modules.empty();
  if (status.modules.empty()) {
    verdict.working = false;
    verdict.reasons.push_back(
        whole_answer("no_module", "The Backup Service answered without any module."));
    return verdict;
  }
  for (const Module& module : status.modules) {
    add_grade(verdict, judge_export(module, expectation).health, module, "export",
              code_of(module.export_state),
              shown(to_string(module.export_state), module.export_state != ExportState::unknown,
                    module.export_word.str()),
              "FinalState or SteadyState");
    add_grade(verdict, judge_import(module, expectation).health, module, "import",
              code_of(module.import_state),
              shown(to_string(module.import_state), module.import_state != ImportState::unknown,
                    module.import_word.str()),
              "NormalState");
  }
  add_missing(verdict, status, expectation);
  if (!verdict.reasons.empty()) {
    verdict.working = false;
  } else if (verdict.doubts.empty()) {
    verdict.working = true;
  }
  return verdict;
}

}  // namespace sfb::collectors
