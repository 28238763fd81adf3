// The output forms shared by `evaluate` and `render`.
#pragma once

#include "agent/base/capped_text.hpp"
#include "agent/format/choice.hpp"
#include "agent/value/pipeline.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::app {

/// The output forms of `evaluate` and `render`.
struct OutputOptions {
  format::Choice choice;
  std::optional<int> width;  ///< absent: the terminal's, else 120
};

/// Columns for text output: the option, else stdout's terminal, else 120.
int output_width(const OutputOptions& options);

/// Text, JSON or CLIXML of a pipeline's result, ending in a line end unless empty. Reason::parse,
/// code `render.too_large`, beyond `max_bytes`.
Result<std::string> render_pipeline(const PipelineResult& result, bool hide_errors,
                                    const OutputOptions& options,
                                    std::size_t max_bytes = most_text({}));

/// What JSON and CLIXML leave out, as the console prints it: warnings and errors. Empty for text,
/// which holds them. Errors as above.
Result<std::string> render_complaints(const PipelineResult& result, const OutputOptions& options,
                                      std::size_t max_bytes = most_text({}));

/// To stdout, control characters made visible when that is a terminal. False with a message when it
/// cannot be written.
bool print_stdout(std::string_view text);

}  // namespace sfb::app
