// The tags of CLIXML and the kinds of value they stand for. Private to the room.
#pragma once

#include "agent/clixml/clixml.hpp"
#include "agent/value/value.hpp"

#include <optional>
#include <string_view>

namespace sfb::clixml {

/// The namespace of whole documents; message bodies have none.
inline constexpr std::string_view kSpace = "http://schemas.microsoft.com/powershell/2004/04";

/// The scalar kind of a tag (`I32`), Kind::null for `Nil`; nullopt for all other tags.
std::optional<Kind> scalar_of_tag(std::string_view tag);

/// The tag of a scalar kind; empty for Kind::object and Kind::opaque.
std::string_view tag_of_scalar(Kind kind);

/// The form of a collection tag (`LST`, `IE`, `STK`, `QUE`, `DCT`).
std::optional<Collection::Form> form_of_tag(std::string_view tag);

/// The tag of a collection form.
std::string_view tag_of_form(Collection::Form form);

/// True for tags that are parts of an object and not values: `TN`, `Props`, `LST`, `En`.
bool is_part_tag(std::string_view tag);

/// The stream that an attribute `S` names, in any case, as PowerShell takes it.
std::optional<Stream> stream_of_name(std::string_view name);

/// What a scalar's text must be, for messages: `a 32-bit signed integer`.
std::string_view wanted_of_scalar(Kind kind);

}  // namespace sfb::clixml
