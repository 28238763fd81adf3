// The pages for people as answers: the status of all pairs, of one pool, and what stands in their
// place for whoever may not see them. Pure functions, for a worker thread.
#pragma once

#include "agent/http/types.hpp"
#include "agent/serve/access.hpp"
#include "agent/serve/elsewhere.hpp"
#include "agent/serve/page_status.hpp"
#include "agent/status/board.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::serve {

/// A copy of everything that a page is made of. Thread rule: a value.
struct StatusSources {
  status::SnapshotPtr snapshot;
  PageFrame frame;
  Elsewhere elsewhere = {};
  std::string runbooks = {};
  std::size_t max_bytes = 0;  ///< of a text that the cmdlet prints
  std::optional<std::vector<status::HistoryEntry>> history = {};  ///< of the page's pool
};

/// `query` holds the filter.
http::Response overview_page(const StatusSources& from, std::string_view query);

/// 404 for a pool that is not here, with what the caller may have meant.
http::Response pool_status_page(const StatusSources& from, std::string_view name);

/// In gzip where the request takes it: a thousand pools have megabytes, and somebody reads them on
/// a telephone.
http::Response packed_for(const http::Request& request, http::Response page);

/// The links, and how to get in, with the refusal's status.
http::Response refused_status(const PageFrame& frame, const Denied& denied);

/// How to get in, for whoever did not log in: 401 or 403.
http::Response login_page(int status, const Error& error);

}  // namespace sfb::serve
