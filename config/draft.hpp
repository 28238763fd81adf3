// Settings on their way: what the files say, with places, before the cross checks.
#pragma once

#include "config/document.hpp"
#include "config/settings.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sfb::config {

/// One endpoint as written. Nodes live as long as their documents.
struct DraftEndpoint {
  Endpoint value;
  std::string key;  ///< `endpoints.dropbox`
  const Node* name_at = nullptr;
  // `file`, and the second `push` too:
  const Node* path_at = nullptr;     ///< null: absent
  const Node* max_age_at = nullptr;  ///< null: absent, the default counts
  bool max_age_known = false;        ///< it is to be compared with others
  // `push`:
  const Node* from_tokens_at = nullptr;  ///< null: absent
  // `winrm`:
  const Node* url_at = nullptr;
  std::vector<const Node*> urls_at;  ///< of each of the URLs
  const Node* credentials_at = nullptr;
  const Node* allow_unencrypted_at = nullptr;
  const Node* encryption_at = nullptr;
  const Node* channel_binding_at = nullptr;
  const Node* spn_host_at = nullptr;
  bool encryption_known = false;  ///< neither url nor allow_unencrypted was refused
};

/// One entry of `credentials` as written.
struct DraftCredentials {
  Credentials value;
  std::string key;  ///< `credentials.monitoring`
  const Node* name_at = nullptr;
};

/// One entry of a pool's `collectors` as written.
struct DraftCollector {
  PoolCollector value;
  std::string key;  ///< `pools[3].collectors.NAME`
  const Node* name_at = nullptr;
  const Node* interval_at = nullptr;
};

/// One pool as written: values are absent when they are not given or were refused, places are null
/// when they are not given.
struct DraftPool {
  std::string key;  ///< `pools[3]`
  const Node* node = nullptr;
  std::optional<Fqdn> fqdn;
  const Node* fqdn_at = nullptr;
  std::optional<std::string> endpoint;
  const Node* endpoint_at = nullptr;
  std::optional<Fqdn> paired_pool;
  const Node* paired_pool_at = nullptr;
  std::string site;
  std::string deployment;
  bool cms_master = false;
  const Node* cms_master_at = nullptr;
  bool expect_rgs = false;
  std::optional<std::chrono::milliseconds> interval;
  const Node* interval_at = nullptr;
  std::optional<std::chrono::milliseconds> timeout;
  const Node* timeout_at = nullptr;
  std::vector<DraftCollector> collectors;
};

/// All files so far.
struct Draft {
  Global global;
  Limits limits;
  Authorization authorization;
  Storage storage;
  std::vector<DraftCredentials> credentials;
  std::vector<DraftEndpoint> endpoints;
  std::vector<DraftPool> pools;
  const Node* global_at = nullptr;
  const Node* limits_at = nullptr;
  const Node* authorization_at = nullptr;
  const Node* directory_credentials_at = nullptr;
  const Node* storage_at = nullptr;
  // What keeps one mistake from being reported as two:
  bool pools_given = false;       ///< there are entries of `pools`, or something was meant as such
  bool references_known = true;   ///< every pool says its endpoint, so an unused one is unused
  bool credentials_known = true;  ///< `credentials` could be read, so a missing entry is missing
  bool credential_references_known = true;  ///< likewise of endpoints and credentials
};

}  // namespace sfb::config
