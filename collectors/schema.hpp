// JSON Schema (2020-12) of what the API answers, as JSON text. Pure functions.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace sfb::collectors::schema {

/// `string`, `boolean`, `integer`, `number`; `about` is one sentence, may be empty.
std::string of(std::string_view type, std::string_view about = {});
/// The same or null.
std::string nullable(std::string_view type, std::string_view about = {});
/// A moment in UTC.
std::string time(std::string_view about = {});
std::string nullable_time(std::string_view about = {});
/// One of these words.
std::string words(std::initializer_list<std::string_view> words, std::string_view about = {});
std::string list(std::string_view items, std::string_view about = {});
/// What `schema` says, or null.
std::string or_null(std::string_view schema);
/// What a schema of the document says, by its pointer: `#/components/schemas/Pool`.
std::string refer_to(std::string_view pointer);

using Members = std::initializer_list<std::pair<std::string_view, std::string>>;
/// All members are always there, others may come.
std::string object(Members members, std::string_view about = {});
/// Each may be there.
std::string optional_members(Members members, std::string_view about = {});
/// Any names, each with this.
std::string map_of(std::string_view schema, std::string_view about = {});
/// All of them at once.
std::string all_of(std::initializer_list<std::string> schemas, std::string_view about = {});

}  // namespace sfb::collectors::schema
