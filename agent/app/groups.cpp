#include "agent/app/groups.hpp"

#include "agent/app/logons.hpp"
#include "agent/base/host_port.hpp"
#include "agent/base/text.hpp"
#include "agent/net/deadline.hpp"
#include "agent/remote/winrm/password_file.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace sfb::app {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::chrono::minutes kInterval = 1h;
// After a failure that costs no account a try.
constexpr std::chrono::minutes kRetry = 1min;
// A job that has not ended by then hangs, in a dead mount for one.
constexpr auto kAnswerTime = 10min;

// Which directory, asked as whom; nothing secret.
std::string text_of(const directory::Options& options) {
  const gss::Account& account = options.account;
  std::string text = fmt::format("{} {} {}", account.username, account.realm,
                                 account.keytab_file + account.ccache);
  for (const directory::Server& server : options.servers) {
    text += " " + server.text();
  }
  return text;
}

void rethrow(std::exception_ptr failure) {
  if (failure) {
    std::rethrow_exception(failure);  // a bug: better no agent than one with old groups
  }
}

}  // namespace

std::chrono::minutes pause_after(const Result<directory::Answers>& answers) {
  const bool good = answers && answers->whole();
  const bool refused = !answers && answers.error().reason == Reason::auth;
  return good || refused ? kInterval : kRetry;
}

KnownGroups::KnownGroups(Logger logger, std::shared_ptr<serve::SelfMetrics> self, Rows found,
                         std::function<void(Rows)> keep)
    : logger_(std::move(logger)),
      self_(std::move(self)),
      kept_(std::move(found)),
      keep_(std::move(keep)) {}

void KnownGroups::expect(std::vector<std::string> configured, std::optional<std::string> directory,
                         WallTime now) {
  configured_ = std::move(configured);
  const bool other = directory != std::exchange(directory_, directory);
  if (!std::exchange(recalled_, true)) {
    recall(now);
  } else if (other) {
    // Nobody has said that the same name is the same group there.
    sids_.clear();
    told_.clear();
    failure_.clear();
    passed_over_.clear();
    facts_.last_success.reset();
  }
  const auto wanted = names();
  const auto gone = [&](const auto& entry) {
    return std::ranges::find(wanted, entry.first) == wanted.end();
  };
  std::erase_if(sids_, gone);
  std::erase_if(told_, gone);
  publish();
}

void KnownGroups::recall(WallTime now) {
  const auto wanted = names();
  std::optional<WallTime> oldest;
  for (const store::RememberedGroup& row : kept_) {
    const auto sid = identity::Sid::parse(row.sid);
    if (sid && row.source == directory_ && row.seen <= now && row.seen >= now - kRemembered &&
        std::ranges::find(wanted, row.name) != wanted.end()) {
      sids_.insert_or_assign(row.name, Known{*sid, row.source, row.seen});
      oldest = std::min(oldest.value_or(row.seen), row.seen);
    }
  }
  if (oldest) {
    facts_.last_success = oldest;
    logger_.info("SIDs of groups are those of before the start until the directory answers",
                 {{"known", std::to_string(sids_.size())},
                  {"wanted", std::to_string(wanted.size())},
                  {"directory_answered", format_iso8601(*oldest)}});
  }
}

std::vector<std::string> KnownGroups::names() const {
  return access::Authorized(configured_).names();
}

std::shared_ptr<const access::Authorized> KnownGroups::authorized() const {
  std::vector<access::GroupSid> known;
  known.reserve(sids_.size());
  for (const auto& [name, group] : sids_) {
    known.push_back({name, group.sid});
  }
  return std::make_shared<const access::Authorized>(configured_, known);
}

void KnownGroups::take(const Result<directory::Answers>& answers, WallTime now) {
  if (!answers) {
    ++facts_.failed;
    forget_old(now);
    tell_failure(answers.error());
    publish();
    return;
  }
  if (answers->whole()) {
    ++facts_.good;
    facts_.last_success = now;
  } else {
    ++facts_.failed;
  }
  if (!failure_.empty()) {
    failure_.clear();
    logger_.info("the directory answers again", {{"server", answers->server}});
  }
  std::vector<std::string> codes;
  for (const Error& error : answers->passed_over) {
    codes.push_back(error.code);
  }
  if (codes != passed_over_) {
    passed_over_ = std::move(codes);
    for (const Error& error : answers->passed_over) {
      logger_.warn("a server of the directory does not answer, another one did",
                   {{"problem", describe(error)}, {"server", answers->server}});
    }
  }
  const auto wanted = names();
  for (const directory::Answer& answer : answers->names) {
    if (std::ranges::find(wanted, answer.name) != wanted.end()) {
      learn(answer, now);
    }
  }
  forget_old(now);
  publish();
}

void KnownGroups::learn(const directory::Answer& answer, WallTime now) {
  std::string& told = told_[answer.name];
  const std::string said = answer.match ? answer.match->sid.str() : answer.match.error().code;
  const bool news = std::exchange(told, said) != said;
  if (!answer.said()) {
    if (news) {
      logger_.warn("the directory does not say which group a name is: it grants what it did before",
                   {{"group", answer.name},
                    {"code", answer.match.error().code},
                    {"problem", describe(answer.match.error())},
                    {"known", sids_.contains(answer.name) ? "yes" : "no"}});
    }
    return;
  }
  if (!answer.match) {
    // The directory has spoken: what it said before does not hold any more.
    sids_.erase(answer.name);
    if (news) {
      logger_.warn("a group grants nothing to callers with tickets",
                   {{"group", answer.name},
                    {"code", answer.match.error().code},
                    {"problem", describe(answer.match.error())}});
    }
    return;
  }
  sids_.insert_or_assign(answer.name, Known{answer.match->sid, directory_.value_or(""), now});
  if (news) {
    // No ticket holds a group of a single machine.
    const bool useless = answer.match->scope == directory::Scope::builtin;
    logger_.log(useless ? LogLevel::warn : LogLevel::info, "a group is known to the directory",
                {{"group", answer.name},
                 {"sid", said},
                 {"scope", std::string(directory::to_string(answer.match->scope))},
                 {"domain", quote(answer.match->domain, 80)}});
  }
}

