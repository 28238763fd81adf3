// From the configured credentials to how connections log on.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/gss/account.hpp"
#include "agent/remote/winrm/winrm_transport.hpp"
#include "config/settings.hpp"

namespace sfb::app {

/// The account of an entry whose method is one of GSSAPI's.
gss::Account account_of(const config::Credentials& credentials);

/// How an endpoint of transport winrm logs on. `clock` outlives what is made.
remote::Logon logon_of(const config::Winrm& winrm, const config::Settings& settings,
                       const Clock& clock);

/// Hands the realms and domain controllers of the credentials to libkrb5: at a start before any
/// thread runs, also when there are none yet, and again after a reload. When it fails, libkrb5 goes
/// on with the machine's krb5.conf alone; that is no error where nobody asks for tickets.
Status use_realms(const config::Settings& settings);

}  // namespace sfb::app
