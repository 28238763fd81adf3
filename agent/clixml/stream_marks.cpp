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
    return bad_value(document_ < streams_.size() ? "a value with a stream (S) beside one without"
                     : named_ ? "a value without a stream (S), though those of the documents "
                                "before have one"
                              : "a value with a stream (S), though those of the documents before "
                                "have none");
  }
  named_ = name.has_value();
  streams_.push_back(*stream);
  return {};
}

}  // namespace sfb::clixml
