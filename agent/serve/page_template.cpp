#include "agent/serve/page_template.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/serve/page_files.hpp"
#include "agent/serve/pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace sfb::serve {
namespace {

namespace mustache = kainjow::mustache;

constexpr std::string_view kPartial = "{{> ";
constexpr std::string_view kEnd = "}}";

std::string_view file_content(std::string_view name) {
  const auto found = std::ranges::find(page_files(), name, &PageFile::name);
  return found == page_files().end() ? std::string_view() : found->content;
}

/// Means itself in HTML: most values are such words, and a large page has 100,000 of them.
bool is_plain(char c) {
  return is_name_character(c) || c == ' ' || c == ':' || c == '/';
}

/// With the other files in their places, so that each is parsed once.
std::string whole_template(std::string_view name) {
  std::string text(file_content(fmt::format("{}.mustache", name)));
  for (std::size_t at = text.find(kPartial); at != std::string::npos; at = text.find(kPartial)) {
    const std::size_t end = text.find(kEnd, at);
    const std::string other = text.substr(at + kPartial.size(), end - at - kPartial.size());
    text.replace(at, end + kEnd.size() - at, file_content(other + ".mustache"));
  }
  return text;
}

/// Remembers what was asked for and is not there.
class StrictContext final : public mustache::context<std::string> {
 public:
  explicit StrictContext(const PageData& data) : context(&data) {}

  const PageData* get(const std::string& name) const override {
    const PageData* const found = context::get(name);
    if (found == nullptr && std::ranges::find(missing_, name) == missing_.end()) {
      missing_.push_back(name);
    }
    return found;
  }
  const std::vector<std::string>& missing() const { return missing_; }

 private:
  mutable std::vector<std::string> missing_;
};

std::vector<PageAsset> make_assets(std::span<const std::string> paths) {
  std::vector<PageAsset> assets;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const PageFile& file = page_files()[i];
    const std::string_view type = file.name.ends_with(".css")  ? "text/css; charset=utf-8"
                                  : file.name.ends_with(".js") ? "text/javascript; charset=utf-8"
                                                               : "image/svg+xml";
    if (!file.name.ends_with(".mustache")) {
      assets.push_back({paths[i], type, file.content});
    }
  }
  return assets;
}

}  // namespace

RenderedPage render_template(std::string_view name, const PageData& data) {
  mustache::mustache page(whole_template(name));
  // A server's words may hold anything: what moves a cursor or hides text becomes visible.
  page.set_custom_escape([](const std::string& text) {
    return std::ranges::all_of(text, is_plain) ? text : escape_html(visible(text));
  });
  StrictContext context(data);
  RenderedPage rendered{.html = page.render(context), .missing = {}};
  rendered.missing = context.missing();
  return rendered;
}

const PageAsset* find_asset(std::string_view name) {
  static const std::vector<std::string> kPaths = [] {
    std::vector<std::string> paths;
    for (const PageFile& file : page_files()) {
      const std::size_t dot = file.name.find('.');
      paths.push_back(fmt::format("/assets/{}-{}{}", file.name.substr(0, dot), file.hash,
                                  file.name.substr(dot)));
    }
    return paths;
  }();
  static const std::vector<PageAsset> kAssets = make_assets(kPaths);
  const auto found = std::ranges::find_if(kAssets, [&](const PageAsset& asset) {
    const std::string_view last = asset.path.substr(asset.path.rfind('/') + 1);
    return name == last || name == last.substr(0, last.find('-'));
  });
  return found == kAssets.end() ? nullptr : &*found;
}

}  // namespace sfb::serve
