// The other half of the differential tests: what Microsoft's engine made of generated input against
// what this product makes of it. usage: lab_driver clixml|text FOLDER LEAST, lab_driver binding
// FILE.tsv LEAST, lab_driver conversation FILE (see conversation.hpp). LEAST: so many must be
// compared, else the input was not what it should be (clixml: so many each way). Prints each
// difference, then lines of counts; exit status 1 when something differs, too little was compared,
// or too much of it was explained.
#include "agent/base/text.hpp"
#include "agent/binding/bind.hpp"
#include "agent/binding/binding.hpp"
#include "agent/binding/line.hpp"
#include "agent/clixml/clixml.hpp"
#include "agent/clixml/writer.hpp"
#include "agent/format/format.hpp"
#include "collectors/backup_service_status/cmdlet.hpp"
#include "tests/lab/powershell/conversation.hpp"
#include "tests/lab/powershell/tally.hpp"
#include "tests/unit/binding/golden.hpp"
#include "tests/unit/binding/line_reader.hpp"

#include <fmt/format.h>
#include <fmt/std.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

namespace fs = std::filesystem;
using sfb::binding::BindError;
using sfb::binding::Cmdlet;
using sfb::lab::read;
using sfb::lab::Tally;

// Of a hundred. Usual: 0.1 of the texts, 5 of what is written again.
constexpr std::size_t kTextExplained = 2;
constexpr std::size_t kClixmlExplained = 10;

std::vector<fs::path> files(const fs::path& folder, std::string_view ending) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().string().ends_with(ending)) {
      found.push_back(entry.path());
    }
  }
  std::ranges::sort(found);
  return found;
}

std::optional<sfb::Document> document(Tally& tally, const fs::path& path) {
  auto result = sfb::clixml::read_file(read(path), {});
  if (!result) {
    tally.differs(path.filename().string(), "not read: " + sfb::describe(result.error()));
    return std::nullopt;
  }
  return *std::move(result);
}

// The engine counts the members of a sequence one level deeper when it writes what it read: objects
// among them may become text. This product writes whole what it has.
std::string_view reason_of(const sfb::Graph& graph) {
  for (sfb::ObjectId id = 0; id < graph.size(); ++id) {
    const sfb::Object& object = graph.at(id);
    const bool sequence =
        object.collection && object.collection->form == sfb::Collection::Form::enumerable;
    if (sequence && std::ranges::any_of(object.adapted, [](const sfb::Property& member) {
          return member.value.kind == sfb::Kind::object;
        })) {
      return "a sequence with objects among its members";
    }
  }
  return {};
}

// NAME.clixml is written as it was read, and as NAME.again.clixml by one who writes what he read.
int clixml(const fs::path& folder, std::size_t least) {
  Tally once;
  Tally twice;
  for (const fs::path& path : files(folder, ".clixml")) {
    const std::string name = path.filename().string();
    const auto read_back = document(once, path);
    if (!read_back) {
      continue;
    }
    once.compare(name, sfb::clixml::write_file(read_back->graph, read_back->roots).value(),
                 read(path));
    fs::path again = path;
    again.replace_extension(".again.clixml");
    if (fs::exists(again)) {
      twice.compare(again.filename().string(),
                    sfb::clixml::write_file(read_back->graph, read_back->roots,
                                            sfb::clixml::Origin::deserialized)
                        .value(),
                    read(again), reason_of(read_back->graph));
    }
  }
  const int first = once.finish("clixml as it was read", least, 0);
  return std::max(first, twice.finish("clixml written again", least, kClixmlExplained));
}

// NAME.WIDTH[.VIEW].txt against NAME.clixml.
int text(const fs::path& folder, std::size_t least) {
  using sfb::format::ErrorView;
  using sfb::format::View;
  Tally tally;
  for (const fs::path& path : files(folder, ".txt")) {
    const std::string name = path.filename().string();
    const auto parts = sfb::split(name, '.');
    sfb::format::Options options{.edition = sfb::format::Edition::powershell_7};
    std::from_chars(parts.at(1).data(), parts.at(1).data() + parts.at(1).size(), options.width);
    constexpr std::pair<std::string_view, View> kViews[] = {{"list", View::list},
                                                            {"table", View::table},
                                                            {"autosize", View::autosize},
                                                            {"wrap", View::wrap}};
    for (const auto& [word, view] : kViews) {
      options.view = parts.at(2) == word ? view : options.view;
    }
    options.error_view = parts.at(2) == "ConciseView"    ? ErrorView::concise
                         : parts.at(2) == "CategoryView" ? ErrorView::category
                                                         : ErrorView::normal;
    const fs::path from = folder / fmt::format("{}.clixml", parts.front());
    if (const auto input = document(tally, from)) {
      // The engine breaks lines before it takes colours out, so they may move a break.
      const bool colours = read(from).contains("_x001B_[");
      tally.compare(name, sfb::format::objects(input->graph, input->roots, options).value(),
                    read(path), colours ? "colours in a text" : "");
    }
  }
  return tally.finish("text", least, kTextExplained);
}

