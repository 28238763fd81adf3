// The namespaces and addresses of WS-Management shells. Only this room needs them.
#pragma once

#include <string_view>

namespace sfb::wsman::space {

inline constexpr std::string_view kSoap = "http://www.w3.org/2003/05/soap-envelope";
inline constexpr std::string_view kAddressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
inline constexpr std::string_view kTransfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer";
inline constexpr std::string_view kWsman = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
inline constexpr std::string_view kMicrosoft =
    "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd";
inline constexpr std::string_view kShell =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
inline constexpr std::string_view kFault = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault";
/// Of creationXml, and what resource URIs begin with.
inline constexpr std::string_view kPowerShell = "http://schemas.microsoft.com/powershell";

}  // namespace sfb::wsman::space
