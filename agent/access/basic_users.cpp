#include "agent/access/basic_users.hpp"

#include "agent/access/bcrypt.hpp"
#include "agent/access/login_cache.hpp"
#include "agent/access/login_queue.hpp"
#include "agent/net/deadline.hpp"
#include "agent/net/wake.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace sfb::access {

namespace {

namespace asio = boost::asio;

constexpr int kUsualCost = 10;
// More than there are connections at once.
constexpr std::size_t kMostGuessers = 1024;

/// What one job compares; shared with it, which may outlive the caller.
struct Comparison {
  Secret password;
  Secret hash;
};

/// One distinct login that is looked at, or waits for that.
struct Attempt {
  Digest login{};
  Digest account{};
  bool known_user = false;
  std::shared_ptr<const Comparison> comparison;
  std::size_t callers = 0;
  bool running = false;
  bool ended = false;
  std::optional<bool> good;  ///< behind `ended`; absent: it was not looked at
  net::Wake came;
};
using AttemptPtr = std::shared_ptr<Attempt>;

/// The users of one configuration.
struct Users {
  std::map<std::string, User, std::less<>> by_name;
  std::unordered_set<Digest, DigestHash> accounts;
  Secret dummy;
};

}  // namespace

struct BasicUsers::Impl : std::enable_shared_from_this<BasicUsers::Impl> {
  asio::any_io_executor loop;
  net::WorkerPool& pool;
  BasicUsersOptions options;
  LoginKeys keys;
  std::shared_ptr<const Users> users = std::make_shared<const Users>();
  LoginCache good;
  LoginCache bad;
  LoginQueue queue;
  LoginQueue::Id last_id = 0;
  std::unordered_map<LoginQueue::Id, AttemptPtr> queued;
  std::unordered_map<Digest, AttemptPtr, DigestHash> attempts;  ///< those that have not ended
  std::unordered_map<Digest, LoginQueue::Id, DigestHash> ids;   ///< of the queued ones
  std::size_t running = 0;
  std::set<std::uint64_t> guessers;  ///< connections that were wrong; the newest of them

  Impl(asio::any_io_executor executor, net::WorkerPool& threads, BasicUsersOptions given)
      : loop(std::move(executor)),
        pool(threads),
        options(given),
        good(given.most_good),
        bad(given.most_bad),
        queue(given.most_waiting) {}

  void set(std::vector<User> list) {
    auto next = std::make_shared<Users>();
    int highest = kUsualCost;
    for (User& user : list) {
      highest = next->by_name.empty() ? user.cost : std::max(highest, user.cost);
      next->accounts.insert(keys.account(user.name, user.hash));
      std::string name = user.name;
      next->by_name.insert_or_assign(std::move(name), std::move(user));
    }
    next->dummy = dummy_hash(highest);
    if (next->accounts == users->accounts) {
      return;
    }
    users = std::move(next);
    const auto holds = [this](const Digest& account) { return users->accounts.contains(account); };
    good.keep(holds);
    // All of them: those of names that nobody has would go anyway, and a quicker answer would tell
    // the names that somebody has.
    bad.keep([](const Digest& /*account*/) { return false; });
  }

  /// The attempt for this login, begun if there is none.
  AttemptPtr attempt_of(const Digest& login, std::string_view user, const Secret& hash, bool known,
                        const Secret& password, const std::string& peer, std::uint64_t connection) {
    if (const auto found = attempts.find(login); found != attempts.end()) {
      return found->second;
    }
    auto attempt = std::make_shared<Attempt>();
    attempt->login = login;
    attempt->account = keys.account(user, hash);
    attempt->known_user = known;
    attempt->comparison = std::make_shared<const Comparison>(Comparison{password, hash});
    const LoginQueue::Id id = ++last_id;
    attempts.emplace(login, attempt);
    queued.emplace(id, attempt);
    ids.emplace(login, id);
    if (const auto out = queue.add(lane_of(peer), id, guessers.contains(connection))) {
      end(unqueue(*out), std::nullopt);
    }
    pump();
    return attempt;
  }