// The cmdlet of the lab: PoolFqdn is text, and PowerShell 7 has more than 5.1.
Cmdlet lab_cmdlet() {
  Cmdlet cmdlet = sfb::collectors::get_cs_backup_service_status();
  cmdlet.class_name = "Sfb.Lab.BindProbeCommand";
  cmdlet.parameters.front().type_name = "System.String";
  for (sfb::binding::Parameter& parameter : cmdlet.common) {
    if (parameter.name.ends_with("Action")) {
      parameter.enumerators.emplace_back("Break");
    }
  }
  sfb::binding::Parameter progress = cmdlet.common.at(4);
  progress.name = "ProgressAction";
  progress.aliases = {"proga"};
  cmdlet.common.insert(cmdlet.common.begin() + 5, std::move(progress));
  return cmdlet;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

// 7.6 has other words than 5.1, whose words the product has, in two places: the runtime's text
// about a number, and the unknown command.
std::string in_words_of_51(std::string text) {
  constexpr std::string_view kStart = "The input string '";
  if (const std::size_t at = text.find(kStart); at != std::string::npos) {
    text.replace(at, text.find("' was", at + kStart.size()) + 1 - at, "Input string");
  }
  text = replaced(std::move(text), "recognized as a name of a", "recognized as the name of a");
  return replaced(std::move(text), "or executable program.\nCheck", "or operable program. Check");
}

// What our binder says to a line: the values, or the error as four lines.
std::string answer(Tally& tally, const Cmdlet& cmdlet, const std::string& line) {
  const auto tokens = sfb::binding::read_line(cmdlet, line);
  BindError error;
  if (tokens) {
    auto result = sfb::binding::bind(cmdlet, *tokens, {});
    if (result) {
      return sfb::binding::binds_text(cmdlet, *std::move(result));
    }
    error = std::move(result.error());
    if (sfb::binding::underline_value_too(error, *tokens)) {
      tally.rewritten("the underline of -Name:value, ours as 7.6's");
    }
  } else {
    error = tokens.error().error;
  }
  return fmt::format("\n{}\n{}\n{}\n{}", error.error_id, error.category_message, error.message,
                     sfb::binding::position_message(line, error, sfb::binding::kEllipsis7));
}

// Each row: line, binds, message, id, category, position.
int binding(const fs::path& file, std::size_t least) {
  const Cmdlet cmdlet = lab_cmdlet();
  const std::string table = read(file);
  Tally tally;
  const auto rows = sfb::split(table, '\n');
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const auto cells = sfb::split(rows[i], '\t');
    if (cells.size() != 6) {
      if (!rows[i].empty() || i + 1 != rows.size()) {
        tally.differs(fmt::format("row {}", i + 1), fmt::format("{} cells, not 6", cells.size()));
      }
      continue;
    }
    const std::string line(cells[0]);
    std::string engine(cells[1]);
    if (engine.empty()) {
      engine = fmt::format("\n{}\n{}\n{}\n{}", cells[3], cells[4], cells[2], cells[5]);
      engine = replaced(std::move(engine), "\\n", "\n");
      std::string rewritten = in_words_of_51(engine);
      if (rewritten != engine) {
        tally.rewritten("the engine's words, 7.6's as 5.1's");
        engine = std::move(rewritten);
      }
    }
    const std::string ours = answer(tally, cmdlet, line);
    Tally uncounted;
    if (answer(uncounted, sfb::collectors::get_cs_backup_service_status(), line) != ours) {
      tally.rewritten("the product's cmdlet, as the lab's");
    }
    tally.compare(line, ours, engine);
  }
  return tally.finish("binding", least, 0);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.size() == 3) {
    std::size_t least = 0;
    const std::string_view word = arguments[2];
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), least);
    const bool number = error == std::errc{} && end == word.data() + word.size() && least > 0;
    if (number && arguments[0] == "clixml") {
      return clixml(arguments[1], least);
    }
    if (number && arguments[0] == "text") {
      return text(arguments[1], least);
    }
    if (number && arguments[0] == "binding") {
      return binding(arguments[1], least);
    }
  }
  if (arguments.size() == 2 && arguments[0] == "conversation") {
    return sfb::lab::conversation(arguments[1]);
  }
  fmt::print(stderr,
             "usage: lab_driver clixml|text FOLDER LEAST | binding FILE.tsv LEAST | "
             "conversation FILE; LEAST: a number above 0\n");
  return 2;
}
