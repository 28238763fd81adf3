#include "tests/simulator/psrp_wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace sim {

namespace {

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size, bool big) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[at + (big ? i : size - 1 - i)]);
    value = value * 256 + byte;
  }
  return value;
}

void append_number(std::string& out, std::uint64_t value, std::size_t size, bool big) {
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t shift = 8 * (big ? size - 1 - i : i);
    out.push_back(static_cast<char>((value >> shift) % 256));
  }
}

std::string error_record(const std::string& text, const std::string& id, const std::string& target,
                         const std::string& type, int category, std::string_view name) {
  return fmt::format(
      R"(<Obj {}RefId="40"><TN RefId="40"><T>System.Management.Automation.ErrorRecord</T><T>System.Object</T></TN><ToString>{}</ToString><MS><B N="writeErrorStream">true</B><Obj N="Exception" RefId="41"><TN RefId="41"><T>{}</T><T>System.Exception</T><T>System.Object</T></TN><ToString>{}: {}</ToString><Props><S N="Message">{}</S></Props></Obj><S N="TargetObject">{}</S><S N="FullyQualifiedErrorId">{}</S><Nil N="InvocationInfo"/><I32 N="ErrorCategory_Category">{}</I32><S N="ErrorCategory_Activity">Get-CsBackupServiceStatus</S><S N="ErrorCategory_Reason">Exception</S><S N="ErrorCategory_TargetName">{}</S><S N="ErrorCategory_TargetType">String</S><S N="ErrorCategory_Message">NotSpecified: ({}:String) [Get-CsBackupServiceStatus], Exception</S><B N="SerializeExtendedInfo">false</B></MS></Obj>)",
      name.empty() ? std::string() : fmt::format(R"(N="{}" )", name), clixml_text(text), type, type,
      clixml_text(text), clixml_text(text), clixml_text(target), clixml_text(id), category,
      clixml_text(target), clixml_text(target));
}

// The word of the whole: the first that is not good, an invention of the simulator.
std::string worst(const std::vector<ModuleRow>& modules, std::string ModuleRow::* word) {
  const auto bad = std::ranges::find_if(modules, [&](const ModuleRow& module) {
    const std::string& text = module.*word;
    return text != "FinalState" && text != "SteadyState" && text != "NormalState" &&
           text != "NotInitialized";
  });
  return modules.empty()        ? "NotInitialized"
         : bad == modules.end() ? modules.front().*word
                                : (*bad).*word;
}

}  // namespace

bool Assembler::feed(std::string_view bytes, std::vector<PsrpMessage>& messages) {
  while (!bytes.empty()) {
    if (bytes.size() < 21) {
      return false;
    }
    const std::uint64_t object = number_at(bytes, 0, 8, true);
    const std::uint64_t number = number_at(bytes, 8, 8, true);
    const unsigned flags = static_cast<unsigned char>(bytes[16]);
    const std::uint64_t length = number_at(bytes, 17, 4, true);
    const bool start = (flags & 1U) != 0;
    Open& open = open_[object];
    if (bytes.size() - 21 < length || flags > 3 || start != (number == 0) || number != open.next) {
      return false;
    }
    open.bytes.append(bytes.substr(21, length));
    ++open.next;
    bytes.remove_prefix(21 + length);
    if ((flags & 2U) == 0) {
      continue;
    }
    const std::string whole = std::move(open.bytes);
    open_.erase(object);
    if (whole.size() < 40) {
      return false;
    }
    PsrpMessage message;
    message.destination = static_cast<std::uint32_t>(number_at(whole, 0, 4, false));
    message.type = static_cast<std::uint32_t>(number_at(whole, 4, 4, false));
    std::memcpy(message.rpid.data(), whole.data() + 8, 16);
    std::memcpy(message.pid.data(), whole.data() + 24, 16);
    const bool bom = whole.compare(40, 3, "\xEF\xBB\xBF") == 0;
    message.body = whole.substr(bom ? 43 : 40);
    messages.push_back(std::move(message));
  }
  return true;
}

