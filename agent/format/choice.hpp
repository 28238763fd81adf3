// How an answer is to be printed, in the words that the query and the command lines share. Thread
// rule: pure functions.
#pragma once

#include "agent/format/format.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::format {

/// What is printed: the console's text, ConvertTo-Json, Export-Clixml.
enum class As : std::uint8_t { text, json, clixml };

/// One word of a table and what it means.
template <typename T>
struct Word {
  std::string_view word;
  T value;
};

inline constexpr std::array<Word<As>, 3> kForms = {
    {{"text", As::text}, {"json", As::json}, {"clixml", As::clixml}}};
inline constexpr std::array<Word<Edition>, 4> kEditions = {{{"3.0", Edition::windows_powershell_40},
                                                            {"4.0", Edition::windows_powershell_40},
                                                            {"5.1", Edition::windows_powershell_51},
                                                            {"7", Edition::powershell_7}}};
inline constexpr std::array<Word<View>, 4> kViews = {{{"list", View::list},
                                                      {"table", View::table},
                                                      {"autosize", View::autosize},
                                                      {"wrap", View::wrap}}};

/// What `text` means, spelled exactly; nullopt when the table has no such word.
template <typename T, std::size_t N>
constexpr std::optional<T> find_word(const std::array<Word<T>, N>& words, std::string_view text) {
  for (const Word<T>& word : words) {
    if (word.word == text) {
      return word.value;
    }
  }
  return std::nullopt;
}

/// All words of a table: `text, json and clixml`.
template <typename T, std::size_t N>
std::string listed(const std::array<Word<T>, N>& words) {
  std::string out;
  for (std::size_t i = 0; i < N; ++i) {
    out += i == 0 ? "" : i + 1 == N ? " and " : ", ";
    out += words[i].word;
  }
  return out;
}

/// What a caller chose.
struct Choice {
  As as = As::text;
  /// Absent: text follows the server's PSVersion, JSON is that of 7.
  std::optional<Edition> edition = {};
  View view = View::automatic;
  bool expanded = false;  ///< the items of Collector::rows_of instead of the objects
};

/// An option that does not fit the chosen form.
struct Misfit {
  std::string_view option;  ///< `edition` or `view`
  std::string_view why;     ///< half a sentence
};

/// The option that does not fit the form; nullopt when all fit.
constexpr std::optional<Misfit> misfit(const Choice& choice) {
  if (choice.edition && choice.as == As::clixml) {
    return Misfit{"edition", "CLIXML is the same in every edition"};
  }
  if (choice.view != View::automatic && choice.as != As::text) {
    return Misfit{"view", "only text has a view"};
  }
  return std::nullopt;
}

/// The console for the text of a choice. `ps_version` is the server's; empty when it is not known
/// or nothing of the server's is printed.
inline Options console_of(const Choice& choice, int width, std::string_view ps_version) {
  Options options;
  options.width = width;
  options.edition = choice.edition ? *choice.edition : edition_of(ps_version);
  options.view = choice.view;
  return options;
}

/// The text that the server may make itself; none is wanted where something was chosen that only
/// our formatter can do.
constexpr TextForm text_by_server(const Choice& choice, int width) {
  const bool leaves_it = choice.as == As::text && !choice.edition && choice.view == View::automatic;
  return leaves_it ? TextForm{.width = width, .expanded = choice.expanded} : TextForm{};
}

/// The server's own text of a result, if the choice allows it; null: we render it.
inline const Rendering* server_text(const Choice& choice, int width, const PipelineResult& result) {
  const auto text =
      std::ranges::find(result.rendered, text_by_server(choice, width), &Rendering::form);
  return text != result.rendered.end() ? &*text : nullptr;
}

/// True when JSON is laid out as PowerShell 7 does; all older editions share one layout.
constexpr bool is_json_of_7(const Choice& choice) {
  return choice.edition.value_or(Edition::powershell_7) == Edition::powershell_7;
}

}  // namespace sfb::format
