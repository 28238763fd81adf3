// The seam between the loader and the file system.
#pragma once

#include "agent/base/error.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::config {

/// What may be said of a secret's file; never its content.
struct SecretInfo {
  std::optional<Error> problem;  ///< it cannot be used: secret_line's error
  unsigned mode = 0;             ///< permission bits
  bool public_key = false;       ///< what ssh-keygen writes beside a private key: no secret
};

/// Whether a text begins as a public key of ssh or of PEM does.
bool is_public_key(std::string_view text);

/// Finds and reads configuration files. Thread rule: calls block; not for the loop thread.
class Files {
 public:
  virtual ~Files() = default;
  /// Paths that match a shell pattern, in byte order; empty when there are none. A pattern without
  /// `*`, `?` and `[` is a path and matches itself, whether it exists or not.
  virtual std::vector<std::string> match(const std::string& pattern) const = 0;
  /// The whole content. Reason::not_found when there is no such file; Reason::process when it
  /// cannot be read, is not a regular file or is larger than `most` bytes. Messages are sentences
  /// without the path ("is a directory").
  virtual Result<std::string> read(const std::string& path, std::size_t most) const = 0;
  /// Looks at a file that must be readable; errors as `read`.
  virtual Result<SecretInfo> inspect(const std::string& path) const = 0;
  /// Whether it is a program that this account may start: errors as `read`.
  virtual Status executable(const std::string& path) const = 0;
  /// The path from the root, `.` and `..` resolved in the text alone.
  virtual std::string absolute(const std::string& path) const = 0;
};

/// The machine's file system.
class SystemFiles final : public Files {
 public:
  std::vector<std::string> match(const std::string& pattern) const override;
  Result<std::string> read(const std::string& path, std::size_t most) const override;
  Result<SecretInfo> inspect(const std::string& path) const override;
  Status executable(const std::string& path) const override;
  std::string absolute(const std::string& path) const override;
};

}  // namespace sfb::config