std::vector<std::string> fragments_of(std::uint64_t object, std::uint32_t type,
                                      const GuidBytes& rpid, const GuidBytes& pid,
                                      std::string_view body, std::size_t max_blob) {
  std::string whole;
  append_number(whole, 1, 4, false);
  append_number(whole, type, 4, false);
  whole.append(rpid.begin(), rpid.end());
  whole.append(pid.begin(), pid.end());
  if (!body.empty()) {
    whole += "\xEF\xBB\xBF";  // every text of a real server has one; `$null` is empty
  }
  whole += body;
  std::vector<std::string> fragments;
  for (std::size_t at = 0; at < whole.size(); at += max_blob) {
    const std::string_view blob = std::string_view(whole).substr(at, max_blob);
    std::string fragment;
    append_number(fragment, object, 8, true);
    append_number(fragment, fragments.size(), 8, true);
    const unsigned flags = (at == 0 ? 1U : 0U) + (at + blob.size() == whole.size() ? 2U : 0U);
    fragment.push_back(static_cast<char>(flags));
    append_number(fragment, blob.size(), 4, true);
    fragment += blob;
    fragments.push_back(std::move(fragment));
  }
  return fragments;
}

GuidBytes guid_bytes(std::string_view text) {
  GuidBytes bytes{};
  std::string hex;
  for (const char c : text) {
    if (c != '-' && c != '{' && c != '}') {
      hex.push_back(c);
    }
  }
  if (hex.size() != 32 ||
      !std::ranges::all_of(hex, [](unsigned char c) { return std::isxdigit(c); })) {
    return bytes;
  }
  GuidBytes plain{};
  for (std::size_t i = 0; i < 16; ++i) {
    plain.at(i) = static_cast<unsigned char>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
  }
  // .NET: a 32-bit and two 16-bit little endian fields, then eight bytes.
  std::reverse_copy(plain.begin(), plain.begin() + 4, bytes.begin());
  std::reverse_copy(plain.begin() + 4, plain.begin() + 6, bytes.begin() + 4);
  std::reverse_copy(plain.begin() + 6, plain.begin() + 8, bytes.begin() + 6);
  std::copy(plain.begin() + 8, plain.end(), bytes.begin() + 8);
  return bytes;
}

std::string guid_text(const GuidBytes& b) {
  return fmt::format(
      "{:02X}{:02X}{:02X}{:02X}-{:02X}{:02X}-{:02X}{:02X}-{:02X}{:02X}-{:02X}{:02X}{:02X}{:02X}{:"
      "02X}{:02X}",
      b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
      b[15]);
}

