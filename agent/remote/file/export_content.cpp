#include "agent/remote/file/export_content.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/encoding.hpp"
#include "agent/base/text.hpp"
#include "agent/clixml/clixml.hpp"
#include "agent/clixml/streams.hpp"
#include "agent/json/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace sfb::remote {

namespace {

// True when a syntax error has its cause in a missing end: everything after the last complete token
// is gone.
bool looks_cut(std::string_view text, ExportFormat format) {
  const std::string_view rest = trim(text);
  if (text.ends_with('\0')) {
    return true;
  }
  return format == ExportFormat::clixml ? !rest.ends_with("</Objs>")
                                        : !rest.ends_with('}') && !rest.ends_with(']');
}

// What a file holds that is no export; never any of it, for it may be somebody's secret.
std::string_view kind_of(std::string_view content) {
  const bool binary = std::ranges::any_of(content, [](char c) {
    return (c >= 0 && c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7F;
  });
  return binary || find_ill_formed(content) != std::string_view::npos ? "of binary data"
                                                                      : "of text without markup";
}

// The first line of what powershell.exe -OutputFormat Xml writes.
constexpr std::string_view kMark = "#< CLIXML";

// Whether the bytes are worth a word about their encoding: other files are named as foreign.
bool begins_as_export(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
    return true;
  }
  constexpr std::string_view kBefore = "\xEF\xBB\xBF \t\r\n\0"sv;
  const auto first = bytes.find_first_not_of(kBefore);
  return first != std::string_view::npos &&
         ("<{["sv.contains(bytes[first]) || bytes.substr(first).starts_with(kMark));
}

Result<PipelineResult> read_text(std::string_view text, const Limits& limits, ExportFormat format) {
  if (format == ExportFormat::clixml) {
    auto file = clixml::read_file(text, limits);
    return file ? Result<PipelineResult>(clixml::by_stream(std::move(*file)))
                : std::unexpected(std::move(file.error()));
  }
  auto document = json::read(text, limits);
  if (!document) {
    return std::unexpected(std::move(document.error()));
  }
  PipelineResult result;
  result.graph = std::move(document->graph);
  result.output = std::move(document->roots);
  return result;
}

}  // namespace

Result<PipelineResult> read_content(std::string_view bytes, const Limits& limits,
                                    ExportFormat& format) {
  std::string storage;
  const auto decoded = decode_text(bytes, storage);
  if (!decoded && begins_as_export(bytes)) {
    return std::unexpected(decoded.error());
  }
  const std::string_view text = decoded ? *decoded : bytes;
  const std::string_view content = trim(text);
  if (!content.empty() && content.find_first_not_of('\0') == std::string_view::npos) {
    return fail(Reason::parse, "file.truncated", "the export holds nothing but zeros",
                "write beside it and rename, as Export-BackupStatus.ps1 does");
  }
  if (content.empty()) {
    return fail(Reason::parse, "file.empty", "the export is empty",
                "look whether the task that writes it runs, and whether its disk is full");
  }
  const bool json = content.front() == '{' || content.front() == '[';
  if (!json && content.front() != '<' && !content.starts_with(kMark)) {
    return fail(Reason::parse, "file.foreign",
                fmt::format("the export is neither CLIXML nor JSON but {} {}",
                            counted(bytes.size(), "byte"), kind_of(content)),
                "let Export-BackupStatus.ps1, Export-Clixml or ConvertTo-Json write it; "
                "deploy/transport-file.md shows what one may hold");
  }
  format = json ? ExportFormat::json : ExportFormat::clixml;
  auto result = read_text(text, limits, format);
  if (result) {
    return result;
  }
  const std::string& code = result.error().code;
  const bool zeros = code.ends_with(".trailing") && text.ends_with('\0');
  if (zeros || content == kMark || (code.ends_with(".syntax") && looks_cut(text, format))) {
    return fail(Reason::parse, "file.truncated",
                fmt::format("the export ends too early: {}", result.error().message),
                "write beside it and rename, as Export-BackupStatus.ps1 does");
  }
  return result;
}

}  // namespace sfb::remote
