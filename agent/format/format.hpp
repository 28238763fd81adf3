// What a PowerShell console prints for objects, errors and warnings, byte for byte
// (README.md). Thread rule: pure functions.
#pragma once

#include "agent/base/capped_text.hpp"
#include "agent/value/pipeline.hpp"
#include "agent/value/value.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::format {

/// Whose console. A style is a table of parameters (blank lines, ellipsis, cuts), not a fork of the
/// code.
enum class Edition : std::uint8_t {
  windows_powershell_40,  ///< 3.0 and 4.0
  windows_powershell_51,
  powershell_7
};

/// The format cmdlet at the pipeline's end: none (Out-Default decides), Format-List,
/// Format-Table, Format-Table -AutoSize, Format-Table -Wrap.
enum class View : std::uint8_t { automatic, list, table, autosize, wrap };

/// $ErrorView: how errors are laid out.
enum class ErrorView : std::uint8_t {
  automatic,  ///< the edition's default: concise in 7, normal before
  normal,
  concise,  ///< 7 only; normal before
  category
};

/// The edition of a server with this PSVersion (`5.1.17763.1`); 5.1 when the version is empty or
/// not known.
Edition edition_of(std::string_view ps_version);

struct Options {
  /// Columns of the console's buffer, 1 or more. Output uses width-1 of them, as the console does.
  int width = 120;
  Edition edition = Edition::windows_powershell_51;
  View view = View::automatic;
  ErrorView error_view = ErrorView::automatic;
  int enumeration_limit = 4;  ///< $FormatEnumerationLimit
  /// A longer text, or one that takes much more memory or work than that, is an error, and is not
  /// made first.
  std::size_t max_bytes = most_text({});
};

/// Out-Default of the pipeline's objects; error records among them in the error layout. LF line
/// ends. Objects nested beyond `Limits::depth` and cycles print as their type name. Reason::parse,
/// code `render.too_large`.
Result<std::string> objects(const Graph& graph, const std::vector<Value>& values,
                            const Options& options);

/// One error record in the view that `Options::error_view` names. For our own records: its length
/// has no limit.
std::string error(const ErrorRecord& record, const Options& options);

/// `WARNING: text`, wrapped as the edition's console host does. No limit either.
std::string warning(std::string_view text, const Options& options);

/// The body of a text answer: output, then warnings, then errors (agent/README.md). Errors are left
/// out when `hide_errors` (-Force) is set and the pipeline completed. `output`: the server's own
/// text of the objects, used instead of ours; may be null. Errors as `objects`.
Result<std::string> pipeline(const PipelineResult& result, bool hide_errors, const Options& options,
                             const Rendering* output = nullptr);

}  // namespace sfb::format