std::string clixml_text(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("_x{:04X}_", static_cast<unsigned char>(c));
    } else if (c == '_' && i + 1 < text.size() && (text[i + 1] == 'x' || text[i + 1] == 'X')) {
      out += "_x005F_";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string capability_xml(const std::string& protocol) {
  return fmt::format(
      R"(<Obj RefId="0"><MS><Version N="protocolversion">{}</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>)",
      protocol);
}

std::string private_data_xml(const std::string& ps_version) {
  return fmt::format(
      R"(<Obj RefId="0"><MS><Obj N="ApplicationPrivateData" RefId="1"><TN RefId="0"><T>System.Management.Automation.PSPrimitiveDictionary</T><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En><S N="Key">PSVersionTable</S><Obj N="Value" RefId="2"><TNRef RefId="0" /><DCT><En><S N="Key">PSVersion</S><Version N="Value">{}</Version></En></DCT></Obj></En></DCT></Obj></MS></Obj>)",
      clixml_text(ps_version));
}

std::string state_xml(const std::string& member, int state, const std::string& error,
                      const std::string& error_id, const std::string& type, int category) {
  const std::string record =
      error.empty() ? std::string()
                    : error_record(error, error_id, "", type.empty() ? "System.Exception" : type,
                                   category, "ExceptionAsErrorRecord");
  return fmt::format(R"(<Obj RefId="0"><MS><I32 N="{}">{}</I32>{}</MS></Obj>)", member, state,
                     record);
}

std::string error_xml(const std::string& text, const std::string& id, const std::string& target) {
  return error_record(text, id, target, "System.Exception", 0, {});
}

std::string informational_xml(const std::string& text) {
  return fmt::format(
      R"(<Obj RefId="0"><MS><S N="InformationalRecord_Message">{}</S><B N="InformationalRecord_SerializeInvocationInfo">false</B></MS></Obj>)",
      clixml_text(text));
}

std::string progress_xml(const std::string& text) {
  return fmt::format(
      R"(<Obj RefId="0"><MS><S N="Activity">{}</S><I32 N="ActivityId">0</I32><S N="StatusDescription">working</S><S N="CurrentOperation"></S><I32 N="ParentActivityId">-1</I32><I32 N="PercentComplete">50</I32><Obj N="Type" RefId="1"><TN RefId="0"><T>System.Management.Automation.ProgressRecordType</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>Processing</ToString><I32>0</I32></Obj><I32 N="SecondsRemaining">-1</I32></MS></Obj>)",
      clixml_text(text));
}

std::string host_call_xml(int id) {
  return fmt::format(
      R"(<Obj RefId="0"><MS><I64 N="ci">{}</I64><Obj N="mi" RefId="1"><TN RefId="0"><T>System.Management.Automation.Remoting.RemoteHostMethodId</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>ReadLine</ToString><I32>11</I32></Obj><Obj N="mp" RefId="2"><TN RefId="1"><T>System.Collections.ArrayList</T><T>System.Object</T></TN><LST /></Obj></MS></Obj>)",
      id);
}

std::string status_xml(const std::string& active_machine, const std::vector<ModuleRow>& modules,
                       int depth, const std::string& secure) {
  std::string rows;
  int id = 10;
  for (const ModuleRow& module : modules) {
    const std::string text = clixml_text(
        fmt::format("{}:[{},{}]", module.identity, module.export_word, module.import_word));
    if (depth < 2) {
      rows += fmt::format("<S>{}</S>", text);
    } else {
      rows += fmt::format(
          R"(<Obj RefId="{}"><TN RefId="{}"><T>Simulator.BackupModuleStatus</T><T>System.Object</T></TN><ToString>{}</ToString><Props><S N="Identity">{}</S><S N="ExportStatus">{}</S><S N="ImportStatus">{}</S></Props></Obj>)",
          id, id, text, clixml_text(module.identity), clixml_text(module.export_word),
          clixml_text(module.import_word));
      ++id;
    }
  }
  return fmt::format(
      R"(<Obj RefId="0"><TN RefId="0"><T>Simulator.BackupServiceStatus</T><T>System.Object</T></TN><ToString>Simulator.BackupServiceStatus</ToString><Props><S N="ActiveMachineFqdn">{}</S><S N="OverallExportStatus">{}</S><S N="OverallImportStatus">{}</S><Obj N="BackupModules" RefId="1"><TN RefId="1"><T>System.Collections.Generic.List`1[[Simulator.BackupModuleStatus]]</T><T>System.Object</T></TN><LST>{}</LST></Obj>{}</Props></Obj>)",
      clixml_text(active_machine), worst(modules, &ModuleRow::export_word),
      worst(modules, &ModuleRow::import_word), rows,
      secure.empty() ? std::string() : fmt::format(R"(<SS N="Password">{}</SS>)", secure));
}

std::string extras_xml(const std::string& language, const CmdletCount& counted,
                       const std::vector<ModuleRow>* modules, const RenderedText& rendered) {
  const auto entry = [](std::string_view key, const std::string& value) {
    return fmt::format(R"(<En><S N="Key">{}</S><S N="Value">{}</S></En>)", key, clixml_text(value));
  };
  std::string rows;
  int id = 10;
  for (const ModuleRow& module : modules == nullptr ? std::vector<ModuleRow>() : *modules) {
    rows += fmt::format(
        R"(<Obj RefId="{}"><TNRef RefId="0" /><DCT>{}{}{}{}</DCT></Obj>)", id++,
        entry("Text",
              fmt::format("{}:[{},{}]", module.identity, module.export_word, module.import_word)),
        entry("ExportStatus", module.export_word), entry("Identity", module.identity),
        entry("ImportStatus", module.import_word));
  }
  const std::string list =
      modules == nullptr
          ? std::string()
          : fmt::format(
                R"(<En><S N="Key">Modules</S><Obj N="Value" RefId="1"><TN RefId="1"><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST>{}</LST></Obj></En>)",
                rows);
  const std::string text =
      !rendered.wanted ? std::string()
      : rendered.text.empty()
          ? entry("RenderRefused",
                  "The term 'Out-String' is not recognized as the name of a cmdlet.")
      : rendered.expanded && rendered.modules.empty()
          ? entry("RenderFailed", "the modules are text")
          : entry("Rendered", rendered.expanded ? rendered.modules : rendered.text);
  return fmt::format(
      R"(<Obj RefId="0"><TN RefId="0"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT>{}{}<En><S N="Key">Count</S><I32 N="Value">{}</I32></En><En><S N="Key">Errors</S><I32 N="Value">{}</I32></En><En><S N="Key">SfbBackupExtras</S><I32 N="Value">1</I32></En></DCT></Obj>)",
      list, entry("Language", language) + text, counted.objects, counted.errors);
}

}  // namespace sim
