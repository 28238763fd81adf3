// The streams that the values at the top of a file name. Private to the room.
#pragma once

#include "agent/base/error.hpp"
#include "agent/clixml/clixml.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::clixml {

/// PowerShell marks all values of a file or none, in all documents of it.
class StreamMarks {
 public:
  void begin_document() { document_ = streams_.size(); }
  /// Of the next value: its attribute `S`. Error: clixml.bad_value.
  Status add(std::optional<std::string_view> name);
  /// One for each value.
  std::vector<Stream> take() { return std::move(streams_); }

 private:
  std::vector<Stream> streams_;
  std::size_t document_ = 0;  ///< values before this document
  bool named_ = false;
};

}  // namespace sfb::clixml
