#include "agent/serve/targets_page.hpp"

#include "agent/base/json_string.hpp"
#include "agent/serve/api_pools.hpp"
#include "agent/serve/json_text.hpp"

#include <string>
#include <vector>

namespace sfb::serve {

http::Response targets_page(const status::Snapshot& snapshot) {
  std::vector<std::string> groups;
  groups.reserve(snapshot.pools.size());
  for (const status::PoolSnapshotPtr& pool : snapshot.pools) {
    const status::PoolIdentity& identity = pool->identity;
    const std::string& name = identity.fqdn.str();
    JsonObject labels;
    labels.add("__param_target", name)
        .add_known("__meta_sfb_site", identity.site.str())
        .add_known("__meta_sfb_deployment", identity.deployment.str())
        .add_known("__meta_sfb_paired_pool", identity.paired_pool.str())
        .add_known("__meta_sfb_transport", identity.transport.str())
        .add_known("__meta_sfb_endpoint", identity.endpoint.str());
    groups.push_back(JsonObject()
                         .add_raw("targets", '[' + json_string(name) + ']')
                         .add_raw("labels", labels.str())
                         .str());
  }
  return json_response(json_list(groups) + '\n');
}

}  // namespace sfb::serve
