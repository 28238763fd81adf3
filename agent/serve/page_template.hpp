// The templates of the status page, and what fills them: every value is escaped, and a key that a
// template names and nobody gives is told, so that a test finds it. Pure functions.
#pragma once

#include <kainjow/mustache.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::serve {

using PageData = kainjow::mustache::data;

/// One object for a template, key by key. What is given is moved: the library's `set`, `push_back`
/// and lists copy all that lies beneath, and a page of a thousand pools has four floors of it.
class Fields {
 public:
  Fields& add(const std::string& name, std::string_view text) {
    data_[name] = PageData(std::string(text));
    return *this;
  }
  /// A section that shows itself; left out when empty.
  Fields& add_known(const std::string& name, std::string_view text) {
    return text.empty() ? add_flag(name, false) : add(name, text);
  }
  Fields& add_flag(const std::string& name, bool flag) {
    data_[name] = PageData(flag);
    return *this;
  }
  /// A section; absent: it is left out.
  Fields& add_object(const std::string& name, std::optional<PageData> object) {
    data_[name] = object ? std::move(*object) : PageData(false);
    return *this;
  }
  Fields& add_list(const std::string& name, std::vector<PageData> items) {
    kainjow::mustache::list places(items.size(), PageData(false));
    PageData list(places);
    // The list is ours, and not const: the library only has no other way to its places.
    std::ranges::move(items, const_cast<kainjow::mustache::list&>(list.list_value()).begin());
    data_[name] = std::move(list);
    return *this;
  }
  PageData done() { return std::move(data_); }

 private:
  PageData data_{PageData::type::object};
};

struct RenderedPage {
  std::string html;
  std::vector<std::string> missing;  ///< keys that nobody gave; a fault of this program
};

/// `name`: a file of agent/serve/page without its ending. `{{> other}}` is another file.
RenderedPage render_template(std::string_view name, const PageData& data);

/// A file of agent/serve/page that goes to browsers as it is.
struct PageAsset {
  std::string_view path;  ///< `/assets/style-0123456789abcdef.css`: another content, another name
  std::string_view content_type;
  std::string_view content;
};
/// nullptr when there is none. `name`: that of the file without its ending (`style`), or the last
/// part of its path.
const PageAsset* find_asset(std::string_view name);

}  // namespace sfb::serve
