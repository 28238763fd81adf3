// The objects of an answer as named texts. Pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/value/pipeline.hpp"
#include "collectors/shapes.hpp"

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::discover {

/// What came of one question. Its result is never null.
using Answer = Result<std::shared_ptr<const PipelineResult>>;

/// One object; the views refer into its answer.
using Row = std::vector<collectors::Member>;

/// The objects of an answer; none of one that failed.
std::vector<Row> rows_of(const Answer& answer);

/// What went wrong, one sentence: the transport's error, the first error of the cmdlet, or the
/// doubt. Empty for a whole answer.
std::string trouble_of(const Answer& answer);

/// The texts of a member; empty where there is none.
std::vector<std::string_view> texts_of(const Row& row, std::string_view member);
/// Those of all members.
std::vector<std::string_view> texts_of(const Row& row);

/// The first text of the first of these members that is a host.
std::optional<Fqdn> host_of(const Row& row, std::initializer_list<std::string_view> members);
/// The different hosts of all members, in their order.
std::vector<Fqdn> hosts_of(const Row& row);

/// The site: what SiteId or Site says, else the first text behind `Site:`. Absent where none is
/// named.
std::optional<std::string> site_of(const Row& row);

/// Lines that show a row whole, within limits: "SPELLED: an object was not understood. Its
/// members:" and a line for each member. For comments.
std::vector<std::string> shown(std::string_view spelled, const Row& row);

}  // namespace sfb::discover
