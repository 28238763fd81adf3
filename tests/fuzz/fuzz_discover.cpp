// Any answers of a front end: nothing fails, the section is one that the configuration takes, and
// no text of the server leaves its line. Input: a line for each object. Its first character says
// which answer it belongs to (s, p, m: services, pools, master; r: the relationship of every pool;
// e: the rest is an error of all). Members stand behind it, `name=text` with `;` between them; a
// list has
// `,` between its texts, and a member without `=` is a text alone.
#include "agent/base/text.hpp"
#include "agent/discover/difference.hpp"
#include "agent/discover/pools_section.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/unit/discover/load_section.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using sfb::fuzz::require;

namespace {

using sfb::discover::Answer;

sfb::Value list_of(sfb::Graph& graph, std::string_view texts) {
  sfb::Object list;
  list.collection.emplace();
  for (const std::string_view text : sfb::split(texts, ',')) {
    list.collection->items.push_back(sfb::Value::string(std::string(text)));
  }
  return sfb::Value::object_ref(graph.add(std::move(list)));
}

void add(sfb::PipelineResult& result, std::string_view line) {
  if (!line.contains('=')) {
    result.output.push_back(sfb::Value::string(std::string(line)));
    return;
  }
  sfb::Object object;
  for (const std::string_view member : sfb::split(line, ';')) {
    const std::size_t equals = std::min(member.find('='), member.size());
    const std::string_view texts = member.substr(std::min(equals + 1, member.size()));
    object.extended.push_back({std::string(member.substr(0, equals)),
                               texts.contains(',') ? list_of(result.graph, texts)
                                                   : sfb::Value::string(std::string(texts))});
  }
  result.output.push_back(sfb::Value::object_ref(result.graph.add(std::move(object))));
}

Answer answer_of(const std::string& text, char kind) {
  auto result = std::make_shared<sfb::PipelineResult>();
  for (const std::string_view line : sfb::split(text, '\n')) {
    if (line.starts_with(kind)) {
      add(*result, line.substr(1));
    } else if (line.starts_with('e')) {
      sfb::ErrorRecord record;
      record.message = line.substr(1);
      result->errors.push_back(record.to_value(result->graph));
    }
  }
  return result;
}

bool is_ours(std::string_view line) {
  line = line.starts_with("  ") ? line.substr(2) : line;
  return line.empty() || line.starts_with('#') || line == "pools:" || line == "pools: []" ||
         std::ranges::any_of(
             std::vector<std::string_view>{"- fqdn: ", "  endpoint: \"front-end\"",
                                           "  paired_pool: ", "  site: \"", "  cms_master: true"},
             [&](std::string_view begin) { return line.starts_with(begin); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // What a reader hands on is valid UTF-8.
  const std::string text = sfb::to_utf8_lossy(
      {reinterpret_cast<const char*>(data), std::min(size, std::size_t{20'000})});
  sfb::discover::Answers answers{.services = answer_of(text, 's'),
                                 .pools = answer_of(text, 'p'),
                                 .store = answer_of(text, 'm'),
                                 .relationships = {}};
  for (const sfb::Fqdn& pool : sfb::discover::pools_with_users(answers.services, answers.pools)) {
    answers.relationships[pool] = answer_of(text, 'r');
  }
  const sfb::discover::Topology topology = sfb::discover::read_topology(answers);
  const std::string section = sfb::discover::pools_section(topology, {.endpoint = "front-end"});
  for (const std::string_view line : sfb::split(section, '\n')) {
    require(is_ours(line));
    require(std::ranges::none_of(
        line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }));
  }
  const auto with_partner = static_cast<std::size_t>(std::ranges::count_if(
      topology.pools, [](const auto& pool) { return pool.partner.has_value(); }));
  const auto loaded = sfb::discover::testing::load_section(section);
  require(loaded.has_value() == (with_partner > 0));
  if (loaded) {
    require(loaded->settings.pools.size() == with_partner);
    std::vector<sfb::discover::ConfiguredPool> configured;
    for (const auto& pool : loaded->settings.pools) {
      configured.push_back({pool.fqdn, pool.paired_pool, pool.site, pool.cms_master});
    }
    require(sfb::discover::compare(topology, configured).lines.empty());
  }
  return 0;
}
