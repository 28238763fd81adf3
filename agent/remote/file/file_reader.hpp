// The blocking half of transport `file`: one dropped file from disk to objects. Runs on the
// endpoint's worker thread.
#pragma once

#include "agent/base/byte_budget.hpp"
#include "agent/base/time.hpp"
#include "agent/remote/file/export_file.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sfb::remote {

/// What a file held when it was read. Immutable.
struct Content {
  std::shared_ptr<const PipelineResult> result;
  WallTime date{};     ///< the content's own, else the file's; perhaps ahead of our clock
  WallTime made_at{};  ///< the same, but not after the first sight of it
  Micros ahead{0};     ///< how far `date` was ahead of our clock at its first sight, not below 0
  std::chrono::nanoseconds age{0};  ///< when it was read: not below the time since that sight
  MonoTime read_at{};               ///< ages grow from here by the monotonic clock
  ExportFormat format = ExportFormat::clixml;
  std::size_t bytes = 0;
  std::string culture = {};        ///< Export's
  std::string text_left_out = {};  ///< Export's
};

/// A reading; a file unchanged since the last one is not read again, unless its objects are large
/// and nobody keeps them.
struct Reading {
  Content content;
  bool reused = false;
};

/// Reads the files of one endpoint and remembers each file's last good content, and of its last
/// kSightings dates when each was seen first: content that is copied anew stays as old as it is.
/// Thread rule: one job at a time (the endpoint's single worker thread); outlives the transport
/// inside a hung job.
class FileReader {
 public:
  static constexpr std::size_t kSightings = 16;

  /// `folder`: constant_folder of the endpoint's path; every path to read begins with it.
  FileReader(std::string folder, Limits limits, std::shared_ptr<ByteBudget> budget,
             const Clock& clock)
      : folder_(std::move(folder)), limits_(limits), budget_(std::move(budget)), clock_(clock) {}

  /// Errors as make_file_transport says. The time of each stage, the failed one included, is
  /// appended to `stages`.
  Result<Reading> read(const std::string& path, const Fqdn& pool, std::string_view collector,
                       MonoTime deadline, std::vector<StageTime>& stages);

 private:
  // What tells that a file is the one we know; a rename over it changes the inode.
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::pair<std::int64_t, std::int64_t> modified;  // seconds and nanoseconds
    std::pair<std::int64_t, std::int64_t> changed;
    bool operator==(const Identity&) const = default;
  };
  struct Known {
    Identity identity;
    Content content;  // without large objects: those stay only as long as somebody else has them
    std::weak_ptr<const PipelineResult> large;
  };
  // The first sight of a date.
  struct Sighting {
    WallTime date;
    Now seen;
    std::chrono::nanoseconds age{0};  // then, by date and clock
  };
  static Identity identity_of(const struct stat& info);
  void date(Content& content, const std::string& path, Now now);

  std::string folder_;
  Limits limits_;
  std::shared_ptr<ByteBudget> budget_;
  const Clock& clock_;
  std::unordered_map<std::string, Known> known_;
  std::unordered_map<std::string, std::vector<Sighting>> sightings_;
};

}  // namespace sfb::remote