void KnownGroups::forget_old(WallTime now) {
  const std::size_t gone =
      std::erase_if(sids_, [&](const auto& each) { return each.second.seen < now - kRemembered; });
  if (gone > 0) {
    logger_.warn(
        "groups grant nothing any more to callers with tickets: no directory has "
        "confirmed their SIDs for 30 days",
        {{"groups", std::to_string(gone)}});
  }
}

void KnownGroups::tell_failure(const Error& error) {
  if (std::exchange(failure_, error.code) != error.code) {
    logger_.warn(
        "the directory does not answer: groups that are known stay so, others grant "
        "nothing to callers with tickets",
        {{"code", error.code},
         {"problem", describe(error)},
         {"known", std::to_string(sids_.size())}});
  }
}

void KnownGroups::publish() {
  Rows rows;
  for (const auto& [name, group] : sids_) {
    rows.push_back({name, group.source, group.sid.str(), group.seen});
  }
  if (rows != kept_ && keep_) {
    keep_(rows);
  }
  kept_ = std::move(rows);
  if (directory_) {
    facts_.unresolved = names().size() - sids_.size();
    self_->groups(facts_);
  } else if (std::exchange(facts_, {}) != serve::GroupFacts{}) {
    self_->groups(std::nullopt);
  }
}

Groups::Groups(Parts parts)
    : parts_(std::move(parts)),
      known_(parts_.logger, parts_.self,
             parts_.state ? parts_.state->take_groups() : KnownGroups::Rows(),
             [state = parts_.state](KnownGroups::Rows rows) {
               if (state) {
                 state->keep_groups(std::move(rows));
               }
             }) {}

void Groups::apply(const config::Settings& settings) {
  ++version_;
  std::optional<Source> source;
  if (const auto& directory = settings.authorization.directory) {
    const auto credentials =
        std::ranges::find(settings.credentials, directory->credentials, &config::Credentials::name);
    source.emplace();
    source->options.account = account_of(*credentials);
    source->password_file = credentials->password_file;
    for (const std::string& server : directory->servers) {
      const HostPort parts = split_host_port(server);
      source->options.servers.push_back(
          {std::string(parts.host), parse_port(parts.port.value_or("")).value_or(0)});
    }
  }
  if (source != source_) {
    // Its tickets stay while it is the same.
    catalog_ = source ? std::make_shared<directory::Directory>(source->options) : nullptr;
    source_ = std::move(source);
  }
  known_.expect(settings.authorization.authorized_universal_groups,
                source_ ? std::optional(text_of(source_->options)) : std::nullopt,
                parts_.clock.now().wall);
  parts_.on_change(known_.authorized());
  next_ = {};
  wake_.notify_all();
  if (!std::exchange(running_, true)) {
    asio::co_spawn(parts_.loop, run(shared_from_this()), rethrow);
  }
}

void Groups::stop() {
  stopped_ = true;
  parts_.pool.stop();
  wake_.notify_all();
}

asio::awaitable<void> Groups::run(std::shared_ptr<Groups> self) {
  while (!self->stopped_) {
    const bool nothing = self->catalog_ == nullptr || self->catalog_ == self->asked_;
    if (nothing || net::mono_now() < self->next_) {
      co_await self->wake_.wait_until(nothing ? net::kNever : self->next_);
    } else {
      self->asked_ = self->catalog_;
      asio::co_spawn(self->parts_.loop,
                     ask(self, self->version_, self->catalog_, self->source_->password_file),
                     rethrow);
    }
  }
}

asio::awaitable<void> Groups::ask(std::shared_ptr<Groups> self, std::uint64_t version,
                                  std::shared_ptr<directory::Directory> catalog, std::string file) {
  const auto hand = std::make_shared<FileInHand>();
  auto answers = co_await self->parts_.pool.run_until(
      [catalog, file, names = self->known_.names(), now = self->parts_.clock.now().wall,
       hand]() -> Result<directory::Answers> {
        std::shared_ptr<const Secret> password;
        if (!file.empty()) {
          const FileInHand::Look look(*hand, file);
          auto read = remote::read_secret(file, remote::kPassword);
          if (!read) {
            return std::unexpected(std::move(read.error()));
          }
          password = std::move(*read);
        }
        return catalog->look_up(password, names, now);
      },
      net::mono_now() + kAnswerTime, "directory.timeout");
  if (!answers && answers.error().code == "directory.timeout" && !hand->path().empty()) {
    answers = std::unexpected(hand->hung("secret.hung"));
  }
  if (self->asked_ == catalog) {
    self->asked_.reset();
    self->wake_.notify_all();
  }
  if (self->stopped_ || version != self->version_) {
    co_return;  // other settings: what was asked is not what is wanted
  }
  self->known_.take(answers, self->parts_.clock.now().wall);
  self->parts_.on_change(self->known_.authorized());
  self->next_ = net::mono_now() + pause_after(answers);
}

}  // namespace sfb::app
