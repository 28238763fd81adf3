// Values told by their shape, for objects whose member names no document gives. Pure functions.
#pragma once

#include "agent/base/fqdn.hpp"
#include "agent/value/pipeline.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::collectors {

/// The server or pool that a text is, also behind a role (`UserServer:pool01.contoso.com`). A name
/// has two labels at least, and a letter in the last: version numbers and addresses are none. Nor
/// is what stands behind `Site:`, for a site may be called like a domain.
std::optional<Fqdn> host_in(std::string_view text);

/// A member and its texts: one for a scalar, one for each item of a list; `$null` has none.
struct Member {
  std::string_view name;
  std::vector<std::string_view> texts;
};

/// The members of an object, also of a hashtable; a plain text is one member without a name. The
/// views refer into `graph` and `value`.
std::vector<Member> member_texts(const Graph& graph, const Value& value);

/// The texts of one value, as Member::texts.
std::vector<std::string_view> texts_of(const Graph& graph, const Value& value);

/// `Name: text, text; Name: ` for people, at most kPeerText bytes. Not harmless on a terminal.
std::string shown(const std::vector<Member>& members);

}  // namespace sfb::collectors
