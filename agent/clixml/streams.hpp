// The streams of a command whose answer powershell.exe -OutputFormat Xml wrote as one file. Thread
// rule: pure functions.
#pragma once

#include "agent/clixml/clixml.hpp"
#include "agent/value/pipeline.hpp"

namespace sfb::clixml {

/// The file as the answer of one pipeline: values of the streams `error` and `warning` are its
/// errors and warnings, those of `output` its output; the other streams are left out. Texts of the
/// error stream are lines of what the server's console would show: they are one record, the last.
/// State and doubt stay unset: a file does not tell them.
PipelineResult by_stream(File file);

}  // namespace sfb::clixml
