#include "agent/serve/targets_page.hpp"

#include "tests/unit/serve/query_rig.hpp"
#include "tests/unit/serve/snapshots.hpp"

#include <gmock/gmock.h>

#include <memory>

namespace sfb::serve {
namespace {

status::PoolSnapshotPtr pool(const char* name, const char* paired, const char* site,
                             const char* deployment) {
  return std::make_shared<status::PoolSnapshot>(status::PoolSnapshot{
      .identity = {Fqdn::parse(name).value(), paired, site, deployment, "drop", "file", {}}});
}

TEST(Targets, OneGroupAPoolAndUnknownLabelsAreLeftOut) {
  status::Snapshot snapshot;
  snapshot.pools = {pool("atl.example.com", "chi.example.com", "A \"1\"", "corp"),
                    pool("chi.example.com", "", "", "")};
  const http::Response page = targets_page(snapshot);
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(testing::header_of(page, "Content-Type"), "application/json");
  EXPECT_EQ(testing::body_of(page),
            "[\n"
            R"({"targets":["atl.example.com"],"labels":{"__param_target":"atl.example.com",)"
            R"("__meta_sfb_site":"A \"1\"","__meta_sfb_deployment":"corp",)"
            R"("__meta_sfb_paired_pool":"chi.example.com","__meta_sfb_transport":"file",)"
            R"("__meta_sfb_endpoint":"drop"}},)"
            "\n"
            R"({"targets":["chi.example.com"],"labels":{"__param_target":"chi.example.com",)"
            R"("__meta_sfb_transport":"file","__meta_sfb_endpoint":"drop"}})"
            "\n]\n");
}

TEST(Targets, NoPoolsAreAnEmptyList) {
  EXPECT_EQ(testing::body_of(targets_page({})), "[]\n");
}

}  // namespace
}  // namespace sfb::serve
