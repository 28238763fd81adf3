#include "tests/property/exports.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace sfb::property {

namespace {

const std::filesystem::path kGolden = SFB_SOURCE_DIR "/tests/golden";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Fqdn pool_of(std::string_view text) {
  const auto at = text.find("PoolFqdn");
  const auto end = at == std::string_view::npos ? at : text.find(".litwareinc.com", at);
  const std::string host =
      end == std::string_view::npos ? "atl-cs-001" : std::string(text.substr(end - 10, 10));
  return Fqdn::parse(host + ".litwareinc.com").value();
}

template <typename Wanted>
void add_folder(std::vector<ExportSource>& all, const std::string& folder, Wanted wanted) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(kGolden / folder)) {
    if (wanted(entry.path().filename().string())) {
      paths.push_back(entry.path());
    }
  }
  if (paths.empty()) {
    throw std::runtime_error("no exports in " + folder);
  }
  std::ranges::sort(paths);
  for (const auto& path : paths) {
    std::string bytes = read_file(path);
    const Fqdn pool = pool_of(characters(bytes));
    all.push_back({folder + "/" + path.filename().string(), std::move(bytes), pool});
  }
}

// What Windows PowerShell's ConvertTo-Json makes of lists that have notes: {"value", "Count"}.
std::string counted_json(std::string_view export_state) {
  return fmt::format(
      R"({{"SfbBackupExport":1,"PoolFqdn":"atl-cs-001.litwareinc.com",)"
      R"("ExportedAt":"\/Date(1795456800000)\/","PSVersion":"5.1","State":"Completed",)"
      R"("Output":{{"value":[{{"OverallExportStatus":"{0}","BackupModules":{{"value":[)"
      R"({{"Identity":"A.B","ExportStatus":"{0}","ImportStatus":"NormalState"}},)"
      R"("C.D:[SteadyState,NormalState]",)"
      R"({{"Identity":"E.F","ExportStatus":"FinalState","ImportStatus":"NormalState"}}],)"
      R"("Count":3}}}}],"Count":1}},"Errors":{{"value":[],"Count":0}},"Warnings":[]}})",
      export_state);
}

// The wrapper as a hashtable, behind the line that powershell.exe -OutputFormat Xml writes.
std::string hashtable_clixml(std::string_view export_state) {
  const auto entry = [](std::string_view key, std::string_view value) {
    return fmt::format(R"(<En><S N="Key">{}</S>{}</En>)", key, value);
  };
  const std::string module = fmt::format(
      R"(<Obj RefId="4"><DCT>{}{}{}</DCT></Obj>)", entry("Identity", R"(<S N="Value">A.B</S>)"),
      entry("ExportStatus", fmt::format(R"(<S N="Value">{}</S>)", export_state)),
      entry("ImportStatus", R"(<S N="Value">NormalState</S>)"));
  return fmt::format(
      "#< CLIXML\r\n"
      R"(<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">)"
      R"(<Obj RefId="0"><DCT>{}{}{}{}{}{}</DCT></Obj></Objs>)",
      entry("SfbBackupExport", R"(<I32 N="Value">1</I32>)"),
      entry("PoolFqdn", R"(<S N="Value">atl-cs-001.litwareinc.com</S>)"),
      entry("ExportedAt", R"(<S N="Value">2026-11-23 18:00:00Z</S>)"),
      entry("State", R"(<S N="Value">Completed</S>)"),
      entry("Output",
            fmt::format(R"(<Obj N="Value" RefId="1"><LST><Obj RefId="2"><MS>)"
                        R"(<Obj N="BackupModules" RefId="3"><LST>{}<S>C.D:[FinalState,NormalState])"
                        R"(</S></LST></Obj></MS></Obj></LST></Obj>)",
                        module)),
      entry("Errors", R"(<Nil N="Value" />)"));
}

// Files of the script, which say how many items their lists have.
std::string script_json(std::string_view export_state) {
  return fmt::format(
      R"({{"SfbBackupExport":1,"PoolFqdn":"atl-cs-001.litwareinc.com","ExportedAt":"2026-11-23T18:00:00Z",)"
      R"("PSVersion":"5.1","State":"Completed","Output":[{{"BackupModules":[)"
      R"({{"Identity":"A.B","ExportStatus":"FinalState","ImportStatus":"NormalState"}},)"
      R"({{"Identity":"C.D","ExportStatus":"{}","ImportStatus":"NormalState"}}]}}],"Errors":[],)"
      R"("Warnings":[],"Counts":{{"Output":1,"Errors":0,"Warnings":0,"BackupModules":2}}}})",
      export_state);
}

