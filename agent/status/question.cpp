// Names of questions, triggers and sources.
#include "agent/status/question.hpp"

#include "agent/status/evaluation.hpp"

namespace sfb::status {

std::string_view to_string(Category category) {
  switch (category) {
    case Category::all:
      return "All";
    case Category::user_data:
      return "UserData";
    case Category::cms:
      return "CMS";
    case Category::rgs:
      return "RGS";
  }
  return "All";
}

std::string parameters_text(const Question& question) {
  std::string text;
  const auto add = [&](std::string_view part) {
    text += text.empty() ? "" : " ";
    text += part;
  };
  if (question.category != Category::all) {
    add("-Category");
    add(to_string(question.category));
  }
  if (question.force) {
    add("-Force");
  }
  if (question.bypass_dual_write) {
    add("-BypassDualWrite");
    add(*question.bypass_dual_write ? "$true" : "$false");
  }
  return text;
}

std::string_view to_string(Trigger trigger) {
  switch (trigger) {
    case Trigger::schedule:
      return "schedule";
    case Trigger::query:
      return "query";
    case Trigger::probe:
      return "probe";
  }
  return "schedule";
}

std::string_view to_string(Source source) {
  switch (source) {
    case Source::live:
      return "live";
    case Source::joined:
      return "joined";
    case Source::cache:
      return "cache";
  }
  return "live";
}

}  // namespace sfb::status
