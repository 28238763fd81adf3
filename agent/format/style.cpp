#include "agent/format/style.hpp"

namespace sfb::format {

namespace {

constexpr Style kWindowsPowerShell51 = {.blanks_before = 1,
                                        .blanks_before_list = 1,
                                        .blanks_after_entry = 1,
                                        .blanks_after = 2,
                                        .ellipsis = u"...",
                                        .size_by_content = true,
                                        .double_digits = 15,
                                        .single_digits = 7,
                                        .category_part_limit = 40,
                                        .category_part_kept = 15};

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
    case Edition::windows_powershell_51:
    case Edition::powershell_7:
      break;
  }
  return kWindowsPowerShell51;
}

}  // namespace sfb::format
