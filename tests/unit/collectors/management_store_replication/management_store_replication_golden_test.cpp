// Golden answers of both collectors: tests/collectors/management_store_replication/*.tsv.
#include "collectors/management_store_replication/management_store_replication.hpp"
#include "collectors/management_store_replication/replicas.hpp"
#include "collectors/management_store_replication/store.hpp"
#include "tests/unit/collectors/golden.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace sfb::collectors {
namespace {

const std::string kFolder = "management_store_replication/";

template <typename F>
Result<F> read_golden(const std::string& name,
                      Result<F> (*read)(const PipelineResult&, const Limits&)) {
  const auto result = testing::golden_answer(SFB_SOURCE_DIR "/tests/collectors/" + kFolder + name);
  return result ? read(*result, {}) : std::unexpected(result.error());
}

std::string date(const std::optional<WallTime>& time) {
  return time ? format_iso8601(*time) : "-";
}

std::string told_replicas(const std::string& name) {
  const auto read = read_golden(name, read_replicas);
  std::string line = name + "\t" + (read ? "" : describe(read.error()));
  for (const Replica& replica : read ? read->replicas : std::vector<Replica>{}) {
    line += fmt::format("{}{}={}/{}/{}", line.ends_with('\t') ? "" : " ", replica.fqdn,
                        !replica.up_to_date   ? "-"
                        : *replica.up_to_date ? "True"
                                              : "False",
                        date(replica.last_status_report), date(replica.last_update_creation));
  }
  return line;
}

std::string told_store(const std::string& name) {
  const auto store = read_golden(name, read_store);
  if (!store) {
    return name + "\t" + describe(store.error());
  }
  const std::string agents =
      store->file_transfer_agents ? std::to_string(*store->file_transfer_agents) : "-";
  const std::string master = store->active_master.value_or("-");
  return name + "\t" + (master.empty() ? "none" : master) + "\t" + agents;
}

TEST(Golden, ManagementStoreReplication) {
  EXPECT_EQ(testing::expect_cases(kFolder + "replicas.tsv", told_replicas), 5U);
}

TEST(Golden, CentralManagementStore) {
  EXPECT_EQ(testing::expect_cases(kFolder + "store.tsv", told_store), 9U);
}

}  // namespace
}  // namespace sfb::collectors
