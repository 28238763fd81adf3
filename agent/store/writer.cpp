#include "agent/store/writer.hpp"

#include <utility>

namespace sfb::store {

namespace {

constexpr std::chrono::minutes kTrimEvery{1};

}  // namespace

Store::Writer::Writer(Options options, const Clock& clock, Logger logger)
    : options_(std::move(options)),
      clock_(clock),
      logger_(std::move(logger)),
      retention_(options_.retention) {}

void Store::Writer::run() {
  const bool usable = open();
  std::unique_lock lock(mutex_);
  opened_ = true;
  useless_ = useless_ || !usable;
  wake_.notify_all();
  while (!useless_) {
    wake_.wait(lock, [&] { return stopping_ || !batch.empty() || !committed.empty(); });
    // More may come that goes into the same commit.
    wake_.wait_for(lock, options_.batch, [&] { return stopping_ || urgent; });
    if (stopping_ && batch.empty()) {
      break;
    }
    write(lock);
    if (stopping_ && !facts_.writable) {
      break;  // a last try was made; else what came during the write is written, too
    }
    if (!facts_.writable) {
      rest(lock);
    }
  }
  auto waiting = std::exchange(committed, {});
  lock.unlock();
  call(waiting, false);
  database_.reset();
  lock_.reset();
  lock.lock();
  ended_ = true;
  wake_.notify_all();
}

// Until the next try. Who waits for a commit hears that there is none.
void Store::Writer::rest(std::unique_lock<std::mutex>& lock) {
  const auto end = std::chrono::steady_clock::now() + options_.retry;
  while (!stopping_ && std::chrono::steady_clock::now() < end) {
    wake_.wait_until(lock, end, [&] { return stopping_ || !committed.empty(); });
    auto waiting = std::exchange(committed, {});
    lock.unlock();
    call(waiting, false);
    lock.lock();
  }
}

bool Store::Writer::open() {
  auto folder = lock_folder(options_.folder);
  if (!folder) {
    failed(folder.error());
    return false;
  }
  lock_ = std::move(*folder);
  auto opened = open_database(options_.folder, clock_.now().wall);
  if (!opened) {
    failed(opened.error());
    return false;
  }
  if (!opened->set_aside.empty()) {
    ++facts_.set_aside;
    const bool log = opened->set_aside.ends_with("-wal");
    logger_.error(log ? "the write-ahead log does not fit the state: what stood there alone is lost"
                      : "the state is damaged, times start anew",
                  {{"folder", options_.folder}, {"set_aside", opened->set_aside}});
  }
  facts_.writable = opened->writable;
  const Error why = opened->why;
  database_.emplace(std::move(*opened), options_.folder, options_.write_answer);
  auto found = database_->load();
  if (!found) {
    failed(found.error());
    return false;
  }
  if (found->unreadable > 0) {
    logger_.warn("lines of the history in the state cannot be read",
                 {{"lines", std::to_string(found->unreadable)}});
  }
  logger_.info("state read", {{"folder", options_.folder},
                              {"pools", std::to_string(found->pools.size())},
                              {"sessions", std::to_string(found->sessions.size())}});
  {
    const std::lock_guard lock(mutex_);
    read_ = std::move(*found);
  }
  if (facts_.writable) {
    tell();
  } else {
    failed(why);
  }
  return true;
}

std::optional<Found> Store::Writer::wait_until_read() {
  std::unique_lock lock(mutex_);
  if (!wake_.wait_for(lock, options_.patience, [&] { return opened_; })) {
    useless_ = true;
    logger_.error("the state is not used: its disk does not answer", {{"folder", options_.folder}});
    return std::nullopt;
  }
  return std::exchange(read_, std::nullopt);
}

void Store::Writer::set_retention(const Retention& retention) {
  const std::lock_guard lock(mutex_);
  retention_ = retention;
}

bool Store::Writer::finish(std::chrono::milliseconds grace) {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
  return wake_.wait_for(lock, grace, [&] { return ended_; });
}

void Store::Writer::write(std::unique_lock<std::mutex>& lock) {
  Batch taken = std::exchange(batch, {});
  auto waiting = std::exchange(committed, {});
  const Retention retention = retention_;
  const Now now = clock_.now();
  const bool trims = !trimmed_ || now.mono - *trimmed_ >= kTrimEvery;
  const auto not_asked = trims ? left : std::set<status::KeptName>();
  urgent = false;
  lock.unlock();
  Status written = try_write(taken);
  const bool on_disk = written.has_value();
  if (on_disk) {
    taken = {};  // whatever becomes of the rest
  }
  if (on_disk && trims) {
    trimmed_ = now.mono;
    written = database_->trim(retention, now.wall, not_asked);
  }
  if (!written) {
    failed(written.error());
  } else {
    if (!facts_.writable) {
      logger_.info("the state is written again", {{"folder", options_.folder}});
    }
    facts_.writable = true;
    facts_.last_write = now.wall;
    tell();
  }
  call(waiting, on_disk);
  lock.lock();
  if (!written) {
    batch.put_before(std::move(taken));
  }
  facts_.lost += std::exchange(batch.lost, 0);
}

Status Store::Writer::try_write(const Batch& taken) {
  if (!facts_.writable) {
    // The library may hold on to what failed: a new connection sees the disk as it is now.
    database_.reset();
    auto opened = open_database(options_.folder, clock_.now().wall);
    if (!opened) {
      return std::unexpected(std::move(opened.error()));
    }
    if (!opened->writable) {
      return std::unexpected(std::move(opened->why));
    }
    if (!opened->set_aside.empty()) {
      ++facts_.set_aside;
      logger_.error(opened->set_aside.ends_with("-wal")
                        ? "the write-ahead log does not fit the state: it is set aside"
                        : "the state is damaged, a new one begins",
                    {{"folder", options_.folder}, {"set_aside", opened->set_aside}});
    }
    database_.emplace(std::move(*opened), options_.folder, options_.write_answer);
  }
  return database_->write(taken);
}

void Store::Writer::failed(const Error& error) {
  facts_.writable = false;
  ++facts_.errors;
  if (complaint_.due(clock_.now().mono)) {
    logger_.error("the state cannot be used", {{"code", error.code}, {"error", describe(error)}});
  }
  tell();
}

void Store::Writer::tell() {
  facts_.bytes = database_ ? database_->size() : 0;
  if (options_.on_facts) {
    options_.on_facts(facts_);
  }
}

void Store::Writer::call(const std::deque<Told>& all, bool written) {
  for (const auto& each : all) {
    each(written);
  }
}

}  // namespace sfb::store
