#include "agent/directory/turns.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace sfb::directory {

namespace {

// Of a name that needs no short domain, or has what it needs.
Result<Match> match_of(const GroupName& name, Result<std::vector<Entry>>& entries,
                       const Result<std::vector<Domain>>& domains) {
  if (!entries) {
    return std::unexpected(std::move(entries.error()));
  }
  if (!name.short_domain) {
    return match(name, *entries, {});
  }
  return domains ? match(name, *entries, *domains) : std::unexpected(domains.error());
}

}  // namespace

bool Answers::whole() const {
  return std::ranges::all_of(names, &Answer::said);
}

Result<std::vector<Answer>> ask_server(const std::vector<std::string>& names,
                                       const Questions& questions) {
  std::vector<Result<GroupName>> read;
  std::vector<Result<std::vector<Entry>>> entries;
  bool short_domains = false;
  for (const std::string& written : names) {
    auto name = read_group_name(written);
    entries.push_back(name ? questions.entries(*name) : std::vector<Entry>());
    if (!entries.back() && entries.back().error().code != "directory.search") {
      return std::unexpected(std::move(entries.back().error()));
    }
    short_domains = short_domains || (name && name->short_domain);
    read.push_back(std::move(name));
  }
  const auto domains = short_domains ? questions.domains() : std::vector<Domain>();
  std::vector<Answer> answers;
  answers.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    answers.push_back({names[i], read[i] ? match_of(*read[i], entries[i], domains)
                                         : std::unexpected(std::move(read[i].error()))});
  }
  if (!answers.empty() && std::ranges::none_of(answers, &Answer::said)) {
    return std::unexpected(std::move(answers.front().match.error()));
  }
  return answers;
}

Result<Answers> ask_in_turn(const std::vector<std::string>& servers,
                            const std::vector<std::string>& names,
                            const std::function<Result<std::vector<Answer>>(
                                std::size_t server, const std::vector<std::string>& names)>& ask) {
  std::optional<Answers> all;
  std::vector<Error> passed_over;
  std::vector<std::string> open = names;
  for (std::size_t i = 0; i < servers.size() && (!all || !open.empty()); ++i) {
    auto answers = ask(i, open);
    if (!answers) {
      passed_over.push_back(std::move(answers.error()));
      if (passed_over.back().reason == Reason::auth) {
        break;
      }
      continue;
    }
    open.clear();
    for (Answer& answer : *answers) {
      if (!answer.said()) {
        open.push_back(answer.name);
      }
      if (all) {
        std::ranges::find(all->names, answer.name, &Answer::name)->match = std::move(answer.match);
      }
    }
    if (!all) {
      all = Answers{.server = servers[i], .names = std::move(*answers), .passed_over = {}};
    }
  }
  if (!all) {
    return std::unexpected(std::move(passed_over.back()));
  }
  all->passed_over = std::move(passed_over);
  return std::move(*all);
}

}  // namespace sfb::directory
