// The constant script of this collector, for servers that let scripts run.
#pragma once

#include <string_view>

namespace sfb::collectors {

/// That of call_script, which also sends the modules as text (`Modules`): plain remoting serialises
/// one level deep, so the modules' own properties would be lost but for that. Where the session is
/// in strict mode, a property that is not there is an error of this script, which is nobody's. With
/// `SfbExpand` the text is that of the modules; `RenderFailed` where these are text themselves.
std::string_view backup_status_script();

}  // namespace sfb::collectors
