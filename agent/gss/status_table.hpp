// Minor codes of MIT krb5 and gss-ntlmssp, and what an administrator does about each. Data only.
#pragma once

#include "agent/base/error.hpp"
#include "agent/gss/status.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace sfb::gss {

/// The texts may have {principal}, {spn}, {host}, {realm} and {kdcs}.
struct StatusRow {
  std::int32_t minor = 0;
  std::optional<Step> step;    ///< none: at any step
  std::optional<bool> keytab;  ///< none: with a keytab and without
  Reason reason = Reason::internal;
  const char* code = "";
  const char* message = "";
  const char* remedy = "";
};

/// The first row that fits counts.
std::span<const StatusRow> status_table();

}  // namespace sfb::gss
