#include "agent/clixml/tags.hpp"

#include "agent/base/text.hpp"

#include <algorithm>
#include <array>

namespace sfb::clixml {

namespace {

struct ScalarTag {
  std::string_view tag;
  Kind kind;
  std::string_view wanted;
};

constexpr std::array kScalars = {
    ScalarTag{"S", Kind::string, "text"},
    ScalarTag{"I32", Kind::int32, "a 32-bit signed integer"},
    ScalarTag{"Nil", Kind::null, "empty"},
    ScalarTag{"B", Kind::boolean, "true or false"},
    ScalarTag{"DT", Kind::date_time, "a date and time like 2026-11-23T18:47:03Z"},
    ScalarTag{"C", Kind::character, "a UTF-16 unit in decimal"},
    ScalarTag{"TS", Kind::time_span, "a duration like P1DT2H3M4.5S"},
    ScalarTag{"By", Kind::uint8, "an 8-bit unsigned integer"},
    ScalarTag{"SB", Kind::int8, "an 8-bit signed integer"},
    ScalarTag{"U16", Kind::uint16, "a 16-bit unsigned integer"},
    ScalarTag{"I16", Kind::int16, "a 16-bit signed integer"},
    ScalarTag{"U32", Kind::uint32, "a 32-bit unsigned integer"},
    ScalarTag{"U64", Kind::uint64, "a 64-bit unsigned integer"},
    ScalarTag{"I64", Kind::int64, "a 64-bit signed integer"},
    ScalarTag{"Sg", Kind::single, "a number, INF, -INF or NaN"},
    ScalarTag{"Db", Kind::double_float, "a number, INF, -INF or NaN"},
    ScalarTag{"D", Kind::decimal, "a decimal number"},
    ScalarTag{"BA", Kind::bytes, "base64"},
    ScalarTag{"G", Kind::guid, "a GUID"},
    ScalarTag{"URI", Kind::uri, "text"},
    ScalarTag{"Version", Kind::version, "a version like 1.2.3.4"},
    ScalarTag{"XD", Kind::xml_document, "text"},
    ScalarTag{"SBK", Kind::script_block, "text"},
    ScalarTag{"SS", Kind::secure_string, "text"},
};

struct FormTag {
  std::string_view tag;
  Collection::Form form;
};

constexpr std::array kForms = {
    FormTag{"LST", Collection::Form::list}, FormTag{"IE", Collection::Form::enumerable},
    FormTag{"STK", Collection::Form::stack}, FormTag{"QUE", Collection::Form::queue},
    FormTag{"DCT", Collection::Form::dictionary}};

struct StreamName {
  std::string_view name;
  Stream stream;
};

constexpr std::array kStreams = {StreamName{"Output", Stream::output},
                                 StreamName{"Error", Stream::error},
                                 StreamName{"Warning", Stream::warning},
                                 StreamName{"Verbose", Stream::verbose},
                                 StreamName{"Debug", Stream::debug},
                                 StreamName{"Progress", Stream::progress},
                                 StreamName{"Information", Stream::information}};

const ScalarTag* find_kind(Kind kind) {
  const auto* const found = std::ranges::find(kScalars, kind, &ScalarTag::kind);
  return found == kScalars.end() ? nullptr : found;
}

}  // namespace

std::optional<Kind> scalar_of_tag(std::string_view tag) {
  const auto* const found = std::ranges::find(kScalars, tag, &ScalarTag::tag);
  return found == kScalars.end() ? std::nullopt : std::optional(found->kind);
}

std::string_view tag_of_scalar(Kind kind) {
  const ScalarTag* const found = find_kind(kind);
  return found == nullptr ? std::string_view() : found->tag;
}

std::optional<Stream> stream_of_name(std::string_view name) {
  const auto* const found = std::ranges::find_if(
      kStreams, [&](const StreamName& known) { return iequals(known.name, name); });
  return found == kStreams.end() ? std::nullopt : std::optional(found->stream);
}

std::string_view wanted_of_scalar(Kind kind) {
  const ScalarTag* const found = find_kind(kind);
  return found == nullptr ? std::string_view() : found->wanted;
}

std::optional<Collection::Form> form_of_tag(std::string_view tag) {
  const auto* const found = std::ranges::find(kForms, tag, &FormTag::tag);
  return found == kForms.end() ? std::nullopt : std::optional(found->form);
}

bool is_part_tag(std::string_view tag) {
  constexpr std::array<std::string_view, 8> kParts = {"Objs",     "TN",    "TNRef", "T",
                                                      "ToString", "Props", "MS",    "En"};
  return std::ranges::find(kParts, tag) != kParts.end() || form_of_tag(tag).has_value();
}

std::string_view tag_of_form(Collection::Form form) {
  return std::ranges::find(kForms, form, &FormTag::form)->tag;
}

}  // namespace sfb::clixml
