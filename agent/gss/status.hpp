// Status codes of GSSAPI, MIT krb5 and gss-ntlmssp as sentences for an administrator.
#pragma once

#include "agent/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sfb::gss {

/// What failed, for the sentence.
enum class Step : std::uint8_t {
  logon,   ///< the account's own ticket (AS exchange), or reading keytab or cache
  ticket,  ///< the ticket for the service (TGS exchange)
  proof,   ///< the server's last token
  seal,    ///< wrap and unwrap
};

/// Who was asked for what; the sentences name it.
struct Circumstances {
  Step step = Step::logon;
  std::string principal = {};
  std::string spn = {};
  std::string realm = {};
  std::string kdcs = {};  ///< `10.0.0.1:88 (tcp), ...`; empty: not known
  bool keytab = false;
};

/// `major` and `minor` as the call returned them; `mechanism_text` is what gss_display_status says,
/// kept as the peer's text. The table covers every row that README.md of this room lists; another
/// code keeps its number and text (code auth.gssapi).
/// Does the error mean that the KDC or server refused this account's password or the account
/// itself? Then the reason is auth, and the account's back-off begins; else (clock, KDC, name,
/// configuration) it is another reason and locks nothing: connect, timeout, dns or tls is never
/// `auth`.
Error explain(std::uint32_t major, std::uint32_t minor, std::string_view mechanism_text,
              const Circumstances& circumstances);

}  // namespace sfb::gss
