#include "tests/exposition/synthetic_page.hpp"

#include "agent/base/error.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <string_view>

namespace sfb::tests {
namespace {

using exposition::Type;

constexpr std::array<std::string_view, 3> kModules = {
    "ConfServices.DataConf", "CentralMgmt.CMSMaster", "UserServices.PresenceFocus"};
constexpr std::array<std::string_view, 6> kExportStates = {
    "FinalState", "SteadyState", "NonSteadyState", "NotInitialized", "ErrorState", "Unknown"};
constexpr std::array<std::string_view, 4> kImportStates = {"NormalState", "ErrorState",
                                                           "NotInitialized", "Unknown"};

SyntheticSeries series(std::vector<std::pair<std::string, std::string>> labels, double value,
                       std::string_view state = {}) {
  SyntheticSeries made{std::move(labels), {}, std::string(state), value};
  for (const auto& [name, text] : made.labels) {
    made.joined.add(name, text);
  }
  return made;
}

std::string fqdn(std::size_t pool) {
  return fmt::format("pool{:05}.litwareinc.com", pool);
}

/// One family with the same series for each pool.
class Builder {
 public:
  Builder(SyntheticPage& page, std::size_t pools) : page_(page), pools_(pools) {}

  void plain(std::string_view name, Type type, std::string_view unit, double value) {
    each(name, type, unit, [&](std::vector<SyntheticSeries>& out, const std::string& pool) {
      out.push_back(series({{"pool", pool}}, value));
    });
  }

  template <typename Values>
  void labelled(std::string_view name, Type type, std::string_view unit, const std::string& label,
                const Values& values, double value) {
    each(name, type, unit, [&](std::vector<SyntheticSeries>& out, const std::string& pool) {
      for (const auto& each_value : values) {
        out.push_back(series({{"pool", pool}, {label, std::string(each_value)}}, value));
      }
    });
  }

  template <typename States>
  void states(std::string_view name, const States& states, bool modules) {
    each(name, Type::stateset, {}, [&](std::vector<SyntheticSeries>& out, const std::string& pool) {
      for (const auto module : kModules) {
        for (const auto state : states) {
          std::vector<std::pair<std::string, std::string>> labels = {{"pool", pool}};
          if (modules) {
            labels.emplace_back("module", module);
          }
          out.push_back(series(std::move(labels), state == states[0] ? 1 : 0, state));
        }
        if (!modules) {
          break;
        }
      }
    });
  }

  template <typename Fill>
  void each(std::string_view name, Type type, std::string_view unit, const Fill& fill) {
    SyntheticFamily family{{name, type, unit, "Invented for tests (BackupModules[])."}, {}};
    for (std::size_t i = 0; i < pools_; ++i) {
      fill(family.series, fqdn(i));
    }
    page_.families.push_back(std::move(family));
  }

