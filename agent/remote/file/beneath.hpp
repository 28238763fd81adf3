// Opening a file so that no link leads out of a folder: who may write into the folder must not
// choose which other files are read.
#pragma once

#include "agent/base/descriptor.hpp"

#include <string>
#include <string_view>

namespace sfb::remote {

/// The longest leading folder of a path that holds no placeholder (`{...}`), with a slash at its
/// end. `pattern` is absolute.
std::string constant_folder(std::string_view pattern);

/// Opens a file to read, not blocking. `folder` itself may be a link. In `relative`, links must be
/// relative and stay beneath the folder. None with errno at a failure: EXDEV for a link that
/// leaves the folder or is absolute, ELOOP for links in a circle and those of /proc. Blocks on a
/// dead mount.
Descriptor open_beneath(const std::string& folder, const std::string& relative);

/// The same without the system call openat2, which old kernels lack and filters of system calls
/// refuse: each part of the path is opened by itself and each link read.
Descriptor walk_beneath(const std::string& folder, const std::string& relative);

/// The path of the link at which an opening ends with EXDEV; empty where none does (any more).
std::string link_outside(const std::string& folder, const std::string& relative);

}  // namespace sfb::remote
