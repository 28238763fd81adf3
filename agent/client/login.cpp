#include "agent/client/login.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/secret.hpp"
#include "agent/base/text.hpp"
#include "agent/client/ticket.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace sfb::client {

namespace {

constexpr std::string_view kPasswordFile = "SFB_BACKUP_EXPORTER_PASSWORD_FILE";
constexpr std::string_view kNegotiateVariable = "SFB_BACKUP_EXPORTER_NEGOTIATE";
constexpr std::string_view kTokenFile = "SFB_BACKUP_EXPORTER_TOKEN_FILE";

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

/// The one line of a file that a variable names.
Result<Secret> line_of(std::string_view variable, const std::string& path) {
  const auto unusable = [&](std::string_view what, std::string remedy) {
    return fail(Reason::process, "secret.unreadable",
                fmt::format("{}: {} {}", variable, quote(path, 200), what), std::move(remedy));
  };
  std::string bytes;
  bytes.resize(kMostSecret + 1);  // at once: what a growing text leaves behind is not wiped
  std::size_t size = 0;
  {
    const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
    if (file) {
      std::setvbuf(file.get(), nullptr, _IONBF, 0);  // no copy in a buffer
      size = std::fread(bytes.data(), 1, bytes.size(), file.get());
    }
    if (!file || std::ferror(file.get()) != 0) {
      return unusable(fmt::format("cannot be read: {}", std::strerror(errno)),
                      "name a file that your account can read");
    }
  }
  const Secret content(std::move(bytes));
  const auto line = secret_line(content.reveal().substr(0, size));
  if (!line) {
    return unusable(line.error().message, line.error().remedy);
  }
  return Secret(std::string(*line));
}

/// `scheme` and the proof, in memory that is wiped.
Secret authorization(std::string_view scheme, const Secret& proof) {
  std::string value;
  value.reserve(scheme.size() + 1 + proof.reveal().size());
  value.append(scheme).append(" ").append(proof.reveal());
  return Secret(std::move(value));
}

std::unexpected<Error> mistaken(std::string message, std::string remedy) {
  return fail(Reason::parse, "client.login", std::move(message), std::move(remedy));
}

}  // namespace

Access access_from(const std::function<const char*(const char*)>& variable) {
  const auto value = [&](const char* name) {
    const char* const found = variable(name);
    return std::string(found == nullptr ? "" : found);
  };
  return {.url = value("SFB_BACKUP_EXPORTER_URL"),
          .ca_file = value("SFB_BACKUP_EXPORTER_CA_FILE"),
          .cert_file = value("SFB_BACKUP_EXPORTER_CERT_FILE"),
          .key_file = value("SFB_BACKUP_EXPORTER_KEY_FILE"),
          .user = value("SFB_BACKUP_EXPORTER_USER"),
          .password_file = value("SFB_BACKUP_EXPORTER_PASSWORD_FILE"),
          .token_file = value("SFB_BACKUP_EXPORTER_TOKEN_FILE"),
          .negotiate = value("SFB_BACKUP_EXPORTER_NEGOTIATE")};
}

Result<http::ClientIdentity> identity_of(const Access& access) {
  if (access.user.empty() != access.password_file.empty()) {
    return mistaken(fmt::format("SFB_BACKUP_EXPORTER_USER and {} are set together or not at all",
                                kPasswordFile),
                    "set both");
  }
  if (!access.user.empty() && !access.token_file.empty()) {
    return mistaken(
        fmt::format("SFB_BACKUP_EXPORTER_USER and {} are two ways to say who asks", kTokenFile),
        "unset one of them");
  }
  if (!access.key_file.empty() && access.cert_file.empty()) {
    return mistaken("SFB_BACKUP_EXPORTER_KEY_FILE is set without SFB_BACKUP_EXPORTER_CERT_FILE",
                    "set both");
  }
  if (access.user.contains(':')) {
    return mistaken("SFB_BACKUP_EXPORTER_USER has a colon, which a user's name cannot have",
                    "correct it");
  }
  if (!access.negotiate.empty() && access.negotiate != "0" && access.negotiate != "1") {
    return mistaken(fmt::format("{} is neither 1 nor 0", kNegotiateVariable), "set it to 1");
  }
  const bool negotiate = access.negotiate == "1";
  if (negotiate && (!access.user.empty() || !access.token_file.empty())) {
    return mistaken(fmt::format("{} is set beside a user or a token", kNegotiateVariable),
                    "unset all but one of them");
  }
  if (negotiate && access.url.starts_with("unix:")) {
    return mistaken(
        fmt::format("{}: a ticket is for a host, and a unix socket has none", kNegotiateVariable),
        "let SFB_BACKUP_EXPORTER_URL name the agent's host");
  }
  http::ClientIdentity identity{.ca_file = access.ca_file,
                                .certificate_file = access.cert_file,
                                .key_file = access.key_file,
                                .authorization = {}};
  if (negotiate) {
    const auto ticket = std::make_shared<Ticket>();
    identity.prove = [ticket](const std::string& host, const std::string& bindings) {
      return ticket->prove(host, bindings);
    };
    identity.proved = [ticket](const http::Response& answer) { return ticket->check(answer); };
  } else if (!access.user.empty()) {
    const auto password = line_of(kPasswordFile, access.password_file);
    if (!password) {
      return std::unexpected(password.error());
    }
    std::string both;
    both.reserve(access.user.size() + 1 + password->reveal().size());
    both.append(access.user).append(":").append(password->reveal());
    const Secret pair(std::move(both));
    identity.authorization = authorization("Basic", Secret(base64_encode(pair.reveal())));
  } else if (!access.token_file.empty()) {
    const auto token = line_of(kTokenFile, access.token_file);
    if (!token) {
      return std::unexpected(token.error());
    }
    identity.authorization = authorization("Bearer", *token);
  }
  return identity;
}

}  // namespace sfb::client
