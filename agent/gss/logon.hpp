// The account's own ticket: by password, by keytab, or read from a given cache, into a MEMORY
// cache.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/secret.hpp"
#include "agent/base/time.hpp"
#include "agent/gss/account.hpp"
#include "agent/gss/handle.hpp"

#include <memory>
#include <string>

namespace sfb::gss {

/// What a keytab or given cache is, so that a change shows. Empty: the account has neither.
/// Reason::process, code auth.keytab or auth.ccache: it cannot be read.
Result<std::string> source_of(const Account& account);

/// A ticket-granting ticket in a new cache. Facts, also behind an error: `principal`, `canonical`,
/// `ccache`, `keytab`, `logon_kdcs`, `kdc_salt`, `kdc_clock`, `ticket_ends`. Errors: status.hpp,
/// step `logon`. Waits for the KDC; with a given cache only where its ticket is near its
/// end and can be renewed; `on_ask` is called before it is asked.
Result<std::unique_ptr<Tickets>> log_on(const Account& account, const Secret* password,
                                        WallTime now, Facts& facts, const OnAsk& on_ask);

}  // namespace sfb::gss