std::string script_clixml(std::string_view export_state) {
  return fmt::format(
      R"(<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">)"
      R"(<Obj RefId="0"><MS><I32 N="SfbBackupExport">1</I32>)"
      R"(<S N="PoolFqdn">atl-cs-001.litwareinc.com</S><S N="ExportedAt">2026-11-23T18:00:00Z</S>)"
      R"(<S N="State">Completed</S><Obj N="Output" RefId="1"><LST><Obj RefId="2"><Props>)"
      R"(<Obj N="BackupModules" RefId="3"><LST><S>A.B:[FinalState,NormalState]</S>)"
      R"(<S>C.D:[{},NormalState]</S></LST></Obj></Props></Obj></LST></Obj>)"
      R"(<Obj N="Errors" RefId="4"><LST /></Obj><Obj N="Counts" RefId="5"><MS>)"
      R"(<I32 N="Output">1</I32><I32 N="Errors">0</I32><I32 N="BackupModules">2</I32></MS></Obj>)"
      R"(</MS></Obj></Objs>)",
      export_state);
}

// What powershell.exe -OutputFormat Xml writes: all streams of a command; `more` stands behind.
std::string streams_clixml(std::string_view export_state, std::string_view more) {
  return fmt::format(
      "#< CLIXML\r\n"
      R"(<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">)"
      R"(<Obj S="progress" RefId="0"><MS><I64 N="SourceId">1</I64><PR N="Record"><AV>Preparing</AV>)"
      R"(</PR></MS></Obj><Obj S="Output" RefId="1"><Props><Obj N="BackupModules" RefId="2"><LST>)"
      R"(<S>A.B:[{},NormalState]</S></LST></Obj></Props></Obj>{}</Objs>)",
      export_state, more);
}

// One line, as ConvertTo-Json -Compress and Export-Clixml's peers write it.
std::string without_layout(const std::string& text) {
  std::string out;
  bool line_begins = false;
  for (const char c : text) {
    line_begins = c == '\n' || (line_begins && (c == ' ' || c == '\r'));
    if (!line_begins && c != '\r') {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::vector<ExportSource> exports() {
  std::vector<ExportSource> all;
  add_folder(all, "export", [](const std::string& name) { return !name.ends_with(".md"); });
  add_folder(all, "clixml", [](const std::string& name) {
    return name.starts_with("status") && name.ends_with(".clixml");
  });
  add_folder(all, "json", [](const std::string& name) {
    return (name.starts_with("status-") || name.starts_with("modules-")) &&
           (name.ends_with(".compress.json") || name.ends_with(".ps5.json")) &&
           !name.ends_with(".compress.ps5.json");
  });
  const Fqdn pool = Fqdn::parse("atl-cs-001.litwareinc.com").value();
  for (const std::string_view state : {"FinalState", "ErrorState"}) {
    all.push_back({fmt::format("counted.json {}", state), counted_json(state), pool});
    all.push_back({fmt::format("hashtable.clixml {}", state), hashtable_clixml(state), pool});
    all.push_back({fmt::format("script.json {}", state), script_json(state), pool});
    all.push_back({fmt::format("script.clixml {}", state), script_clixml(state), pool});
    all.push_back({fmt::format("streams.clixml {}", state), streams_clixml(state, ""), pool});
  }
  all.push_back({"streams.clixml with an error",
                 streams_clixml("FinalState", R"(<S S="Error">denied_x000D__x000A_</S>)"), pool});
  for (const std::string name :
       {"healthy-2013-depth2.clixml", "error-2013-depth2.clixml", "healthy-2019-depth1.clixml",
        "error-2013.json", "healthy-2019.json"}) {
    const std::string bytes = without_layout(read_file(kGolden / "export" / name));
    all.push_back({"one line of " + name, bytes, pool_of(bytes)});
  }
  return all;
}

std::string characters(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE")) {
    std::u16string units;
    for (std::size_t i = 2; i + 1 < bytes.size(); i += 2) {
      units += static_cast<char16_t>(static_cast<unsigned char>(bytes[i]) |
                                     (static_cast<unsigned char>(bytes[i + 1]) << 8U));
    }
    return from_utf16(units);
  }
  constexpr std::string_view kBom = "\xEF\xBB\xBF";
  return std::string(bytes.substr(bytes.starts_with(kBom) ? kBom.size() : 0));
}

}  // namespace sfb::property
