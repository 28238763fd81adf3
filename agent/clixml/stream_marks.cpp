#include "agent/clixml/stream_marks.hpp"

#include "agent/clixml/refusals.hpp"
#include "agent/clixml/tags.hpp"

namespace sfb::clixml {

Status StreamMarks::add(std::optional<std::string_view> name) {
  const auto stream = name ? stream_of_name(*name) : Stream::output;
  if (!stream) {
    return bad_value("a stream (S) that PowerShell does not have");
  }
  if (!streams_.empty() && name.has_value() != named_) {
    return bad_value("a value with a stream (S) beside one without");
  }
  named_ = name.has_value();
  streams_.push_back(*stream);
  return {};
}

}  // namespace sfb::clixml
