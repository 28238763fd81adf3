// The constant script of a collector whose objects come whole at remoting's depth.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sfb::collectors {

/// Calls the cmdlet once with the parameters it was given and lets the objects out as they come.
/// Behind them it sends one hashtable with kExtrasTag: how many objects (`Count`, without `$null`)
/// and errors (`Errors`) there were, the language mode, and, where `SfbWidth` asks for it, what the
/// server's own formatter makes of the objects. Values come as arguments only; `parameters` are the
/// names that the cmdlet takes. It is written for FullLanguage and ConstrainedLanguage.
std::string plain_script(std::string_view cmdlet, std::span<const std::string_view> parameters);

}  // namespace sfb::collectors
