#include "agent/store/store.hpp"

#include "agent/base/signals_blocked.hpp"
#include "agent/store/writer.hpp"

#include <string>
#include <system_error>
#include <utility>

namespace sfb::store {

Store::Store(Options options, const Clock& clock, Logger logger)
    : logger_(logger), writer_(std::make_shared<Writer>(std::move(options), clock, logger)) {
  try {
    const SignalsBlocked blocked;
    thread_ = std::thread([writer = writer_] { writer->run(); });
  } catch (const std::system_error& error) {
    logger.error("the state is not used: no thread can be started", {{"error", error.what()}});
    writer_.reset();
    return;
  }
  if (auto found = writer_->wait_until_read()) {
    found_ = std::move(*found);
  }
}

Store::~Store() {
  close();
}

bool Store::close(std::chrono::milliseconds grace) {
  if (!thread_.joinable()) {
    return true;
  }
  if (!writer_->finish(grace)) {
    thread_.detach();
    return false;
  }
  thread_.join();
  return true;
}

template <typename Change>
void Store::change(Change change) {
  if (writer_) {
    writer_->change(std::move(change));
  }
}

// The same at once, and whoever waits for it hears how it ended.
template <typename Change>
void Store::commit(Change change, std::function<void(bool)> committed) {
  // Not under the lock: what is told may come back here.
  std::function<void(bool)> untaken = committed;
  this->change([&](Writer& writer) {
    change(writer);
    writer.urgent = true;
    writer.committed.push_back(std::move(committed));
    untaken = nullptr;
    if (writer.committed.size() > kMostWaiting) {
      untaken = std::move(writer.committed.front());
      writer.committed.pop_front();
    }
  });
  if (untaken) {
    untaken(false);
  }
}

std::optional<status::FoundPool> Store::recall(const status::KeptName& name) {
  auto node = found_.pools.extract(name);
  change([&](Writer& writer) { writer.left.erase(name); });
  return node ? std::optional(std::move(node.mapped())) : std::nullopt;
}

std::vector<status::KeptName> Store::found() const {
  std::vector<status::KeptName> names;
  names.reserve(found_.pools.size());
  for (const auto& [name, pool] : found_.pools) {
    names.push_back(name);
  }
  return names;
}

void Store::keep(const status::KeptName& name, status::KeptPool pool) {
  change([&](Writer& writer) {
    writer.left.erase(name);
    writer.batch.keep(name, std::move(pool));
  });
}

void Store::keep(const status::KeptName& name, const status::HistoryEntry& entry) {
  change([&](Writer& writer) { writer.batch.keep(name, entry); });
}

void Store::leave(const status::KeptName& name, status::FoundPool left) {
  if (found_.pools.size() >= kMostLeft) {
    found_.pools.erase(found_.pools.begin());
  }
  found_.pools.insert_or_assign(name, std::move(left));
  change([&](Writer& writer) { writer.left.insert(name); });
}

void Store::forget(const status::KeptName& name) {
  found_.pools.erase(name);
  change([&](Writer& writer) {
    writer.left.erase(name);
    writer.batch.forget(name);
  });
}

void Store::session_made(Session session, std::function<void()> committed) {
  commit(
      [&](Writer& writer) {
        Batch::SessionName name{session.url, session.shell};
        writer.batch.sessions.insert_or_assign(std::move(name), std::move(session));
      },
      [committed = std::move(committed)](bool) { committed(); });
}

void Store::session_gone(const std::string& url, const std::string& shell) {
  std::erase_if(found_.sessions, [&](const Session& session) {
    return session.url == url && session.shell == shell;
  });
  change(
      [&](Writer& writer) { writer.batch.sessions.insert_or_assign({url, shell}, std::nullopt); });
}

void Store::keep_pushed(PushedName name, Pushed pushed, std::function<void(bool)> committed) {
  const std::size_t bytes = pushed.body->size();
  if (bytes > kMostPushed) {
    if (too_large_.insert(name).second) {
      logger_.warn(
          "an export that was pushed is too large for the state: it is used until a restart",
          {{"code", "push.too_large_to_keep"},
           {"pool", name.pool},
           {"collector", name.collector},
           {"category", name.category},
           {"bytes", std::to_string(bytes)},
           {"most", std::to_string(kMostPushed)}});
    }
    // What is there is older: as the newest it could be a false good.
    change([&](Writer& writer) { writer.batch.pushed.insert_or_assign(name, std::nullopt); });
    committed(false);
    return;
  }
  too_large_.erase(name);
  commit(
      [&](Writer& writer) {
        writer.batch.pushed.insert_or_assign(std::move(name), std::move(pushed));
      },
      std::move(committed));
}

void Store::forget_pushed(PushedName name) {
  too_large_.erase(name);
  change(
      [&](Writer& writer) { writer.batch.pushed.insert_or_assign(std::move(name), std::nullopt); });
}

void Store::keep_groups(std::vector<RememberedGroup> groups) {
  change([&](Writer& writer) { writer.batch.groups = std::move(groups); });
}

void Store::set_retention(const Retention& retention) {
  if (writer_) {
    writer_->set_retention(retention);
  }
}

}  // namespace sfb::store
