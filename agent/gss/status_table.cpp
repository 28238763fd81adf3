#include "agent/gss/status_table.hpp"

#include <krb5/krb5.h>

#include <array>

namespace sfb::gss {

namespace {

// gss-ntlmssp has no public header for its codes.
constexpr std::int32_t kNtlmErrors = 0x4E540000;
constexpr std::int32_t kNtlmNoUserCredentials = kNtlmErrors + 17;
constexpr std::int32_t kNtlmBindings = kNtlmErrors + 23;
constexpr std::int32_t kNtlmSkew = kNtlmErrors + 24;

constexpr auto kAny = std::nullopt;

constexpr const char* kSpnUnknown =
    "no account of the domain has the name {spn}, which the ticket is for";
constexpr const char* kSpnRemedy =
    "ask for the computer's own full name: setspn -Q {spn} tells which account has a name. An "
    "address or an alias has none until somebody registers it: give the endpoint spn.host, or "
    "spn.service (WSMAN, host) where HTTP belongs to another account";
constexpr const char* kKdcRemedy =
    "look at TCP port 88 of the domain controllers, at the firewall and at the addresses that DNS "
    "gives; kdcs names others";
constexpr const char* kOwnerRemedy =
    "another account than the computer's may own the name (setspn -Q {spn}), or the computer "
    "account was reset: give the endpoint spn.service WSMAN or host, or another spn.host";
constexpr const char* kClockRemedy =
    "set both clocks by the same time source; Kerberos takes 5 minutes of difference. This is no "
    "refusal of the password";

constexpr std::array kRows = {
    // The account itself.
    StatusRow{KRB5KDC_ERR_PREAUTH_FAILED, Step::logon, true, Reason::auth, "auth.keytab_refused",
              "the KDC refuses the key of {principal} from the keytab",
              "make the keytab anew: the password has changed since, or the keytab was made with "
              "another salt (case of the account's name, user principal name, renamed domain)"},
    StatusRow{KRB5KDC_ERR_PREAUTH_FAILED, Step::logon, kAny, Reason::auth, "auth.refused",
              "the KDC refuses the password of {principal}", "check the password file"},
    StatusRow{KRB5KRB_AP_ERR_BAD_INTEGRITY, Step::logon, true, Reason::auth, "auth.keytab_refused",
              "the key of {principal} from the keytab does not fit the KDC's answer",
              "make the keytab anew: the password has changed since, or its salt is another"},
    StatusRow{KRB5KRB_AP_ERR_BAD_INTEGRITY, Step::logon, kAny, Reason::auth, "auth.refused",
              "the password of {principal} does not fit the KDC's answer",
              "check the password file"},
    StatusRow{KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, kAny, kAny, Reason::auth, "auth.account_unknown",
              "the KDC of {realm} does not know the account {principal}",
              "check the user name and the realm; a user principal name whose suffix is not the "
              "realm needs realm. An SPN cannot log on"},
    StatusRow{KRB5KDC_ERR_CLIENT_REVOKED, kAny, kAny, Reason::auth, "auth.account_locked",
              "the account {principal} is disabled, locked, expired or outside its logon hours",
              "look at the account in the domain; event 4768 of the domain controller has the "
              "status"},
    StatusRow{KRB5KDC_ERR_NAME_EXP, kAny, kAny, Reason::auth, "auth.account_expired",
              "the account {principal} has expired", "extend the account in the domain"},
    StatusRow{KRB5KDC_ERR_CLIENT_NOTYET, kAny, kAny, Reason::auth, "auth.account_expired",
              "the account {principal} is not valid yet", "look at the account in the domain"},
    StatusRow{KRB5KDC_ERR_KEY_EXP, kAny, kAny, Reason::auth, "auth.password_expired",
              "the password of {principal} has expired or must be changed at the next logon",
              "set a new password that does not expire, and write it into the password file"},
    StatusRow{KRB5KDC_ERR_POLICY, kAny, kAny, Reason::auth, "auth.policy",
              "a policy of the domain forbids {principal} this logon",
              "the account may be in an authentication policy or in Protected Users, or the domain "
              "demands armoring (FAST): use an account without these"},
    StatusRow{KRB5_PREAUTH_FAILED, kAny, kAny, Reason::protocol, "auth.preauth",
              "the KDC and this machine do not agree how {principal} proves itself",
              "the account may have no AES key (set its password anew), need a smart card, or the "
              "domain may demand armoring (FAST)"},
    StatusRow{KRB5KDC_ERR_PREAUTH_REQUIRED, kAny, kAny, Reason::protocol, "auth.preauth",
              "the KDC and this machine do not agree how {principal} proves itself",
              "the account may have no AES key (set its password anew), need a smart card, or the "
              "domain may demand armoring (FAST)"},
    // The name of the service.
    StatusRow{KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, Step::logon, kAny, Reason::not_found,
              "auth.realm_name", "the KDC does not know the realm {realm}",
              "write the realm as the domain's DNS name in upper case"},
    StatusRow{KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, kAny, kAny, Reason::not_found, "auth.spn_unknown",
              kSpnUnknown, kSpnRemedy},
    StatusRow{KRB5KDC_ERR_PRINCIPAL_NOT_UNIQUE, kAny, kAny, Reason::not_found, "auth.spn_duplicate",
              "several accounts of the domain have the name {spn}",
              "setspn -X lists them: leave it with the account that the service runs as"},
    StatusRow{KRB5KDC_ERR_MUST_USE_USER2USER, kAny, kAny, Reason::not_found, "auth.spn_owner",
              "{spn} belongs to an account that tickets cannot be made for", kOwnerRemedy},
    StatusRow{KRB5KRB_AP_ERR_MODIFIED, Step::proof, kAny, Reason::auth, "auth.ticket_refused",
              "the server cannot read the ticket for {spn}", kOwnerRemedy},
    StatusRow{KRB5KRB_AP_ERR_MODIFIED, kAny, kAny, Reason::protocol, "auth.kdc_reply",
              "the KDC's answer does not fit what was asked of it for {spn}",
              "the name may lead to a server with another SPN: give the endpoint spn.host"},
    StatusRow{KRB5KRB_AP_ERR_NOT_US, kAny, kAny, Reason::auth, "auth.ticket_refused",
              "the server says that the ticket for {spn} is not for it", kOwnerRemedy},
    StatusRow{KRB5KRB_AP_ERR_NOKEY, kAny, kAny, Reason::auth, "auth.ticket_refused",
              "the server has no key for the ticket for {spn}", kOwnerRemedy},
    StatusRow{
        KRB5KRB_AP_ERR_BADKEYVER, kAny, kAny, Reason::auth, "auth.ticket_refused",
        "the server has another key than the ticket for {spn}",
        "a new ticket was asked for and did not help: the computer's password differs between "
        "the server and the domain (Test-ComputerSecureChannel -Repair on the server), or the "
        "keytab of the service account is an old one"},
    StatusRow{KRB5KRB_AP_ERR_BAD_INTEGRITY, Step::proof, kAny, Reason::auth, "auth.ticket_refused",
              "the server cannot decrypt the ticket for {spn}", kOwnerRemedy},
    StatusRow{KRB5KRB_AP_WRONG_PRINC, kAny, kAny, Reason::auth, "auth.ticket_refused",
              "the server has no key for {spn}", kOwnerRemedy},
    StatusRow{KRB5KRB_AP_ERR_REPEAT, kAny, kAny, Reason::protocol, "auth.replay",
              "the server says that it has seen this proof already",
              "something between agent and server repeats requests; look at proxies"},
    // Time.
    StatusRow{KRB5KRB_AP_ERR_SKEW, Step::logon, kAny, Reason::protocol, "auth.clock",
              "the clocks of this machine and of the KDC of {realm} are too far apart",
              kClockRemedy},
    StatusRow{KRB5_KDCREP_SKEW, kAny, kAny, Reason::protocol, "auth.clock",
              "the clocks of this machine and of the KDC of {realm} are too far apart",
              kClockRemedy},
    StatusRow{KRB5KRB_AP_ERR_SKEW, kAny, kAny, Reason::protocol, "auth.clock",
              "the clocks of {host} and of the KDC or this machine are too far apart",
              kClockRemedy},
    StatusRow{KRB5KRB_AP_ERR_TKT_NYV, kAny, kAny, Reason::protocol, "auth.clock",
              "the ticket is not valid yet by the clock of {host}", kClockRemedy},
    StatusRow{KRB5KRB_AP_ERR_TKT_EXPIRED, kAny, kAny, Reason::protocol, "auth.ticket_expired",
              "the ticket has ended",
              "a given cache must be renewed by the program that fills it; otherwise compare the "
              "clocks"},
    StatusRow{KRB5KDC_ERR_NEVER_VALID, kAny, kAny, Reason::protocol, "auth.clock",
              "the KDC says that the ticket would never be valid", kClockRemedy},
    // The KDC and the way to it.
    StatusRow{KRB5_KDC_UNREACH, kAny, kAny, Reason::connect, "auth.kdc_unreachable",
              "no KDC of {realm} answers{kdcs}", kKdcRemedy},
    StatusRow{KRB5_REALM_UNKNOWN, kAny, kAny, Reason::dns, "auth.kdc_unknown",
              "no KDC is known for a realm on the way to {spn} (the account's is {realm})",
              "the name of the realm may be wrong; else name its KDCs (kdcs), also those of each "
              "trusted domain on the way, or let DNS have the SRV records _kerberos._tcp"},
    StatusRow{KRB5_REALM_CANT_RESOLVE, kAny, kAny, Reason::dns, "auth.kdc_unknown",
              "the names of the KDCs of {realm} cannot be resolved{kdcs}",
              "check kdcs, the DNS servers of this machine and the SRV records _kerberos._tcp"},
    StatusRow{KRB5KRB_ERR_RESPONSE_TOO_BIG, kAny, kAny, Reason::connect, "auth.kdc_unreachable",
              "the KDC's answer is too large for UDP, and TCP does not work{kdcs}", kKdcRemedy},
    StatusRow{KRB5KDC_ERR_SVC_UNAVAILABLE, kAny, kAny, Reason::connect, "auth.kdc_unreachable",
              "the KDC of {realm} is not able to serve now{kdcs}",
              "look at the domain controller, or name another one in kdcs"},
    StatusRow{KRB5KRB_ERR_GENERIC, Step::logon, kAny, Reason::protocol, "auth.kdc_reply",
              "the KDC of {realm} refuses without saying why{kdcs}",
              "look at the event log of the domain controller (System, source Kdcsvc)"},
    StatusRow{KRB5KRB_ERR_GENERIC, Step::ticket, kAny, Reason::protocol, "auth.kdc_reply",
              "the KDC of {realm} refuses without saying why{kdcs}",
              "look at the event log of the domain controller (System, source Kdcsvc)"},
    StatusRow{KRB5_KDCREP_MODIFIED, kAny, kAny, Reason::protocol, "auth.realm_name",
              "the KDC's answer does not fit what was asked of it",
              "write the realm in upper case, and the user name as the domain has it"},
    StatusRow{KRB5KDC_ERR_WRONG_REALM, kAny, kAny, Reason::not_found, "auth.realm_name",
              "the account {principal} is not of the realm {realm}",
              "write the realm of the account's own domain"},
    StatusRow{KRB5_CONFIG_NODEFREALM, kAny, kAny, Reason::process, "auth.realm_name",
              "no realm is known for {principal}", "give the credential a realm"},
    StatusRow{KRB5_CONFIG_BADFORMAT, kAny, kAny, Reason::process, "auth.krb5_conf",
              "the machine's krb5.conf cannot be read", "mend /etc/krb5.conf"},
    StatusRow{KRB5_CONFIG_CANTOPEN, kAny, kAny, Reason::process, "auth.krb5_conf",
              "the machine's krb5.conf cannot be opened", "let the agent's user read it"},
    // Encryption types.
    StatusRow{KRB5KDC_ERR_ETYPE_NOSUPP, Step::logon, kAny, Reason::protocol, "auth.enctype",
              "the KDC and this machine have no encryption type in common for {principal}",
              "allow AES for the account (msDS-SupportedEncryptionTypes 24) and set its password "
              "anew, so that it has AES keys; domain controllers patched since 2026 give no RC4 "
              "(KB5073381)"},
    StatusRow{KRB5KDC_ERR_ETYPE_NOSUPP, kAny, kAny, Reason::protocol, "auth.enctype",
              "the KDC has no encryption type for {spn} that this machine takes",
              "allow AES for the account that has the name (msDS-SupportedEncryptionTypes 24) and "
              "set its password anew; domain controllers patched since 2026 give no RC4 "
              "(KB5073381)"},
    StatusRow{KRB5_PROG_ETYPE_NOSUPP, kAny, kAny, Reason::protocol, "auth.enctype",
              "the KDC chose an encryption type that this machine does not have",
              "allow AES for the account and set its password anew"},
    StatusRow{KRB5_CONFIG_ETYPE_NOSUPP, kAny, kAny, Reason::process, "auth.enctype",
              "the machine's krb5.conf allows no encryption type that exists here",
              "look at permitted_enctypes in /etc/krb5.conf and at the crypto policy"},
    StatusRow{KRB5_KT_KVNONOTFOUND, kAny, kAny, Reason::process, "auth.keytab",
              "the keytab has no key of {principal} with the version that the KDC uses",
              "make the keytab anew"},
    // Keytab and cache.
    StatusRow{KRB5_KT_NOTFOUND, kAny, kAny, Reason::process, "auth.keytab",
              "the keytab has no key of {principal} that the KDC takes",
              "make a keytab for this very name (case counts) with AES keys; klist -ket shows it"},
    StatusRow{KRB5_KT_FORMAT, kAny, kAny, Reason::process, "auth.keytab", "the keytab is no keytab",
              "make it with ktpass, msktutil or ktutil"},
    StatusRow{KRB5_KEYTAB_BADVNO, kAny, kAny, Reason::process, "auth.keytab",
              "the keytab is no keytab", "make it with ktpass, msktutil or ktutil"},
    StatusRow{KRB5_KT_IOERR, kAny, kAny, Reason::process, "auth.keytab",
              "the keytab cannot be read", "look at the disk and at the file"},
    StatusRow{KRB5_FCC_NOFILE, kAny, kAny, Reason::process, "auth.ccache",
              "the given ticket cache is not there", "start the program that fills it"},
    StatusRow{KRB5_FCC_PERM, kAny, kAny, Reason::process, "auth.ccache",
              "the agent's user may not read the given ticket cache",
              "let the program that fills it give it to that user"},
    StatusRow{KRB5_CC_NOTFOUND, kAny, kAny, Reason::process, "auth.ccache",
              "the given ticket cache has no ticket of {principal} to ask with",
              "let the program that fills it log {principal} on; the case of names counts"},
    StatusRow{KRB5_CC_UNKNOWN_TYPE, kAny, kAny, Reason::process, "auth.ccache",
              "the type of the given ticket cache does not exist here",
              "use FILE:/path, DIR:/path, KEYRING:name or KCM:"},
    StatusRow{KRB5_CC_FORMAT, kAny, kAny, Reason::process, "auth.ccache",
              "the given ticket cache cannot be read", "let the program that fills it write anew"},
    StatusRow{KRB5_CC_IO, kAny, kAny, Reason::process, "auth.ccache",
              "the given ticket cache cannot be read", "look at the disk and at the file"},
    // NTLM.
    StatusRow{kNtlmNoUserCredentials, kAny, kAny, Reason::internal, "auth.password",
              "NTLM has no password for this account", "give the credential a password_file"},
    StatusRow{kNtlmBindings, kAny, kAny, Reason::protocol, "auth.bindings",
              "NTLM cannot send the channel bindings of this connection",
              "set channel_binding: off for this endpoint, if its server does not demand them"},
    StatusRow{kNtlmSkew, kAny, kAny, Reason::protocol, "auth.clock",
              "the clocks of {host} and of this machine are too far apart", kClockRemedy},
};

}  // namespace

std::span<const StatusRow> status_table() {
  return kRows;
}

}  // namespace sfb::gss
