#include "agent/serve/form.hpp"

#include "agent/base/text.hpp"
#include "agent/exposition/negotiation.hpp"
#include "agent/serve/routes.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace sfb::serve {

namespace {

using http::QueryItem;

const QueryItem* find_item(std::span<const QueryItem> items, std::string_view name) {
  const auto found = std::ranges::find(items, name, &QueryItem::name);
  return found == items.end() ? nullptr : &*found;
}

/// JSON must be named: `*/*`, which every client sends, means the text.
bool wants_json(const http::Request& request) {
  std::string accept;
  for (const http::Header& header : request.headers) {
    if (iequals(header.name, "Accept")) {
      accept += (accept.empty() ? "" : ",") + header.value;
    }
  }
  if (to_lower(accept).find("application/json") == std::string::npos) {
    return false;
  }
  const double json = exposition::media_quality(accept, "application", "json");
  return json > 0 && json >= exposition::media_quality(accept, "text", "plain");
}

}  // namespace

Form form_of(const Query& query, std::string request_id) {
  return {.choice = query.choice,
          .width = query.width,
          .cmdlet = query.question.what->cmdlet().name,
          .line = query.line,
          .request_id = std::move(request_id)};
}

Form guess_form(const http::Request& request, std::span<const QueryItem> items,
                std::string request_id) {
  Form form;
  form.cmdlet = cmdlet_of(request.path).name;
  form.line = form.cmdlet;
  form.request_id = std::move(request_id);
  format::Choice& choice = form.choice;
  const auto word = [&](std::string_view name) -> std::string_view {
    const QueryItem* item = find_item(items, name);
    return item != nullptr && item->value ? std::string_view(*item->value) : std::string_view();
  };
  if (find_item(items, "as") == nullptr) {
    choice.as = wants_json(request) ? As::json : As::text;
  } else {
    choice.as = format::find_word(format::kForms, word("as")).value_or(As::text);
  }
  choice.edition = format::find_word(format::kEditions, word("edition"));
  choice.view = format::find_word(format::kViews, word("view")).value_or(format::View::automatic);
  choice.expanded = find_item(items, "expand") != nullptr &&
                    !collectors::expandable(cmdlet_of(request.path)).empty();
  if (const QueryItem* width = find_item(items, "width"); width != nullptr && width->value) {
    form.width = parse_width(*width->value).value_or(kDefaultWidth);
  }
  return form;
}

Form guess_form(const http::Request& request, std::string request_id) {
  const auto items = http::parse_query(request.query);
  return guess_form(request, items.value_or(std::vector<QueryItem>()), std::move(request_id));
}

std::optional<int> parse_width(std::string_view text) {
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, failure] = std::from_chars(text.data(), end, number);
  const bool good =
      failure == std::errc{} && at == end && number >= kMinWidth && number <= kMaxWidth;
  return good ? std::optional(number) : std::nullopt;
}

}  // namespace sfb::serve
