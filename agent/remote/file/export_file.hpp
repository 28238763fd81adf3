// The dropped file's content (agent/remote/README.md): the wrapper of Export-BackupStatus.ps1 or a
// bare export, CLIXML or JSON. Pure.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/time.hpp"
#include "agent/remote/ask.hpp"
#include "agent/value/pipeline.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sfb::remote {

enum class ExportFormat { clixml, json };

/// A file's meaning.
struct Export {
  PipelineResult result;
  std::optional<WallTime>
      exported_at;  ///< absent in a bare export: then the file's own time counts
  ExportFormat format = ExportFormat::clixml;
  std::string culture = {};        ///< of the texts in result.rendered; empty where not told
  std::string text_left_out = {};  ///< why the file's Text is not used; empty where it is, or none
  bool wrapped = false;  ///< without the wrapper an empty export is doubtful: it holds no errors
  std::string collector = {};  ///< whose answer it is; that of the pool's status where not told
  std::string category = {};   ///< letters, as written; empty: all, or not told
};

/// Reads the bytes of a dropped file, by content and not by name. Reason::parse; codes file.empty,
/// file.truncated (looks half-written), file.foreign (neither CLIXML nor JSON, or no export),
/// file.wrong_pool (PoolFqdn is another pool), file.wrong_collector (Collector is another one),
/// file.bad_wrapper (a field of the wrapper is missing or of the wrong kind, or a newer
/// SfbBackupExport version), file.too_large, file.encoding (neither UTF-8 nor UTF-16) and those of
/// clixml and json. ExportedAt must say its time zone. A Text that is wrong is left out, and the
/// rest counts. Of the content an error quotes only a PoolFqdn that is a host name with dots and a
/// Collector that is words joined by underscores.
Result<Export> parse_export(std::string_view bytes, const Fqdn& pool, const Limits& limits,
                            std::string_view collector = kDefaultCollector);

/// The same of an export whose name does not say which collector it answers: the wrapper does.
Result<Export> parse_any_export(std::string_view bytes, const Fqdn& pool, const Limits& limits);

}  // namespace sfb::remote
