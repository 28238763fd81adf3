#include "agent/app/web.hpp"

#include "agent/app/patience.hpp"
#include "agent/app/watched_files.hpp"
#include "agent/base/text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <functional>
#include <map>
#include <utility>

namespace sfb::app {

namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kBetweenLooks{1};
// How long a connection waits for a look: a dead mount must not hold up those who come.
constexpr std::chrono::milliseconds kPatience{500};
constexpr std::chrono::seconds kReadTime{10};
// Two changes within one tick of a file system's clock look like one; coarse ones have two seconds.
constexpr std::chrono::seconds kTick{2};

// Notes what the file system says of each file before it is read, and what was in it.
class NotingFiles final : public config::Files {
 public:
  explicit NotingFiles(FileInHand& hand) : hand_(hand), files_(hand) {}

  struct Note {
    std::string seen;
    bool young = false;
  };

  static Note look_at(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) {
      return {fmt::format("errno {}", errno), false};
    }
    const auto tick_ago = std::chrono::system_clock::now() - kTick;
    const std::time_t changed = std::max(info.st_mtim.tv_sec, info.st_ctim.tv_sec);
    return {fmt::format("{} {} {} {}.{:09} {}.{:09}", info.st_dev, info.st_ino, info.st_size,
                        info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ctim.tv_sec,
                        info.st_ctim.tv_nsec),
            changed >= std::chrono::system_clock::to_time_t(tick_ago)};
  }

  std::vector<std::string> match(const std::string& pattern) const override {
    return files_.match(pattern);
  }
  Result<std::string> read(const std::string& path, std::size_t most) const override {
    {
      const FileInHand::Look look(hand_, path);
      notes_[absolute(path)] = look_at(path);
    }
    auto content = files_.read(path, most);
    content_ = content_ * 31 + std::hash<std::string>()(content ? *content : content.error().code);
    return content;
  }
  Result<config::SecretInfo> inspect(const std::string& path) const override {
    return files_.inspect(path);
  }
  Status executable(const std::string& path) const override { return files_.executable(path); }
  std::string absolute(const std::string& path) const override { return files_.absolute(path); }

  /// The sum of the notes on `files`.
  Note note(const std::vector<std::string>& files) const {
    Note sum;
    for (const std::string& file : files) {
      const Note& each = notes_[file];
      sum.seen += each.seen + "\n";
      sum.young = sum.young || each.young;
    }
    return sum;
  }
  std::size_t content() const { return content_; }

 private:
  FileInHand& hand_;
  WatchedFiles files_;
  mutable std::map<std::string, Note> notes_;
  mutable std::size_t content_ = 0;
};

std::string seen_of(const std::vector<std::string>& files, FileInHand& hand) {
  std::string seen;
  for (const std::string& file : files) {
    const FileInHand::Look look(hand, file);
    seen += NotingFiles::look_at(file).seen + "\n";
  }
  return seen;
}

std::vector<std::string> lines_of(const std::vector<config::Problem>& problems) {
  std::vector<std::string> lines;
  lines.reserve(problems.size());
  for (const config::Problem& problem : problems) {
    lines.push_back(config::to_string(problem));
  }
  return lines;
}

net::TlsVersion version_of(config::WebTlsVersion version) {
  return version == config::WebTlsVersion::tls1_3 ? net::TlsVersion::tls1_3
                                                  : net::TlsVersion::tls1_2;
}

net::ClientCertificate clients_of(config::ClientAuth auth) {
  switch (auth) {
    case config::ClientAuth::none:
      return net::ClientCertificate::none;
    case config::ClientAuth::request:
      return net::ClientCertificate::request;
    case config::ClientAuth::require_any:
      return net::ClientCertificate::require_any;
    case config::ClientAuth::verify_if_given:
      return net::ClientCertificate::verify_if_given;
    case config::ClientAuth::require_and_verify:
      return net::ClientCertificate::require_and_verify;
  }
  return net::ClientCertificate::require_and_verify;
}

