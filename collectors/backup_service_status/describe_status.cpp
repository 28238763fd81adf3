#include "collectors/backup_service_status/describe_status.hpp"

#include "collectors/backup_service_status/families.hpp"
#include "collectors/backup_service_status/verdict.hpp"
#include "collectors/describe.hpp"
#include "collectors/schema.hpp"

#include <algorithm>
#include <string>

namespace sfb::collectors {

namespace {

// What both directions have. The word stands beside the state, because the state of a word that
// this build does not know is Unknown.
Record direction_of(bool fresh, std::string_view state, const std::string& word,
                    const Judged& judged, std::optional<WallTime> since) {
  Record record;
  record.add("state", fresh ? told(state) : Value())
      .add("word", fresh ? told_unless_empty(word) : Value())
      .add("health", told(to_string(judged.health)))
      .add("why", told_unless_empty(judged.why))
      .add("since", told(since));
  return record;
}

Value module_of(Graph& graph, const BackupShown& shown, const ModuleSeries& series) {
  const Module& module = series.module;
  const bool fresh = shown.fresh;
  const Value exported =
      direction_of(fresh, to_string(module.export_state), module.export_word.str(),
                   fresh ? judge_export(module, shown.expectation) : Judged{},
                   series.export_changed)
          .add("last_healthy", told(series.last_healthy))
          .add("last_final", told(series.last_final))
          .into(graph);
  const Value imported =
      direction_of(fresh, to_string(module.import_state), module.import_word.str(),
                   fresh ? judge_import(module, shown.expectation) : Judged{},
                   series.import_changed)
          .into(graph);
  return Record()
      .add("identity", told(module.identity.str()))
      .add("export", exported)
      .add("import", imported)
      .into(graph);
}

}  // namespace

Document describe_status(const View& view) {
  const BackupShown& shown = static_cast<const BackupView&>(view).shown;
  Document document;
  Graph& graph = document.graph;
  std::vector<Value> modules;
  modules.reserve(shown.modules.size());
  for (const ModuleSeries& series : shown.modules) {
    modules.push_back(module_of(graph, shown, series));
  }
  const auto active =
      std::ranges::find_if(shown.machines, [](const auto& machine) { return machine.second; });
  const Value verdict = told(graph, shown.fresh ? shown.verdict : Verdict{});
  document.roots.push_back(Record()
                               .add("verdict", verdict)
                               .add("modules", list_of(graph, std::move(modules)))
                               .add("active_machine", shown.fresh && active != shown.machines.end()
                                                          ? told(active->first.str())
                                                          : Value())
                               .into(graph));
  return document;
}

std::string schema_of_status() {
  using namespace schema;
  const std::string ground =
      object({{"module", nullable("string", "The module; null: it is about the whole answer.")},
              {"direction", nullable("string", "export or import.")},
              {"code", of("string", "For programs: export_error.")},
              {"text", of("string", "One sentence for people.")}});
  const std::string health =
      words({"good", "benign", "bad", "unknown"}, "Judged as the verdict is.");
  const std::string why = nullable("string", "Why a state that is not good is benign.");
  const std::string word = nullable("string", "As the server spells it.");
  const std::string state =
      nullable("string", "Unknown for a word this build does not know; null: not known now.");
  const std::string since = nullable_time("When the agent first saw this state.");
  const std::string exported =
      object({{"state", state},
              {"word", word},
              {"health", health},
              {"why", why},
              {"since", since},
              {"last_healthy", nullable_time("The last answer with FinalState or SteadyState.")},
              {"last_final", nullable_time("The last answer with FinalState.")}});
  const std::string imported = object(
      {{"state", state}, {"word", word}, {"health", health}, {"why", why}, {"since", since}});
  return object(
      {{"verdict",
        object({{"configured", nullable("boolean", "Whether the Backup Service has any module.")},
                {"working", nullable("boolean", "Whether it works properly.")},
                {"reasons", list(ground, "Why it does not work.")},
                {"doubts", list(ground, "What cannot be judged.")}},
               "Of the newest good answer; unknown without one that is fresh.")},
       {"modules",
        list(object({{"identity", of("string")}, {"export", exported}, {"import", imported}}))},
       {"active_machine", nullable("string", "The front end on which the service is active.")}});
}

}  // namespace sfb::collectors
