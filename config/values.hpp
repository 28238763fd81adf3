// Values that several sections have: names, words of this build, files.
#pragma once

#include "config/context.hpp"
#include "config/fields.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sfb::config {

/// A name that PowerShell or a server gave, at most 128 letters, digits, dots, hyphens and
/// underscores, so that it is one thing everywhere. Nothing when it is absent or no such name,
/// which has then been reported. `shown_by`: where the right name is to be seen.
std::optional<std::string> read_name(Section& section, std::string_view name, bool empty_allowed,
                                     std::string_view shown_by);

/// A word of a list that grows with the builds: nothing when it is absent or not in `available`,
/// which has then been reported, apart for a word of `known` and any other. `what`: `transport`.
std::optional<std::string> read_offered(Section& section, std::string_view what,
                                        std::span<const std::string> available,
                                        std::span<const std::string_view> known);

/// The folder of the file in which the section stands, absolute.
std::string folder_of(const Section& section, const Context& context);

/// Whether a message may repeat the name of a file that may not be there. `no`: for files of
/// secrets, where the secret itself may stand in the name's place.
enum class Repeat : std::uint8_t { yes, no };

/// A file named by key `name`, absolute: a relative one is taken from the folder of the file that
/// names it. Nothing when it is absent, empty or no path, which has then been reported.
std::optional<std::string> read_path(Section& section, std::string_view name,
                                     const Context& context, Repeat repeat = Repeat::yes);

/// Why a file that `read_path` gave cannot be used.
void report_unusable(Section& section, std::string_view name, const std::string& path,
                     const Error& error, Repeat repeat = Repeat::yes);

/// What a file of a secret holds, for messages. All but keys are one line of text.
inline constexpr std::string_view kPasswordContent = "password";
inline constexpr std::string_view kKeyContent = "key";
inline constexpr std::string_view kTokenContent = "token";
inline constexpr std::string_view kTokenRemedy = "make one with `openssl rand -hex 32`";

/// The same of a file with a secret in it, which is looked at: one that cannot be used has been
/// reported, one that others may read or change is a warning.
std::optional<std::string> read_secret_file(Section& section, const Context& context,
                                            std::string_view key, std::string_view content);

}  // namespace sfb::config
