// The blocking half of transport `file`: one dropped file from disk to objects. Runs on the
// endpoint's worker thread.
#pragma once

#include "agent/base/byte_budget.hpp"
#include "agent/base/time.hpp"
#include "agent/remote/file/dated.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sfb::remote {

/// A reading; a file unchanged since the last one is not read again, unless its objects are large
/// and nobody keeps them.
struct Reading {
  Content content;
  bool reused = false;
};

/// Reads the files of one endpoint and remembers each file's last good content, and when its dates
/// were seen first.
/// Thread rule: one job at a time (the endpoint's single worker thread); outlives the transport
/// inside a hung job.
class FileReader {
 public:
  /// `folder`: constant_folder of the endpoint's path; every path to read begins with it.
  FileReader(std::string folder, Limits limits, std::shared_ptr<ByteBudget> budget,
             const Clock& clock)
      : folder_(std::move(folder)), limits_(limits), budget_(std::move(budget)), clock_(clock) {}

  /// Errors as make_file_transport says. The time of each stage, the failed one included, is
  /// appended to `stages`. `category`: empty: all.
  Result<Reading> read(const std::string& path, const Fqdn& pool, std::string_view collector,
                       std::string_view category, MonoTime deadline,
                       std::vector<StageTime>& stages);

  /// An earlier process saw content of this date first, at `seen`. Before the first reading.
  void recall(const std::string& path, WallTime date, WallTime seen) {
    sightings_[path].recall(date, seen, clock_.now());
  }

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
    std::weak_ptr<const PackedResult> large;
  };
  static Identity identity_of(const struct stat& info);

  std::string folder_;
  Limits limits_;
  std::shared_ptr<ByteBudget> budget_;
  const Clock& clock_;
  std::unordered_map<std::string, Known> known_;
  std::unordered_map<std::string, Sightings> sightings_;
};

}  // namespace sfb::remote
