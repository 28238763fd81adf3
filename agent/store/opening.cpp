#include "agent/store/opening.hpp"

#include "agent/store/schema.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace sfb::store {

namespace {

namespace fs = std::filesystem;

constexpr int kBusyMillis = 2000;
// No value is longer: what a damaged file claims is not allocated.
constexpr int kLongestValue = 64 << 20;
constexpr std::string_view kBroken = ".broken-";

std::string error_text(int number) {
  return std::error_code(number, std::generic_category()).message();
}

std::unexpected<Error> bad_folder(const fs::path& folder, std::string_view what,
                                  std::string_view remedy) {
  return fail(Reason::process, "state.folder",
              fmt::format("the folder of the state, {}, {}", folder.string(), what),
              std::string(remedy));
}

// A folder where others may write is none for us: they could put any file in our file's place.
Status check_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return bad_folder(folder, fmt::format("cannot be made: {}", error_text(errno)),
                      "make it, owned by the agent's account, with mode 0700");
  }
  struct stat info{};
  if (::stat(folder.c_str(), &info) != 0) {
    return bad_folder(folder, fmt::format("cannot be read: {}", error_text(errno)),
                      "give it to the agent's account, with mode 0700");
  }
  if (!S_ISDIR(info.st_mode)) {
    return bad_folder(folder, "is no folder", "name a folder of its own for it");
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
      (info.st_uid != ::geteuid() && info.st_uid != 0)) {
    return bad_folder(folder, "belongs to another account or others may write to it",
                      "give it to the agent's account and take the rights of others: chmod 700");
  }
  return {};
}

