#include "collectors/management_store_replication/store.hpp"

#include "agent/base/text.hpp"
#include "agent/value/access.hpp"
#include "collectors/answer.hpp"
#include "collectors/management_store_replication/cmdlet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace sfb::collectors {

namespace {

constexpr std::string_view kMaster = "ActiveMasterFqdn";
constexpr std::string_view kAgents = "ActiveFileTransferAgents";

bool is_list(const Graph& graph, const Value& value) {
  const Object* const object = graph.object(value);
  return object != nullptr && object->collection &&
         object->collection->form != Collection::Form::dictionary;
}

// nullopt: the value is neither empty nor one text.
std::optional<std::string_view> text_or_empty(const Graph& graph, const Value& value) {
  const auto text = value.is_null() ? std::string_view() : plain_text(graph, value);
  return text ? std::optional(trim(*text)) : std::nullopt;
}

// Several names in one text are what a serialiser leaves of a list that lay too deep: how many is
// not known then.
std::optional<std::size_t> count_agents(const Graph& graph, const Value& member) {
  const Value* const list = unwrap_counted(graph, member);
  if (list == nullptr) {
    return std::nullopt;
  }
  if (is_list(graph, *list)) {
    const auto items = items_of(graph, *list);
    return static_cast<std::size_t>(std::ranges::count_if(items, [&](const Value* item) {
      const auto text = text_or_empty(graph, *item);
      return !text || !text->empty();
    }));
  }
  const auto text = text_or_empty(graph, *list);
  if (!text || (!text->empty() && !is_server_name(*text))) {
    return std::nullopt;
  }
  return text->empty() ? 0U : 1U;
}

std::string word_of(const std::optional<std::string>& master) {
  return !master ? "unknown" : master->empty() ? "none" : *master;
}

}  // namespace

Result<Store> read_store(const PipelineResult& result, const Limits& limits) {
  const auto objects = objects_of(result, kReplicationStatusCmdlet);
  if (!objects) {
    return std::unexpected(objects.error());
  }
  if (objects->size() > 1) {
    return bad_answer("store.several",
                      fmt::format("{} objects came where one belongs", objects->size()));
  }
  const Graph& graph = result.graph;
  const Value* const master = find_member(graph, *objects->front(), kMaster);
  const Value* const agents = find_member(graph, *objects->front(), kAgents);
  if (master == nullptr && agents == nullptr) {
    return bad_answer("store.unrecognised",
                      fmt::format("the object has neither {} nor {}", kMaster, kAgents));
  }
  Store store;
  store.notes = gaps_of(result);
  if (master != nullptr) {
    const auto name = text_or_empty(graph, *master);
    if (!name || (!name->empty() && !is_server_name(*name))) {
      store.notes.push_back(fmt::format("{} is not the name of one server", kMaster));
    } else if (auto checked = check_label(kMaster, *name, limits); !checked) {
      return std::unexpected(std::move(checked.error()));
    } else {
      store.active_master = to_lower(*name);
    }
  }
  if (agents != nullptr) {
    store.file_transfer_agents = count_agents(graph, *agents);
    if (!store.file_transfer_agents) {
      store.notes.push_back(fmt::format("{} is not a list: it cannot be counted", kAgents));
    }
  }
  // Beside errors nothing may mean that it could not be asked.
  if (!gaps_of(result).empty()) {
    if (store.active_master == "") {
      store.active_master.reset();
    }
    if (store.file_transfer_agents == 0U) {
      store.file_transfer_agents.reset();
    }
  }
  return store;
}

Verdict judge(const Store& store) {
  Verdict verdict;
  const auto add = [](std::vector<Ground>& list, std::string code, std::string text) {
    list.push_back(
        {.module = {}, .direction = {}, .code = std::move(code), .text = std::move(text)});
  };
  if (!store.active_master) {
    add(verdict.doubts, "active_master_unknown", "The answer does not tell the active master.");
  } else if (store.active_master->empty()) {
    add(verdict.reasons, "no_active_master", "The Central Management store has no active master.");
  }
  if (!store.file_transfer_agents) {
    add(verdict.doubts, "file_transfer_agents_unknown",
        "The answer does not tell the active file transfer agents.");
  } else if (*store.file_transfer_agents == 0) {
    add(verdict.reasons, "no_file_transfer_agent",
        "The Central Management store has no active file transfer agent.");
  }
  if (!verdict.reasons.empty()) {
    verdict.working = false;
  }
  return verdict;
}

std::vector<Change> changes(const Store& before, const Store& now) {
  if (before.active_master == now.active_master) {
    return {};
  }
  return {{"active master changed",
           {{"from", word_of(before.active_master)}, {"to", word_of(now.active_master)}}}};
}

}  // namespace sfb::collectors
