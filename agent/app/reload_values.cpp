#include "agent/app/reload_values.hpp"

#include "agent/base/limits.hpp"
#include "agent/base/saved_text.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <locale.h>  // newlocale
#include <openssl/evp.h>
#include <sys/stat.h>
#include <wctype.h>  // towlower_l

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace sfb::app {

namespace {

struct Identity {
  config::Transport target;  ///< only the keys that name it
  std::string method;
  std::string user;

  bool operator==(const Identity&) const = default;
};

struct Whole {
  config::Endpoint endpoint;
  std::optional<config::Credentials> credentials;
  Limits limits;

  bool operator==(const Whole&) const = default;
};

struct Terms {
  config::Endpoint endpoint;
  std::optional<config::Credentials> credentials;
  std::optional<FileMark> key;

  bool operator==(const Terms&) const = default;
};

// Windows compares user and domain names without case, and the locale of this machine has no say in
// it. Case is simple here: `ß` is not `SS`.
std::string without_case(std::string_view name) {
  static const locale_t kUnicode = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  std::string folded;
  for (std::size_t pos = 0; pos < name.size();) {
    const char32_t letter = next_code_point(name, pos);
    const auto wide = static_cast<wint_t>(letter);
    append_utf8(folded, static_cast<char32_t>(kUnicode != nullptr ? ::towlower_l(wide, kUnicode)
                                                                  : ::towlower(wide)));
  }
  return folded;
}

std::optional<config::Credentials> credentials_of(const config::Endpoint& endpoint,
                                                  const config::Settings& settings) {
  const auto* const winrm = std::get_if<config::Winrm>(&endpoint.transport);
  return winrm == nullptr ? std::nullopt : std::optional(config::credentials_of(*winrm, settings));
}

config::Transport target_of(const config::File& file) {
  return config::File{.path = file.path};
}

config::Transport target_of(const config::Winrm& winrm) {
  config::Winrm target;
  target.urls = winrm.urls;
  target.configuration_name = winrm.configuration_name;
  return target;
}

config::Transport target_of(const config::Ssh& ssh) {
  config::Ssh target;
  target.program = ssh.program;
  target.host = ssh.host;
  target.port = ssh.port;
  target.user = ssh.user;
  target.subsystem = ssh.subsystem;
  return target;
}

// Whoever pushes: it is the same pool's answer.
config::Transport target_of(const config::Push& /*push*/) {
  return config::Push{};
}

Identity identity_of(const config::Endpoint& endpoint, const config::Settings& settings) {
  Identity identity;
  identity.target =
      std::visit([](const auto& keys) { return target_of(keys); }, endpoint.transport);
  // Another account may see other things. Where its password lies and how a session is kept makes
  // no difference.
  if (const auto credentials = credentials_of(endpoint, settings)) {
    identity.method = credentials->method;
    identity.user = without_case(credentials->username) + "\n" + credentials->realm;
  }
  return identity;
}

// A saved state depends on these texts: what is added to them makes all pools start anew once.
void describe_target(std::string& text, const config::File& file) {
  append_saved_line(text, {file.kTransport, file.path});
}

void describe_target(std::string& text, const config::Winrm& winrm) {
  append_saved_line(text, {winrm.kTransport, winrm.configuration_name});
  for (const auto& url : winrm.urls) {
    append_saved_line(text, {"url", url.with_port()});
  }
}

void describe_target(std::string& text, const config::Ssh& ssh) {
  append_saved_line(text,
                    {ssh.kTransport, ssh.host, std::to_string(ssh.port), ssh.user, ssh.subsystem});
  for (const std::string& argument : ssh.program) {
    append_saved_line(text, {"program", argument});
  }
}

void describe_target(std::string& text, const config::Push& push) {
  append_saved_line(text, {push.kTransport});
}

}  // namespace

AnyComparable endpoint_identity(const config::Endpoint& endpoint,
                                const config::Settings& settings) {
  return identity_of(endpoint, settings);
}

std::string endpoint_source(const config::Endpoint& endpoint, const config::Settings& settings) {
  const Identity identity = identity_of(endpoint, settings);
  std::string text;
  std::visit([&](const auto& target) { describe_target(text, target); }, identity.target);
  append_saved_line(text, {"account", identity.method, identity.user});
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return {};
  }
  return fmt::format("{:02x}", fmt::join(std::span(digest).first(size), ""));
}

AnyComparable endpoint_settings(const config::Endpoint& endpoint,
                                const config::Settings& settings) {
  return Whole{.endpoint = endpoint,
               .credentials = credentials_of(endpoint, settings),
               .limits = settings.limits};
}

KeyMarks key_marks(const config::Settings& settings, FileInHand& hand) {
  KeyMarks marks;
  for (const config::Endpoint& endpoint : settings.endpoints) {
    const auto* const ssh = std::get_if<config::Ssh>(&endpoint.transport);
    if (ssh == nullptr || ssh->identity_file.empty()) {
      continue;
    }
    const FileInHand::Look look(hand, ssh->identity_file);
    struct stat info{};
    if (::stat(ssh->identity_file.c_str(), &info) == 0) {
      marks[ssh->identity_file] = {.device = info.st_dev,
                                   .inode = info.st_ino,
                                   .size = info.st_size,
                                   .seconds = info.st_mtim.tv_sec,
                                   .nanoseconds = info.st_mtim.tv_nsec};
    }
  }
  return marks;
}

AnyComparable endpoint_terms(const config::Endpoint& endpoint, const config::Settings& settings,
                             const KeyMarks& keys) {
  Terms terms{.endpoint = endpoint, .credentials = credentials_of(endpoint, settings), .key = {}};
  terms.endpoint.name.clear();
  if (auto* const winrm = std::get_if<config::Winrm>(&terms.endpoint.transport)) {
    winrm->credentials.clear();
    terms.credentials->name.clear();
    terms.credentials->username = without_case(terms.credentials->username);
  }
  if (const auto* const ssh = std::get_if<config::Ssh>(&endpoint.transport)) {
    if (const auto mark = keys.find(ssh->identity_file); mark != keys.end()) {
      terms.key = mark->second;
    }
  }
  return terms;
}

std::string endpoint_account(const config::Endpoint& endpoint, const config::Settings& settings) {
  const auto credentials = credentials_of(endpoint, settings);
  // None of them can have a line end.
  return credentials ? fmt::format("{}\n{}\n{}\n{}{}{}", credentials->method,
                                   without_case(credentials->username), credentials->realm,
                                   credentials->password_file, credentials->keytab_file,
                                   credentials->ccache)
                     : "";
}

}  // namespace sfb::app
