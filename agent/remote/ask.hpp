// What a transport is asked.
#pragma once

#include "agent/base/fqdn.hpp"
#include "agent/value/pipeline.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace sfb::remote {

/// What a dropped file answers that names no collector.
inline constexpr std::string_view kDefaultCollector = "backup_service_status";

/// A call for servers, and what a dropped file is found by.
struct Ask {
  Fqdn pool;  ///< whom the question is about, or through whom it is asked
  std::string_view collector = kDefaultCollector;
  std::string category = {};      ///< one of the cmdlet's, its own word; empty: all
  std::string beyond_files = {};  ///< a parameter that no dropped file answers; empty: none
  /// A switch that is not given, but was where dropped files were made; empty: none.
  std::string_view lacking = {};
  Call call = {};
  /// Where the transport writes the URL of the front end that it asked, also when it failed; may be
  /// absent.
  std::shared_ptr<std::string> front_end = {};
};

}  // namespace sfb::remote