net::TlsServerOptions tls_options(const config::WebTls& tls) {
  net::TlsServerOptions options;
  options.certificate = tls.certificate.text;
  options.certificate_from = tls.certificate.from;
  options.key = tls.key.text;
  options.key_from = tls.key.from;
  options.clients = clients_of(tls.client_auth);
  if (tls.client_ca) {
    options.client_ca = tls.client_ca->text;
    options.client_ca_from = tls.client_ca->from;
  }
  options.allowed_names = tls.client_allowed_sans.value_or(std::vector<std::string>());
  options.minimum = version_of(tls.min_version);
  options.maximum = version_of(tls.max_version);
  options.suites = tls.cipher_suites;
  options.our_order = tls.prefer_server_cipher_suites;
  options.curves = tls.curves;
  return options;
}

bool demands_certificate(config::ClientAuth auth) {
  return auth == config::ClientAuth::require_any || auth == config::ClientAuth::require_and_verify;
}

std::vector<std::string> opened(const std::string& path, const config::WebConfig& config,
                                const WebState& before) {
  std::vector<std::string> problems;
  const auto refuse = [&](std::string_view key, std::string_view who) {
    problems.push_back(
        fmt::format("{}: {}: is gone, which would let in {}, restart the agent if that is meant",
                    path, key, who));
  };
  if (before.tls != nullptr && !config.tls) {
    refuse("tls_server_config", "whoever speaks plain HTTP");
  }
  if (!before.config.basic_auth_users.empty() && config.basic_auth_users.empty()) {
    refuse("basic_auth_users", "everybody");
  }
  if (before.config.tls && config.tls) {
    const config::WebTls& old = *before.config.tls;
    const config::WebTls& now = *config.tls;
    if (demands_certificate(old.client_auth) && now.client_auth == config::ClientAuth::none) {
      refuse("tls_server_config.client_auth_type", "clients without a certificate");
    }
    if (now.client_auth != config::ClientAuth::none && old.client_ca && !now.client_ca) {
      refuse("tls_server_config.client_ca_file", "certificates of other CAs");
    }
    if (now.client_auth != config::ClientAuth::none && old.client_allowed_sans &&
        !now.client_allowed_sans) {
      refuse("tls_server_config.client_allowed_sans", "certificates of all names");
    }
  }
  return problems;
}

std::expected<WebStatePtr, std::vector<std::string>> make_state(const std::string& path,
                                                                config::WebFile file,
                                                                const WebState* before) {
  if (!file.config) {
    return std::unexpected(lines_of(file.config.error()));
  }
  if (before != nullptr) {
    if (auto problems = opened(path, *file.config, *before); !problems.empty()) {
      return std::unexpected(std::move(problems));
    }
  }
  auto state = std::make_shared<WebState>();
  if (file.config->tls) {
    auto tls = net::TlsServer::create(tls_options(*file.config->tls));
    if (!tls) {
      return std::unexpected(
          std::vector{fmt::format("{}: tls_server_config: {}", path, describe(tls.error()))});
    }
    state->tls = std::move(*tls);
    file.config->tls->key = {};  // OpenSSL has it
  }
  state->config = std::move(*file.config);
  return state;
}

}  // namespace

WebReading read_web(const std::string& path, const WebState* before, FileInHand& hand) {
  const NotingFiles files(hand);
  config::WebFile file = config::load_web_config(path, files);
  WebReading reading;
  reading.warnings = lines_of(file.warnings);
  reading.files = file.files;
  const auto note = files.note(reading.files);
  reading.seen = note.seen;
  reading.young = note.young;
  reading.content = files.content();
  reading.state = make_state(path, std::move(file), before);
  return reading;
}

