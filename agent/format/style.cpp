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

const Style& style_of(Edition edition) {
  switch (edition) {
    case Edition::windows_powershell_51:
      break;
  }
  return kWindowsPowerShell51;
}

}  // namespace sfb::format
