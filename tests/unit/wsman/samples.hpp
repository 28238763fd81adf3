// Replies as servers write them, made up for tests.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace sfb::wsman::testing {

inline constexpr std::string_view kType = "application/soap+xml;charset=UTF-8";
inline constexpr std::string_view kShellUri =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";

/// The way newer Windows servers write: declarations at the top, headers before the body.
inline std::string soap(std::string_view relates_to, std::string_view body) {
  return fmt::format(
      R"(<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header><a:Action>http://example.invalid/any</a:Action><a:MessageID>uuid:11112222-3333-4444-5555-666677778888</a:MessageID><p:OperationID s:mustUnderstand="false">uuid:0</p:OperationID>{}<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To></s:Header><s:Body>{}</s:Body></s:Envelope>)",
      relates_to.empty() ? "" : fmt::format("<a:RelatesTo>{}</a:RelatesTo>", relates_to), body);
}

inline std::string create_body(std::string_view shell_id) {
  return fmt::format(
      R"(<x:ResourceCreated><a:Address>http://pool:5985/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>http://schemas.microsoft.com/powershell/Microsoft.PowerShell</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>)",
      shell_id);
}

inline std::string command_body(std::string_view command_id) {
  return fmt::format("<rsp:CommandResponse><rsp:CommandId>{}</rsp:CommandId></rsp:CommandResponse>",
                     command_id);
}

inline std::string stream(std::string_view command_id, std::string_view base64) {
  return fmt::format(R"(<rsp:Stream Name="stdout"{}>{}</rsp:Stream>)",
                     command_id.empty() ? "" : fmt::format(R"( CommandId="{}")", command_id),
                     base64);
}

inline std::string state(std::string_view command_id, std::string_view word) {
  return fmt::format(R"(<rsp:CommandState{} State="{}/CommandState/{}"/>)",
                     command_id.empty() ? "" : fmt::format(R"( CommandId="{}")", command_id),
                     kShellUri, word);
}

inline std::string receive_body(std::string_view streams) {
  return fmt::format("<rsp:ReceiveResponse>{}</rsp:ReceiveResponse>", streams);
}

/// A fault as Windows writes it; an empty `subcode` or `detail` is left out.
inline std::string fault_body(std::string_view subcode, std::string_view reason,
                              std::string_view detail) {
  return fmt::format(
      R"(<s:Fault><s:Code><s:Value>s:Receiver</s:Value>{}</s:Code><s:Reason><s:Text xml:lang="en-US">{}</s:Text></s:Reason>{}</s:Fault>)",
      subcode.empty() ? "" : fmt::format("<s:Subcode><s:Value>w:{}</s:Value></s:Subcode>", subcode),
      reason, detail.empty() ? "" : fmt::format("<s:Detail>{}</s:Detail>", detail));
}

inline std::string wsman_fault(std::string_view code, std::string_view message) {
  return fmt::format(
      R"(<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="{}" Machine="fe01.contoso.com"><f:Message>{}</f:Message></f:WSManFault>)",
      code, message);
}

inline std::string fault(std::string_view relates_to, std::string_view subcode,
                         std::string_view code, std::string_view text = "Something is wrong.") {
  return soap(relates_to, fault_body(subcode, text, code.empty() ? "" : wsman_fault(code, text)));
}

}  // namespace sfb::wsman::testing