bool is_broken(int code) {
  return (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB;
}

// Before the library makes it with the rights that the umask leaves.
void make_file(const fs::path& file) {
  const Descriptor made(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
}

int number(SQLite::Database& database, const char* pragma) {
  return database.execAndGet(pragma).getInt();
}

Status check_owner(SQLite::Database& database, const fs::path& file) {
  const int application = number(database, "PRAGMA application_id");
  const int version = number(database, "PRAGMA user_version");
  const bool fresh = application == 0 && version == 0 &&
                     number(database, "SELECT count(*) FROM sqlite_master") == 0;
  if (!fresh && application != kApplication) {
    return fail(
        Reason::process, "state.foreign",
        fmt::format("{} is a database of another program; it is left as it is", file.string()),
        "name another folder");
  }
  if (version > kVersion) {
    return fail(Reason::process, "state.newer",
                fmt::format("{} is of a newer version of this program (format {}, this build knows "
                            "{}); it is left as it is",
                            file.string(), version, kVersion),
                "install the newer version again, or move the file away");
  }
  return {};
}

void migrate(SQLite::Database& database) {
  const int version = number(database, "PRAGMA user_version");
  if (version == kVersion) {
    return;
  }
  SQLite::Transaction transaction(database);
  for (int step = version; step < kVersion; ++step) {
    database.exec(kSteps.at(static_cast<std::size_t>(step)));
  }
  database.exec(fmt::format("PRAGMA application_id = {}", kApplication));
  database.exec(fmt::format("PRAGMA user_version = {}", kVersion));
  transaction.commit();
}

// Throws SQLite::Exception, also for damage that it finds.
Result<std::unique_ptr<SQLite::Database>> connect(const fs::path& file) {
  auto database =
      std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READWRITE, kBusyMillis);
  ::sqlite3_limit(database->getHandle(), SQLITE_LIMIT_LENGTH, kLongestValue);
  // A log that is of another file, as after a backup was put back, must not get into this one:
  // nothing is written before both were looked at.
  ::sqlite3_db_config(database->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  database->exec("PRAGMA wal_autocheckpoint = 0");
  if (::sqlite3_db_readonly(database->getHandle(), "main") == 1) {
    throw SQLite::Exception("the file is read-only", SQLITE_READONLY);
  }
  database->exec("PRAGMA trusted_schema = OFF");
  if (Status owner = check_owner(*database, file); !owner) {
    return std::unexpected(std::move(owner.error()));
  }
  std::error_code ignored;
  if (fs::file_size(file, ignored) <= kCheckedBytes) {
    const std::string found = database->execAndGet("PRAGMA quick_check(1)").getString();
    if (found.contains("error code=")) {  // a page that the disk did not give: no damage of ours
      throw SQLite::Exception("the file cannot be read to its end", SQLITE_IOERR);
    }
    if (found != "ok") {
      throw SQLite::Exception("the file is damaged", SQLITE_CORRUPT);
    }
  }
  database->exec("PRAGMA auto_vacuum = INCREMENTAL");  // before a new file has its first table
  database->exec("PRAGMA journal_mode = WAL");
  // A killed process loses nothing; after a power failure the last seconds may be missing, but the
  // file is whole.
  database->exec("PRAGMA synchronous = NORMAL");
  database->exec("PRAGMA journal_size_limit = 4194304");
  migrate(*database);
  database->exec("PRAGMA wal_autocheckpoint = 1000");  // SQLite's own
  ::sqlite3_db_config(database->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  return database;
}

// The path in a URI.
std::string uri_of(const fs::path& file) {
  std::string uri = "file:";
  for (const char c : file.string()) {
    uri += c == '%' || c == '?' || c == '#' ? fmt::format("%{:02X}", static_cast<int>(c))
                                            : std::string(1, c);
  }
  return uri + "?immutable=1";
}

// What the file itself holds, without its log, which cannot be used where nothing can be written.
Result<std::unique_ptr<SQLite::Database>> connect_to_read(const fs::path& file) {
  auto database = std::make_unique<SQLite::Database>(
      uri_of(file), SQLite::OPEN_READONLY | SQLite::OPEN_URI, kBusyMillis);
  ::sqlite3_limit(database->getHandle(), SQLITE_LIMIT_LENGTH, kLongestValue);
  if (Status owner = check_owner(*database, file); !owner) {
    return std::unexpected(std::move(owner.error()));
  }
  if (number(*database, "PRAGMA user_version") != kVersion) {
    return fail(Reason::process, "state.unreadable",
                fmt::format("{} is of an older version and cannot be made new", file.string()),
                "make room, or make it writable");
  }
  return database;
}

}  // namespace

Error explain(const SQLite::Exception& exception, std::string what) {
  const int code = exception.getExtendedErrorCode() >= 0 ? exception.getExtendedErrorCode()
                                                         : exception.getErrorCode();
  Error error{Reason::process,
              "state.unreadable",
              fmt::format("{}: {}", what, exception.getErrorStr()),
              "look at its folder and disk",
              {},
              Stage::none};
  if (is_broken(code)) {
    error.code = "state.broken";
    error.remedy = "nothing: it is set aside, and a new file begins";
  } else if ((code & 0xFF) == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE ||
             code == SQLITE_IOERR_WRITE) {
    error.code = "state.full";
    error.remedy = "make room on its disk; until then nothing new is kept";
  } else if ((code & 0xFF) == SQLITE_READONLY || (code & 0xFF) == SQLITE_CANTOPEN ||
             (code & 0xFF) == SQLITE_PERM) {
    error.code = "state.read_only";
    error.remedy =
        "let the agent's account own and write the file and its folder; until then nothing new is "
        "kept";
  } else if ((code & 0xFF) == SQLITE_BUSY || (code & 0xFF) == SQLITE_LOCKED) {
    error.code = "state.busy";
    error.remedy = "end the program that holds it (sqlite3 with an open transaction, for one)";
  }
  return error;
}

Result<Descriptor> lock_folder(const fs::path& folder) {
  if (Status ours = check_folder(folder); !ours) {
    return std::unexpected(std::move(ours.error()));
  }
  const fs::path file = folder / kLockName;
  Descriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  const int refused = lock.get() < 0 ? errno : 0;
  if (refused == EACCES || refused == EROFS) {
    // Nobody can write there, so that the lock of before does as well.
    lock.reset(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  }
  if (lock.get() < 0) {
    return bad_folder(folder, fmt::format("cannot be written to: {}", error_text(refused)),
                      "let the agent's account write to it");
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Reason::process, "state.locked",
                fmt::format("another agent uses the state in {}", folder.string()),
                "give each agent a folder of its own, or end the other one");
  }
  return lock;
}

namespace {

std::string broken_name(const fs::path& file, WallTime now) {
  std::string stamp = format_iso8601(std::chrono::floor<std::chrono::seconds>(now));
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  std::string name = file.string() + std::string(kBroken) + stamp;
  for (int i = 2; fs::exists(name) || fs::exists(name + "-wal"); ++i) {
    name = fmt::format("{}{}{}-{}", file.string(), kBroken, stamp, i);
  }
  return name;
}

void move_log(const fs::path& file, const std::string& name) {
  for (const char* const beside : {"-wal", "-shm"}) {
    std::error_code ignored;  // there may be none
    fs::rename(file.string() + beside, name + beside, ignored);
  }
}

void remove_older_broken(const fs::path& folder) {
  std::error_code failure;
  std::vector<fs::path> broken;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    if (entry.path().filename().string().starts_with(kFileName + std::string(kBroken))) {
      broken.push_back(entry.path());
    }
  }
  std::ranges::sort(broken, std::ranges::greater{});
  std::size_t kept = 0;
  for (const fs::path& path : broken) {
    std::string whole = path.string();
    whole.resize(whole.size() - (whole.ends_with("-wal") ? 4 : 0));
    const bool part =
        whole.ends_with("-shm") || (whole != path.string() && fs::exists(whole, failure));
    kept += part ? 0 : 1;
    if (kept > kKeptBroken) {
      fs::remove(path, failure);
      fs::remove(path.string() + "-wal", failure);
      fs::remove(path.string() + "-shm", failure);
    }
  }
}

}  // namespace

std::string set_log_aside(const fs::path& folder, WallTime now) {
  const fs::path file = folder / kFileName;
  std::error_code ignored;
  if (const auto size = fs::file_size(file.string() + "-wal", ignored); ignored || size == 0) {
    return {};
  }
  const std::string name = broken_name(file, now);
  move_log(file, name);
  remove_older_broken(folder);
  return fs::exists(name + "-wal", ignored) ? name + "-wal" : std::string();
}

Result<std::string> set_aside(const fs::path& folder, WallTime now) {
  const fs::path file = folder / kFileName;
  const std::string name = broken_name(file, now);
  std::error_code failure;
  fs::rename(file, name, failure);
  if (failure) {
    return fail(
        Reason::process, "state.broken",
        fmt::format("{} is damaged and cannot be set aside: {}", file.string(), failure.message()),
        "let the agent's account write to its folder, or move the file away");
  }
  move_log(file, name);
  remove_older_broken(folder);
  return name;
}

Result<Opened> open_database(const fs::path& folder, WallTime now) {
  const fs::path file = folder / kFileName;
  Opened opened;
  bool tried_alone = false;
  for (bool again = false;;) {
    make_file(file);
    Error error;
    try {
      auto database = connect(file);
      if (!database) {
        return std::unexpected(std::move(database.error()));
      }
      opened.database = std::move(*database);
      return opened;
    } catch (const SQLite::Exception& exception) {
      error = explain(exception, fmt::format("{} cannot be used", file.string()));
    }
    if (error.code == "state.broken" && !std::exchange(tried_alone, true)) {
      // Perhaps a backup was put back beside the log of the file that it replaced.
      opened.set_aside = set_log_aside(folder, now);
      if (!opened.set_aside.empty()) {
        continue;
      }
    }
    if (error.code == "state.broken" && !std::exchange(again, true)) {
      auto aside = set_aside(folder, now);
      if (!aside) {
        return std::unexpected(std::move(aside.error()));
      }
      opened.set_aside = std::move(*aside);
      continue;
    }
    try {
      auto database = connect_to_read(file);
      if (!database) {
        return std::unexpected(std::move(error));
      }
      opened.database = std::move(*database);
      opened.writable = false;
      opened.why = std::move(error);
      return opened;
    } catch (const SQLite::Exception&) {
      if (::faccessat(AT_FDCWD, file.c_str(), R_OK, AT_EACCESS) != 0) {
        // Later writes would replace what it holds: so nothing is kept until the next start.
        error = {Reason::process,
                 "state.unreadable",
                 fmt::format("{} cannot be read: {}", file.string(), error_text(errno)),
                 "give it to the agent's account (chown, chmod 600) and restart the agent",
                 {},
                 Stage::none};
      }
      return std::unexpected(std::move(error));
    }
  }
}

}  // namespace sfb::store
