// The constant scripts of collectors.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sfb::collectors {

/// What a script is made of.
struct ScriptParts {
  std::string_view parameters;  ///< what stands in `param(...)`
  std::string_view cmdlet;
  std::string_view before_extras = {};  ///< statements behind the count
  std::string_view more_extras = {};    ///< entries of the hashtable
  /// Statements before the text is made; may put other things than `$sfbStatus` into `$sfbShown`.
  /// An error in them is RenderFailed.
  std::string_view before_text = {};
};

/// A script that calls the cmdlet once with the parameters it was given and lets the objects out as
/// they come: an error behind them must not lose them. Behind them it sends one hashtable with
/// kExtrasTag: how many objects the cmdlet put out (`Count`, without `$null`) and errors it told
/// (`Errors`), so that it is seen when some did not come; the language mode, and, where `SfbWidth`
/// asks for it, what the server's own formatter makes of the objects (`Rendered`; or, with the
/// reason, `RenderRefused` where Out-String is not to be had in this session, `RenderFailed` where
/// it could not do it). Values come as arguments only. Written for FullLanguage and
/// ConstrainedLanguage. An error that ends the cmdlet ends the script too, as it ends a pipeline of
/// the cmdlet alone. What the import warns of or puts out is not the cmdlet's, and would come with
/// a session's first answer only.
std::string call_script(const ScriptParts& parts);

/// That of a cmdlet that takes the parameters of these names.
std::string plain_script(std::string_view cmdlet, std::span<const std::string_view> parameters);

}  // namespace sfb::collectors
