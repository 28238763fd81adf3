#include "agent/format/style.hpp"

namespace sfb::format {

namespace {

constexpr Style kWindowsPowerShell51 = {.blanks_before_table = 1,
                                        .blanks_before_list = 2,
                                        .blanks_after_entry = 1,
                                        .blanks_after_table = 2,
                                        .blanks_after_list = 2,
                                        .ellipsis = u"...",
                                        .cells = CellRule::utf16_units,
                                        .strip_escapes = false,
                                        .size_by_content = true,
                                        .pad_last_column = true,
                                        .fixed_decimals = false,
                                        .negative_zero = false,
                                        .enum_value = false,
                                        .server_text_inside = false,
                                        .dictionary_pairs = false,
                                        .ordered_dictionaries = false,
                                        .entry_name_last = false,
                                        .category_part_limit = 40,
                                        .category_part_kept = 15,
                                        .rebuild_category = false,
                                        .position = {},
                                        .wrap_messages = true,
                                        .bare_native_errors = false,
                                        .error_view = ErrorView::normal};

// 3.0 and 4.0 share the screen evenly; nothing else differs.
constexpr Style windows_powershell_40() {
  Style style = kWindowsPowerShell51;
  style.size_by_content = false;
  return style;
}

constexpr Style kWindowsPowerShell40 = windows_powershell_40();

constexpr Style kPowerShell7 = {.blanks_before_table = 1,
                                .blanks_before_list = 1,
                                .blanks_after_entry = 1,
                                .blanks_after_table = 1,
                                .blanks_after_list = 0,
                                .ellipsis = u"…",
                                .cells = CellRule::wide_as_two,
                                .strip_escapes = true,
                                .size_by_content = true,
                                .pad_last_column = false,
                                .fixed_decimals = true,
                                .negative_zero = true,
                                .enum_value = true,
                                .server_text_inside = true,
                                .dictionary_pairs = true,
                                .ordered_dictionaries = true,
                                .entry_name_last = true,
                                .category_part_limit = 40,
                                .category_part_kept = 19,
                                .rebuild_category = true,
                                .position = {.ellipsis = u"…", .mark_blanks = false},
                                .wrap_messages = false,
                                .bare_native_errors = true,
                                .error_view = ErrorView::concise};

}  // namespace

Edition edition_of(std::string_view ps_version) {
  const std::string_view major = ps_version.substr(0, ps_version.find('.'));
  if (major == "2" || major == "3" || major == "4") {
    return Edition::windows_powershell_40;
  }
  return major == "6" || major == "7" ? Edition::powershell_7 : Edition::windows_powershell_51;
}

const Style& style_of(Edition edition) {
  switch (edition) {
    case Edition::windows_powershell_40:
      return kWindowsPowerShell40;
    case Edition::powershell_7:
      return kPowerShell7;
    case Edition::windows_powershell_51:
      break;
  }
  return kWindowsPowerShell51;
}

}  // namespace sfb::format
