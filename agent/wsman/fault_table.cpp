// Data: what each known fault means here. Words are English: a server with another
// display language is recognised by code or subcode alone.
#include "agent/wsman/fault_table.hpp"

#include <array>

namespace sfb::wsman {

namespace {

constexpr std::string_view kQuotaRemedy =
    "look at the quotas with `winrm get winrm/config` and at those of the session's plug-in; other "
    "tools with the same account share them";
constexpr std::string_view kShellsRemedy =
    "look for shells left open by this account (`winrm enumerate shell`) and at MaxShellsPerUser, "
    "of `winrm get winrm/config/winrs` and of the session's plug-in; shells left behind go away "
    "after the server's IdleTimeout";
constexpr std::string_view kOperationsRemedy =
    "look at MaxConcurrentOperationsPerUser in `winrm get winrm/config/service` and in the "
    "plug-in's quotas; commands never ended by other tools of this account count too";
constexpr std::string_view kUsersRemedy =
    "look at MaxConcurrentUsers in `winrm get winrm/config/winrs` and in the plug-in's quotas, and "
    "at who else works on this server remotely";
constexpr std::string_view kAccessRemedy =
    "give the account the right to this session configuration (its permission, or the role-based "
    "groups it wants); for the default one membership in Remote Management Users is enough";
constexpr std::string_view kGoneRemedy =
    "do nothing if this is rare: a new session opens by itself; if it happens often, look at the "
    "IdleTimeout and for restarts of WinRM or of the application pool on the server; behind a load "
    "balancer each session must stay on one server, so let url name one";
constexpr std::string_view kHostRemedy =
    "look at the server's event logs for the end of wsmprovhost.exe or of the application pool, "
    "and "
    "at MaxMemoryPerShellMB in `winrm get winrm/config/winrs`";
constexpr std::string_view kNameRemedy =
    "compare url and configuration_name with what the server has (Get-PSSessionConfiguration, or "
    "the virtual directory in IIS)";
constexpr std::string_view kBugRemedy =
    "this is a fault of this program or of a proxy between: run `evaluate --debug POOL` and report "
    "the "
    "envelopes";
constexpr std::string_view kEnvelopeRemedy =
    "look at MaxEnvelopeSizekb in `winrm get winrm/config`; it must be 150 or more";
constexpr std::string_view kWinrsRemedy =
    "check that url and configuration_name name a PowerShell endpoint and not the command shell";

using enum Reaction;

constexpr std::array kRows = {
    FaultRow{
        2150858793,
        "OPERATION_TIMEDOUT",
        "TimedOut",
        "",
        {Reason::timeout, "wsman.timed_out", "the server did not finish within its time",
         "look at the load of the server and at MaxTimeoutms in `winrm get winrm/config`", repeat}},
    FaultRow{2150858843,
             "UNEXPECTED_SELECTORS",
             "InvalidSelectors",
             "",
             {Reason::not_found, "wsman.shell_gone", "the server no longer knows the shell",
              kGoneRemedy, reopen}},
    FaultRow{995,
             "OPERATION_ABORTED",
             "",
             "",
             {Reason::not_found, "wsman.aborted", "the server closed the shell during a request",
              kGoneRemedy, reopen}},
    FaultRow{1726,
             "RPC_S_CALL_FAILED",
             "",
             "provider host process did not return",
             {Reason::process, "wsman.host_ended",
              "the process that runs PowerShell on the server ended", kHostRemedy, give_up}},
    FaultRow{
        5,
        "ACCESS_DENIED",
        "AccessDenied",
        "",
        {Reason::forbidden, "wsman.access_denied",
         "the account may not use this endpoint or session configuration", kAccessRemedy, give_up}},
    FaultRow{
        2147942405,
        "E_ACCESSDENIED",
        "",
        "",
        {Reason::forbidden, "wsman.access_denied",
         "the account may not use this endpoint or session configuration", kAccessRemedy, give_up}},
    FaultRow{2150858815,
             "QUOTA_LIMIT",
             "QuotaLimit",
             "",
             {Reason::throttled, "wsman.quota", "a quota of the server is used up", kQuotaRemedy,
              give_up}},
    FaultRow{2150859173,
             "QUOTA_MAX_SHELLS",
             "",
             "maximum*concurrent shells",
             {Reason::throttled, "wsman.quota_shells",
              "the account has as many shells open as the server allows (MaxShellsPerUser)",
              kShellsRemedy, give_up}},
    FaultRow{2150859174,
             "QUOTA_MAX_OPERATIONS",
             "",
             "maximum*concurrent operations",
             {Reason::throttled, "wsman.quota_operations",
              "the account has as many operations under way as the server allows "
              "(MaxConcurrentOperationsPerUser)",
              kOperationsRemedy, give_up}},
    FaultRow{2150859175,
             "QUOTA_USER",
             "",
             "user load quota",
             {Reason::throttled, "wsman.quota_user",
              "the account sends more requests than the server takes from one user", kQuotaRemedy,
              give_up}},
    FaultRow{2150859176,
             "QUOTA_SYSTEM",
             "",
             "system load quota",
             {Reason::throttled, "wsman.quota_system",
              "the server gets more requests than it takes from all users together", kQuotaRemedy,
              give_up}},
    FaultRow{2150859179,
             "QUOTA_MAX_SHELLUSERS",
             "",
             "maximum number of users",
             {Reason::throttled, "wsman.quota_shell_users",
              "as many users have shells open as the server allows (MaxConcurrentUsers)",
              kUsersRemedy, give_up}},
    FaultRow{2150859236,
             "QUOTA_MAX_SHELLS_PPQ",
             "",
             "",
             {Reason::throttled, "wsman.plugin_quota_shells",
              "the account has as many shells open as the session's plug-in allows for one user",
              kShellsRemedy, give_up}},
    FaultRow{2150859237,
             "QUOTA_MAX_USERS_PPQ",
             "",
             "",
             {Reason::throttled, "wsman.plugin_quota_users",
              "as many users work with the session's plug-in as it allows", kUsersRemedy, give_up}},
    FaultRow{
        2150859238,
        "QUOTA_MAX_PLUGINSHELLS_PPQ",
        "",
        "",
        {Reason::throttled, "wsman.plugin_quota_all_shells",
         "the session's plug-in has as many shells open as it allows", kShellsRemedy, give_up}},
    FaultRow{2150859239,
             "QUOTA_MAX_PLUGINOPERATIONS_PPQ",
             "",
             "",
             {Reason::throttled, "wsman.plugin_quota_all_operations",
              "the session's plug-in has as many operations under way as it allows",
              kOperationsRemedy, give_up}},
    FaultRow{2150859240,
             "QUOTA_MAX_OPERATIONS_USER_PPQ",
             "",
             "",
             {Reason::throttled, "wsman.plugin_quota_operations",
              "the account has as many operations under way as the session's plug-in allows for "
              "one user",
              kOperationsRemedy, give_up}},
    FaultRow{2150859241,
             "QUOTA_MAX_COMMANDS_PER_SHELL_PPQ",
             "",
             "maximum*commands per shell",
             {Reason::throttled, "wsman.quota_commands",
              "the shell has had as many commands as the server allows "
              "(MaxConcurrentCommandsPerShell)",
              "do nothing if this is rare: a new shell opens by itself; if it happens often, raise "
              "MaxConcurrentCommandsPerShell of the session's plug-in",
              reopen}},
    FaultRow{2150859242,
             "QUOTA_MIN_REQUIREMENT_NOT_AVAILABLE_PPQ",
             "",
             "",
             {Reason::throttled, "wsman.quota_minimum",
              "the server cannot give the session the least that its plug-in's quotas promise",
              kQuotaRemedy, give_up}},
    FaultRow{2150858767,
             "INVALID_SOAP_HEADER",
             "",
             "",
             {Reason::protocol, "wsman.invalid_header",
              "the server refuses a header of the request", kBugRemedy, give_up}},
    FaultRow{2150858817,
             "SCHEMA_VALIDATION_ERROR",
             "SchemaValidationError",
             "",
             {Reason::protocol, "wsman.schema", "the request does not fit the server's schema",
              kBugRemedy, give_up}},
    FaultRow{2150858819,
             "INVALID_XML",
             "",
             "",
             {Reason::protocol, "wsman.invalid_xml", "the server cannot read the request's XML",
              kBugRemedy, give_up}},
    FaultRow{2150858752,
             "RESOURCE_NOT_FOUND",
             "DestinationUnreachable",
             "",
             {Reason::not_found, "wsman.resource_not_found",
              "the server has no such endpoint or session configuration", kNameRemedy, give_up}},
    FaultRow{
        2150858753,
        "INVALID_ACTIONURI",
        "ActionNotSupported",
        "",
        {Reason::protocol, "wsman.bad_action",
         "the server does not know the requested action for this resource", kNameRemedy, give_up}},
    FaultRow{2150858811,
             "INVALID_RESOURCE_URI",
             "",
             "",
             {Reason::not_found, "wsman.bad_resource",
              "the server does not know the session configuration", kNameRemedy, give_up}},
    FaultRow{
        2150858824,
        "MAX_ENVELOPE_SIZE_EXCEEDED",
        "EncodingLimit",
        "",
        {Reason::protocol, "wsman.envelope_size",
         "a request or reply is larger than the envelope size allows", kEnvelopeRemedy, give_up}},
    FaultRow{2150858825,
             "SERVER_ENVELOPE_LIMIT",
             "",
             "",
             {Reason::protocol, "wsman.server_envelope",
              "the request is larger than the server's envelope limit", kEnvelopeRemedy, give_up}},
    FaultRow{2150859161,
             "REDIRECT_REQUESTED",
             "",
             "",
             {Reason::protocol, "wsman.redirect", "the server sends us to another address",
              "redirections are not followed: put the final address into url", give_up}},
    FaultRow{2150858806,
             "FAILED_AUTHENTICATION",
             "",
             "",
             {Reason::auth, "wsman.authentication", "the server refuses the credentials",
              "check user name and password, and which logons the endpoint accepts", give_up}},
    FaultRow{2152992672,
             "PowerShellplugin",
             "",
             "",
             {Reason::forbidden, "wsman.plugin_refused",
              "the server's PowerShell refuses to make a session for this account",
              "the server's own words say why; most often the account is in none of the role-based "
              "groups this endpoint wants",
              give_up}},
    FaultRow{
        2147942402,
        "FILE_NOT_FOUND",
        "",
        "",
        {Reason::protocol, "wsman.file_not_found",
         "the server looks for a program file, as its command shell does", kWinrsRemedy, give_up}},
    FaultRow{2147942606,
             "FILENAME_EXCED_RANGE",
             "",
             "",
             {Reason::protocol, "wsman.name_too_long",
              "the server takes the request for a command line that is too long", kWinrsRemedy,
              give_up}},
};

constexpr Meaning kUnknown = {
    Reason::protocol, "wsman.fault", "the server answers with a fault",
    "the server's own words say more; look at the event log Microsoft-Windows-WinRM/Operational on "
    "the server",
    give_up};

}  // namespace

std::span<const FaultRow> fault_rows() {
  return kRows;
}

const Meaning& unknown_fault() {
  return kUnknown;
}

}  // namespace sfb::wsman