 private:
  SyntheticPage& page_;
  std::size_t pools_;
};

void add_histogram(SyntheticPage& page) {
  page.histogram = {"sfb_backup_evaluation_duration_seconds", Type::histogram, "seconds",
                    "Invented for tests."};
  page.bounds = {0.00001, 0.1, 0.25, 1, 10, 100000, 1000000};
  page.cumulative = {0, 1, 5, 5, 6, 7, 8};
  page.count = 9;
  page.sum = 1234.5;
}

}  // namespace

std::size_t SyntheticPage::series() const {
  std::size_t total = 0;
  for (const auto& family : families) {
    total += family.series.size();
  }
  return total;
}

SyntheticPage synthetic_page(std::size_t pools) {
  SyntheticPage page;
  Builder add(page, pools);
  std::vector<std::string_view> reasons;
  reasons.reserve(kReasons.size());
  for (const Reason reason : kReasons) {
    reasons.push_back(to_string(reason));
  }
  constexpr std::array<std::string_view, 3> kMachines = {
      "atl-fe-001.litwareinc.com", "atl-fe-002.litwareinc.com", "atl-fe-003.litwareinc.com"};
  constexpr double kNow = 1795460645.123;

  add.plain("sfb_backup_up", Type::gauge, {}, 1);
  add.plain("sfb_backup_service_configured", Type::gauge, {}, 1);
  add.plain("sfb_backup_service_working", Type::gauge, {}, 1);
  add.states("sfb_backup_module_export_state", kExportStates, true);
  add.states("sfb_backup_module_import_state", kImportStates, true);
  add.states("sfb_backup_overall_export_state", kExportStates, false);
  add.states("sfb_backup_overall_import_state", kImportStates, false);
  for (const std::string_view name : {"sfb_backup_module_export_state_change_timestamp_seconds",
                                      "sfb_backup_module_import_state_change_timestamp_seconds",
                                      "sfb_backup_module_export_last_healthy_timestamp_seconds",
                                      "sfb_backup_module_export_last_final_timestamp_seconds"}) {
    add.labelled(name, Type::gauge, "seconds", "module", kModules, kNow);
  }
  add.labelled("sfb_backup_active_machine", Type::gauge, {}, "machine", kMachines, 0);
  add.plain("sfb_backup_active_machine_changes", Type::counter, {}, 3);
  add.plain("sfb_backup_evaluations", Type::counter, {}, 720);
  add.plain("sfb_backup_evaluation_overruns", Type::counter, {}, 0);
  add.labelled("sfb_backup_evaluation_failures", Type::counter, {}, "reason", reasons, 0);
  add.plain("sfb_backup_evaluation_running", Type::gauge, {}, 0);
  add.plain("sfb_backup_last_evaluation_timestamp_seconds", Type::gauge, "seconds", kNow);
  add.plain("sfb_backup_last_evaluation_duration_seconds", Type::gauge, "seconds", 1.834);
  add.plain("sfb_backup_last_evaluation_success_timestamp_seconds", Type::gauge, "seconds", kNow);
  add.plain("sfb_backup_evaluation_interval_seconds", Type::gauge, "seconds", 120);
  add.each("sfb_backup_pool", Type::info, {},
           [](std::vector<SyntheticSeries>& out, const std::string& pool) {
             out.push_back(series({{"pool", pool},
                                   {"paired_pool", "chi-cs-001.litwareinc.com"},
                                   {"site", "Atlanta"},
                                   {"transport", "file"}},
                                  1));
           });
  add_histogram(page);
  return page;
}

SyntheticPage awkward_page() {
  SyntheticPage page;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  SyntheticFamily gauge{{"sfb_test_awkward_bytes", Type::gauge, "bytes",
                         "A \"quoted\" back\\slash, a literal \\n and a line\nbreak; \xC3\xBC."},
                        {}};
  for (const double value : {0.0, -0.0, 1.0, -17.0, 0.1, 1e-300, 1e300, 123456789.0, 1795460645.123,
                             9007199254740993.0, std::numeric_limits<double>::denorm_min(),
                             kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN()}) {
    gauge.series.push_back(
        series({{"case", fmt::format("number {}", gauge.series.size())}}, value));
  }
  for (const std::string_view text :
       {"", "quote\"", "back\\slash", "trailing\\", "line\nbreak", "a\\nb", "{},= #",
        "\xC3\xBC \xE2\x82\xAC", "bad \xFF utf8", "\\\"", "a\tb"}) {
    gauge.series.push_back(series(
        {{"case", fmt::format("text {}", gauge.series.size())}, {"text", std::string(text)}}, 1));
  }
  page.families.push_back(std::move(gauge));
  page.families.push_back({{"sfb_test_bare", Type::gauge, {}, "Without labels."}, {series({}, 7)}});
  page.families.push_back({{"sfb_test_empty", Type::gauge, {}, "Without samples."}, {}});
  page.families.push_back({{"sfb_test_lonely_state", Type::stateset, {}, "Without other labels."},
                           {series({}, 1, "on"), series({}, 0, "o\"f\\f")}});
  page.families.push_back(
      {{"sfb_test_read_bytes", Type::counter, "bytes", "Counter."}, {series({}, 12)}});
  add_histogram(page);
  return page;
}

std::string write_page(const SyntheticPage& page, exposition::Format format,
                       std::size_t expected_bytes) {
  exposition::Writer writer(format);
  writer.reserve(expected_bytes);
  for (const auto& family : page.families) {
    writer.family(family.meta);
    const bool states = family.meta.type == Type::stateset;
    for (const auto& one : family.series) {
      if (states) {
        writer.state(one.joined, one.state, one.value != 0);
      } else {
        writer.sample(one.joined, one.value);
      }
    }
  }
  writer.family(page.histogram);
  writer.histogram(exposition::Labels{}, page.bounds, page.cumulative, page.count, page.sum);
  return writer.finish();
}

}  // namespace sfb::tests
