#include "config/loader.hpp"

#include "config/checks.hpp"
#include "config/document.hpp"
#include "config/doubts.hpp"
#include "config/draft.hpp"
#include "config/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>

namespace sfb::config {

namespace {

std::vector<std::string> find_files(std::span<const std::string> patterns, const Files& files,
                                    Problems& problems) {
  std::vector<std::string> paths;
  for (const std::string& pattern : patterns) {
    const std::vector<std::string> matches = files.match(pattern);
    if (matches.empty()) {
      problems.add({pattern, 0, 0}, {}, "no file matches this pattern",
                   "check the value of --config.file");
    }
    for (const std::string& path : matches) {
      if (std::ranges::find(paths, path) == paths.end()) {
        paths.push_back(path);
      }
    }
  }
  if (patterns.empty()) {
    problems.add({"configuration", 0, 0}, {}, "no file is named", "use --config.file");
  }
  return paths;
}

std::vector<std::unique_ptr<Document>> read_files(const std::vector<std::string>& paths,
                                                  const Files& files, Problems& problems) {
  std::vector<std::unique_ptr<Document>> documents;
  for (const std::string& path : paths) {
    const auto content = files.read(path, kMaxFileSize);
    if (!content) {
      const bool folder = content.error().code == "config.directory";
      problems.add({path, 0, 0}, {}, content.error().message,
                   folder ? fmt::format("name a file or a pattern such as {}/*.yml", path)
                          : content.error().remedy);
      continue;
    }
    auto document = parse_document(path, *content);
    if (!document) {
      Problem& bad = document.error();
      problems.add(std::move(bad.where), bad.key, std::move(bad.what), std::move(bad.remedy));
      continue;
    }
    documents.push_back(std::move(*document));
  }
  return documents;
}

}  // namespace

std::expected<Loaded, std::vector<Problem>> load(std::span<const std::string> patterns,
                                                 const Capabilities& capabilities,
                                                 const Files& files) {
  Problems problems;
  Problems warnings;
  std::vector<std::string> paths = find_files(patterns, files, problems);
  const auto documents = read_files(paths, files, problems);
  const bool all_read = problems.count() == 0;
  Draft draft;
  for (const auto& document : documents) {
    read_document(*document, capabilities, files, draft, problems, warnings);
    warn_of_variables(*document, warnings);
  }
  if (!all_read) {
    // What is missing may stand in the file that could not be read.
    return std::unexpected(problems.take_sorted());
  }
  if (!capabilities.pools_needed) {
    draft.pools_given = true;
    draft.references_known = false;
    draft.credential_references_known = false;
  }
  warn_of_pool_names(draft, warnings);
  std::vector<Loaded::Place> places;
  places.reserve(draft.pools.size());
  auto file = paths.begin();  // pools are in the order of the files
  for (const DraftPool& pool : draft.pools) {
    file = std::find(file, paths.end(), pool.node->file);
    places.push_back({static_cast<std::size_t>(file - paths.begin()), pool.key});
  }
  Settings settings =
      check_and_resolve(std::move(draft), capabilities, {paths.front(), 1, 1}, problems, warnings);
  if (problems.count() != 0) {
    return std::unexpected(problems.take_sorted());
  }
  std::string hash = change_hash(settings);
  return Loaded{std::move(settings), warnings.take_sorted(), std::move(hash), std::move(paths),
                std::move(places)};
}

std::vector<Problem> Loaded::warnings_of(const Pool& pool) const {
  const auto at = std::ranges::find(settings.pools, pool.fqdn, &Pool::fqdn);
  const auto endpoint = std::ranges::find(settings.endpoints, pool.endpoint, &Endpoint::name);
  const auto& [file, key] = pool_places.at(static_cast<std::size_t>(at - settings.pools.begin()));
  const auto* const winrm = std::get_if<Winrm>(&endpoint->transport);
  const auto concerns = [&](const Problem& warning) {
    const auto below = [&](std::string_view parent) {
      return warning.key == parent || warning.key.starts_with(fmt::format("{}.", parent));
    };
    if (warning.key.starts_with("pools[")) {
      return warning.where.file == files.at(file) && below(key);
    }
    if (warning.key.starts_with("endpoints.")) {
      return below(fmt::format("endpoints.{}", pool.endpoint));
    }
    if (warning.key.starts_with("credentials.")) {
      return winrm != nullptr && below(fmt::format("credentials.{}", winrm->credentials));
    }
    return true;
  };
  std::vector<Problem> found;
  std::ranges::copy_if(warnings, std::back_inserter(found), concerns);
  return found;
}

}  // namespace sfb::config
