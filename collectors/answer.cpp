#include "collectors/answer.hpp"

#include "agent/base/text.hpp"
#include "agent/value/access.hpp"
#include "collectors/cmdlet_error.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace sfb::collectors {

namespace {

// C0, DEL and C1: they would move a terminal's cursor or break a log line.
bool has_control_character(std::string_view text) {
  for (std::size_t pos = 0; pos < text.size();) {
    const char32_t c = next_code_point(text, pos);
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
      return true;
    }
  }
  return false;
}

bool has_members(const Graph& graph, const Value& value) {
  const Object* const object = graph.object(value);
  const bool table = object != nullptr && object->collection &&
                     object->collection->form == Collection::Form::dictionary;
  return table || !visible_properties(graph, value).empty();
}

}  // namespace

std::unexpected<Error> bad_answer(std::string code, std::string message, std::string peer) {
  return fail(Reason::parse, std::move(code), std::move(message),
              "see the objects with `evaluate --as clixml POOL`; if the product really answers so, "
              "report it",
              std::move(peer));
}

Status check_label(std::string_view what, std::string_view text, const Limits& limits) {
  if (text.size() > limits.label_length) {
    return bad_answer("status.label_too_long",
                      fmt::format("{} has {} bytes, at most {} are taken (limits.label_length)",
                                  what, text.size(), limits.label_length),
                      std::string(text));
  }
  if (has_control_character(text)) {
    return bad_answer("status.control_character", fmt::format("{} holds a control character", what),
                      std::string(text));
  }
  return {};
}

Result<std::vector<const Value*>> objects_of(const PipelineResult& result,
                                             std::string_view cmdlet) {
  if (result.state == PipelineState::failed) {
    return std::unexpected(cmdlet_error(result, cmdlet, "cmdlet.failed",
                                        fmt::format("{} was ended by an error", cmdlet)));
  }
  std::size_t came = 0;
  std::vector<const Value*> objects;
  for (const Value& value : result.output) {
    came += value.is_null() ? 0U : 1U;
    if (has_members(result.graph, value)) {
      objects.push_back(&value);
    }
  }
  if (!objects.empty()) {
    return objects;
  }
  if (!result.errors.empty()) {
    return std::unexpected(cmdlet_error(result, cmdlet, "cmdlet.error",
                                        fmt::format("{} gave errors and no object", cmdlet)));
  }
  if (came > 0) {
    return bad_answer("answer.unrecognised", fmt::format("{} gave no object with members", cmdlet),
                      std::string(plain_text(result.graph, result.output.front()).value_or("")));
  }
  return bad_answer("answer.empty",
                    fmt::format("{} gave neither an object nor an error{}{}", cmdlet,
                                result.doubt.empty() ? "" : ": ", result.doubt));
}

std::vector<std::string> gaps_of(const PipelineResult& result) {
  std::vector<std::string> gaps;
  if (!result.doubt.empty()) {
    gaps.push_back(result.doubt);
  }
  if (!result.errors.empty()) {
    gaps.push_back(fmt::format("{} came beside the objects: some may be missing",
                               counted(result.errors.size(), "error")));
  }
  return gaps;
}

bool is_server_name(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\r\n,;[]{}()`=") == std::string_view::npos;
}

}  // namespace sfb::collectors
