// What a reader of XML or JSON has in mind before each character of a document.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sfb::property {

/// One number for each character and one for the end; equal ones are equal states: the same open
/// elements, and the same place within a tag, text or member.
std::vector<std::uint64_t> reader_states(std::string_view text);

/// The place `from` lies within one element of a list of this JSON text, `to` within a later one.
bool lies_in_later_element(std::string_view json, std::size_t from, std::size_t to);

}  // namespace sfb::property