  void note_guesser(std::uint64_t connection) {
    guessers.insert(connection);
    if (guessers.size() > kMostGuessers) {
      guessers.erase(guessers.begin());
    }
  }

  AttemptPtr unqueue(LoginQueue::Id id) {
    const auto found = queued.find(id);
    AttemptPtr attempt = std::move(found->second);
    queued.erase(found);
    ids.erase(attempt->login);
    return attempt;
  }

  void end(const AttemptPtr& attempt, std::optional<bool> matches) {
    attempts.erase(attempt->login);
    attempt->comparison.reset();
    attempt->ended = true;
    if (matches) {
      attempt->good = *matches && attempt->known_user;
      (*attempt->good ? good : bad).add(attempt->login, attempt->account);
    }
    attempt->came.notify_all();
  }

  void pump() {
    while (running < options.threads && queue.size() > 0) {
      ++running;
      asio::co_spawn(loop, work(shared_from_this()), asio::detached);
    }
  }

  /// Looks at one after the other until nobody waits.
  static asio::awaitable<void> work(std::shared_ptr<Impl> self) {
    while (const auto id = self->queue.next()) {
      const AttemptPtr attempt = self->unqueue(*id);
      attempt->running = true;
      const auto matches =
          co_await self->pool.run([comparison = attempt->comparison]() -> Result<bool> {
            return bcrypt_matches(comparison->password, comparison->hash);
          });
      self->end(attempt, matches ? std::optional(*matches) : std::nullopt);
    }
    --self->running;
  }

  /// One caller who waits for an attempt; the last one who leaves takes it out of the queue.
  class Caller {
   public:
    Caller(Impl& all, AttemptPtr attempt) : all_(all), attempt_(std::move(attempt)) {
      ++attempt_->callers;
    }
    ~Caller() {
      if (--attempt_->callers > 0 || attempt_->running || attempt_->ended) {
        return;
      }
      const LoginQueue::Id id = all_.ids.at(attempt_->login);
      all_.queue.remove(id);
      all_.unqueue(id);
      all_.attempts.erase(attempt_->login);
    }
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

   private:
    Impl& all_;
    AttemptPtr attempt_;
  };

  static asio::awaitable<Login> check(std::shared_ptr<Impl> self, Credentials credentials,
                                      std::string peer, std::uint64_t connection) {
    const MonoTime deadline = net::mono_now() + self->options.patience;
    while (true) {
      const std::shared_ptr<const Users> now = self->users;
      const auto user = now->by_name.find(credentials.user);
      const bool known = user != now->by_name.end();
      const Secret& hash = known ? user->second.hash : now->dummy;
      const Digest login = self->keys.login(credentials.user, hash, credentials.password);
      if (self->good.knows(login)) {
        co_return Login::good_cached;
      }
      if (self->bad.knows(login)) {
        co_return Login::bad_cached;
      }
      const AttemptPtr attempt = self->attempt_of(login, credentials.user, hash, known,
                                                  credentials.password, peer, connection);
      const Caller caller(*self, attempt);
      if (!attempt->ended) {
        co_await attempt->came.wait_until(deadline);
      }
      if (!attempt->ended || !attempt->good) {
        co_return Login::refused;
      }
      if (self->users == now) {
        if (!*attempt->good) {
          self->note_guesser(connection);
          co_return Login::bad;
        }
        co_return Login::good;
      }
      // The users changed meanwhile: it is looked at again, by what holds now.
    }
  }
};

BasicUsers::BasicUsers(asio::any_io_executor loop, net::WorkerPool& pool, BasicUsersOptions options)
    : impl_(std::make_shared<Impl>(std::move(loop), pool, options)) {}

BasicUsers::~BasicUsers() = default;

void BasicUsers::set(std::vector<User> users) {
  impl_->set(std::move(users));
}

bool BasicUsers::empty() const {
  return impl_->users->by_name.empty();
}

asio::awaitable<Login> BasicUsers::check(Credentials credentials, std::string peer,
                                         std::uint64_t connection) {
  return Impl::check(impl_, std::move(credentials), std::move(peer), connection);
}

std::size_t BasicUsers::waiting() const {
  return impl_->queue.size();
}

}  // namespace sfb::access
