// What a keytab of a service holds: whose tickets it opens.
#pragma once

#include "agent/base/error.hpp"

#include <string>
#include <vector>

namespace sfb::gss {

/// The keys of one file, without the keys themselves.
struct ServiceKeys {
  /// Of `HTTP/host` and, for a machine's own keytab, of `host/host`, which has the same key;
  /// sorted, each once, at most 20. A key opens tickets whatever name it has here.
  std::vector<std::string> hosts;
  bool weak = false;  ///< one key is none of AES
};

/// Blocks. Reason::process, code `access.keytab`: the file cannot be read, or holds no key. The
/// path is named; libkrb5's words are the peer's text. Thread rule: any thread, but not the loop.
Result<ServiceKeys> read_service_keys(const std::string& keytab_file);

/// `a.example.com or b.example.com`: the names that callers must use, for messages; two at most.
/// Empty where none is known.
std::string hosts_text(const ServiceKeys& keys);

}  // namespace sfb::gss
