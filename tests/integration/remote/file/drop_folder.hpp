// A folder with dropped files, a transport that reads it, and a clock that the test moves.
#pragma once

#include "agent/net/deadline.hpp"
#include "agent/remote/file/file_transport.hpp"
#include "tests/integration/net/loop.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::remote {

/// The wall clock stands still until the test moves it; both clocks move together.
class MovedClock final : public Clock {
 public:
  Now now() const override {
    const std::chrono::seconds moved(moved_.load());
    return {start_.wall + moved + std::chrono::seconds(set_.load()), start_.mono + moved};
  }
  void move(std::chrono::seconds by) { moved_ += by.count(); }
  /// The wall clock alone, as an administrator or NTP sets it.
  void set(std::chrono::seconds by) { set_ += by.count(); }
  WallTime wall() const { return now().wall; }

 private:
  const Now start_ = SystemClock().now();
  std::atomic<std::int64_t> moved_{0};
  std::atomic<std::int64_t> set_{0};
};

inline Fqdn pool_named(std::string_view name) {
  return *Fqdn::parse(name);
}

inline const Fqdn kAtlanta = pool_named("atl.example.com");
inline const Fqdn kChicago = pool_named("chi.example.com");

/// What the export script writes, with one text as output.
inline std::string export_of(const Fqdn& pool, WallTime made_at, std::string_view output = "one") {
  return fmt::format(
      R"(<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0"><MS>)"
      R"(<I32 N="SfbBackupExport">1</I32><S N="PoolFqdn">{}</S><S N="ExportedAt">{}</S>)"
      R"(<S N="State">Completed</S><Obj N="Output" RefId="1"><LST><S>{}</S></LST></Obj><Nil N="Errors"/>)"
      R"(</MS></Obj></Objs>)",
      pool.str(), format_iso8601(made_at), output);
}

inline Ask ask_of(const Fqdn& pool, std::string_view category = {}) {
  return {.pool = pool, .category = std::string(category)};
}

/// Owns a temporary folder and one transport over `<folder>/{pool}.clixml`, or what `remake` says.
class DropFolder {
 public:
  DropFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "sfb-drop-XXXXXX").string();
    path = ::mkdtemp(name.data());
    options.endpoint = "dropbox";
    options.path = path + "/{pool}.clixml";
    remake();
  }
  ~DropFolder() {
    loop.call([&] { transport.reset(); });
    std::filesystem::remove_all(path);
  }
  DropFolder(const DropFolder&) = delete;
  DropFolder& operator=(const DropFolder&) = delete;

  /// A transport anew, with the options as they are now.
  void remake() {
    loop.call([&] {
      transport = make_file_transport(loop.executor(), options, clock, Logger());
      transport->on_change([this](const Fqdn& pool, std::string_view collector) {
        changed.push_back(pool);
        told.emplace_back(fmt::format("{} {}", pool.str(), collector));
      });
    });
  }

  std::string file(const Fqdn& pool) const { return path + "/" + pool.str() + ".clixml"; }

  /// Writes in place, as a plain copy does.
  static void write(const std::string& file, std::string_view content) {
    std::ofstream(file, std::ios::binary) << content;
  }
  /// Writes beside and renames, as the export script does.
  static void drop(const std::string& file, std::string_view content) {
    write(file + ".tmp", content);
    std::filesystem::rename(file + ".tmp", file);
  }

  Result<Reply> ask(Ask question, std::chrono::milliseconds time = std::chrono::seconds(60)) {
    return ask_whom(transport, std::move(question), time);
  }
  Result<Reply> ask_whom(const std::shared_ptr<Transport>& whom, Ask question,
                         std::chrono::milliseconds time = std::chrono::seconds(60)) {
    return loop.start(whom->ask(std::move(question), net::mono_now() + time)).get();
  }
  std::string code_of(Ask question) {
    const auto reply = ask(std::move(question));
    return reply ? "good" : reply.error().code;
  }
  std::vector<Fqdn> take_changed() {
    return loop.call([&] { return std::exchange(changed, {}); });
  }

  std::string path;
  MovedClock clock;
  FileOptions options;
  std::vector<Fqdn> changed;      // loop thread only
  std::vector<std::string> told;  // likewise, all that was told, each with its collector
  net::Loop loop;
  std::shared_ptr<Transport> transport;
};

inline std::string output_of(const Result<Reply>& reply) {
  if (!reply) {
    return describe(reply.error());
  }
  const PipelineResult result = reply->result->unpack();
  return result.output.empty() ? "nothing" : result.output.front().text;
}

}  // namespace sfb::remote