std::optional<WebReading> read_web_or_complain(const std::string& path) {
  auto reading = patiently([path](FileInHand& hand) { return read_web(path, nullptr, hand); });
  if (reading && !reading->state) {
    for (const std::string& problem : reading->state.error()) {
      fmt::print(stderr, "{}\n", problem);
    }
    reading.reset();
  }
  return reading;
}

Web::Web(Parts parts, WebReading first)
    : parts_(std::move(parts)), state_(*first.state), next_look_(net::mono_now() + kBetweenLooks) {
  apply(std::move(first));
}

asio::awaitable<std::shared_ptr<net::TlsServer>> Web::current() {
  const auto self = shared_from_this();
  co_await look();
  co_return known();
}

asio::awaitable<void> Web::look() {
  const auto self = shared_from_this();
  if (!reading_) {
    if (net::mono_now() < next_look_) {
      co_return;
    }
    begin(false);
  }
  co_await looked_.wait_until(net::mono_now() + kPatience);
}

asio::awaitable<std::vector<std::string>> Web::reload() {
  const auto self = shared_from_this();
  again_ = reading_;
  if (!reading_) {
    begin(true);
  }
  while (reading_) {
    co_await looked_.wait_until(net::kNever);  // each reading ends within kReadTime
  }
  co_return problems_;
}

void Web::begin(bool anew) {
  reading_ = true;
  asio::co_spawn(parts_.loop, read(shared_from_this(), anew), [](std::exception_ptr failure) {
    if (failure) {
      std::rethrow_exception(failure);
    }
  });
}

asio::awaitable<void> Web::read(std::shared_ptr<Web> self, bool anew) {
  Web& web = *self;
  using Outcome = std::optional<WebReading>;  // nothing: no file has changed
  do {
    anew = anew || std::exchange(web.again_, false) || web.unreachable_;
    const bool look_first = !anew && !web.last_.young;
    auto outcome = co_await web.parts_.pool.run_until(
        [path = web.parts_.path, files = web.last_.files, seen = web.last_.seen,
         before = web.state_, look_first, hand = web.hand_]() -> Result<Outcome> {
          return look_first && seen_of(files, *hand) == seen ? Outcome()
                                                             : read_web(path, before.get(), *hand);
        },
        net::mono_now() + kReadTime, "web.timeout");
    web.unreachable_ = !outcome;
    if (!outcome) {
      const bool late = outcome.error().code == "web.timeout";
      web.refuse({describe(late ? web.hand_->hung("web.timeout") : outcome.error())});
    } else if (*outcome && !anew && (*outcome)->content == web.last_.content) {
      web.last_.seen = std::move((*outcome)->seen);
      web.last_.young = (*outcome)->young;
    } else if (*outcome) {
      web.apply(std::move(**outcome));
    }
    anew = false;
  } while (web.again_);
  web.reading_ = false;
  web.next_look_ = net::mono_now() + kBetweenLooks;
  web.looked_.notify_all();
}

void Web::apply(WebReading reading) {
  last_ = std::move(reading);
  if (!last_.state) {
    refuse(last_.state.error());
    return;
  }
  for (const std::string& warning : last_.warnings) {
    parts_.logger.warn("web configuration", {{"problem", warning}});
  }
  state_ = *last_.state;
  problems_.clear();
  std::optional<WallTime> ends;
  if (state_->tls != nullptr) {
    ends = state_->tls->not_after();
  }
  parts_.logger.info("web configuration in use",
                     {{"file", parts_.path},
                      {"tls", ends ? "on" : "off"},
                      {"certificate_ends", ends ? format_iso8601(*ends) : ""}});
  parts_.self->web_config(true, parts_.clock.now().wall);
  parts_.self->web_certificate(ends);
}

void Web::refuse(std::vector<std::string> problems) {
  problems_ = std::move(problems);
  for (const std::string& problem : problems_) {
    parts_.logger.error("web configuration refused, the last good one stays",
                        {{"problem", problem}});
  }
  parts_.self->web_config(false, parts_.clock.now().wall);
}

}  // namespace sfb::app
