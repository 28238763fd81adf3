// Where the conversations come from.
#include "agent/psrp/message.hpp"
#include "tests/property/conversation.hpp"
#include "tests/unit/psrp/recording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

namespace sfb::property {

namespace {

using psrp::RecordedPacket;

const std::map<std::string, psrp::PacketKind> kKinds = {
    {"Data", psrp::PacketKind::data},
    {"DataAck", psrp::PacketKind::data_ack},
    {"CommandAck", psrp::PacketKind::command_ack},
    {"SignalAck", psrp::PacketKind::signal_ack},
    {"CloseAck", psrp::PacketKind::close_ack}};

// What the server wrote to one PSGuid, up to the line of the client that ends it, in groups.
std::vector<std::vector<Line>> groups_of(const std::vector<RecordedPacket>& packets,
                                         const std::string& guid) {
  std::vector<std::vector<Line>> groups;
  for (const RecordedPacket& packet : packets) {
    if (packet.to_server) {
      if (guid == psrp::kSession && packet.guid != guid) {
        break;
      }
      if (packet.guid == guid) {
        groups.emplace_back();
      }
    } else if (packet.guid == guid && !groups.empty() && kKinds.contains(packet.kind)) {
      groups.back().push_back({.kind = kKinds.at(packet.kind),
                               .id = parse_guid(packet.guid).value(),
                               .fragments = read_fragments(packet.bytes).value(),
                               .raw = {}});
    }
  }
  return groups;
}

// The server counts its objects without a gap.
void count_objects(Conversation& conversation) {
  std::uint64_t last = 0;
  for (auto& group : conversation.groups) {
    for (Line& line : group) {
      for (Fragment& fragment : line.fragments) {
        last += (fragment.flags & 1U) != 0 ? 1 : 0;
        fragment.object = last;
      }
    }
  }
}

Conversation recorded(const std::string& file, const std::vector<std::size_t>& pipelines,
                      remote::Language language) {
  const auto packets = psrp::read_recording(file);
  const auto guids = psrp::pipelines_of(packets);
  Conversation conversation;
  conversation.name = file;
  conversation.language = language;
  conversation.ids.push_back(psrp::messages_of(packets, true).front().rpid);
  conversation.groups = groups_of(packets, psrp::kSession);
  for (const std::size_t index : pipelines) {
    conversation.name += fmt::format(" pipeline {}", index);
    conversation.ids.push_back(parse_guid(guids.at(index)).value());
    for (auto& group : groups_of(packets, guids.at(index))) {
      conversation.groups.push_back(std::move(group));
    }
  }
  count_objects(conversation);
  return conversation;
}

// A conversation like `base` whose pipeline sends these bodies and ends.
Conversation with_output(Conversation base, const std::string& name,
                         const std::vector<std::string>& bodies, remote::Language language) {
  base.name = name;
  base.language = language;
  const Guid pipeline = base.ids.at(1);
  const auto line = [&](psrp::PacketKind kind) { return Line{kind, pipeline, {}, {}}; };
  std::vector<Line> run = {line(psrp::PacketKind::data_ack)};
  const auto add = [&](psrp::MessageType type, const std::string& body) {
    const psrp::Message message{.destination = psrp::Destination::client,
                                .type = type,
                                .rpid = base.ids.front(),
                                .pid = pipeline,
                                .body = "\xEF\xBB\xBF" + body};
    run.push_back(
        {.kind = psrp::PacketKind::data,
         .id = pipeline,
         .fragments =
             {{.object = 0, .number = 0, .flags = 3, .blob = psrp::encode(message), .claimed = {}}},
         .raw = {}});
  };
  for (const std::string& body : bodies) {
    add(psrp::MessageType::pipeline_output, body);
  }
  add(psrp::MessageType::pipeline_state,
      R"(<Obj RefId="0"><MS><I32 N="PipelineState">4</I32></MS></Obj>)");
  base.groups.resize(1);
  base.groups.push_back({line(psrp::PacketKind::command_ack)});
  base.groups.push_back(std::move(run));
  base.groups.push_back({line(psrp::PacketKind::close_ack)});
  count_objects(base);
  return base;
}

struct Row {
  std::string_view name;
  std::string_view exported;
};

std::string status_body(const std::vector<Row>& rows, bool objects) {
  std::string list;
  int id = 10;
  for (const Row& row : rows) {
    const std::string text = fmt::format("{}:[{},NormalState]", row.name, row.exported);
    list += objects ? fmt::format(R"(<Obj RefId="{0}"><TN RefId="{0}"><T>Test.Module</T></TN>)"
                                  R"(<ToString>{1}</ToString><Props><S N="Identity">{2}</S>)"
                                  R"(<S N="ExportStatus">{3}</S><S N="ImportStatus">NormalState)"
                                  R"(</S></Props></Obj>)",
                                  id, text, row.name, row.exported)
                    : fmt::format("<S>{}</S>", text);
    ++id;
  }
  return fmt::format(
      R"(<Obj RefId="0"><TN RefId="0"><T>Test.Status</T><T>System.Object</T></TN>)"
      R"(<ToString>Test.Status</ToString><Props><S N="OverallExportStatus">SteadyState</S>)"
      R"(<Obj N="BackupModules" RefId="1"><TN RefId="1"><T>Test.List</T></TN><LST>{}</LST></Obj>)"
      R"(</Props></Obj>)",
      list);
}

// What the agent's script sends behind the objects.
std::string extras_body(const std::vector<Row>& rows, int count) {
  const auto entry = [](std::string_view key, std::string_view value) {
    return fmt::format(R"(<En><S N="Key">{}</S><S N="Value">{}</S></En>)", key, value);
  };
  std::string list;
  int id = 10;
  for (const Row& row : rows) {
    list += fmt::format(R"(<Obj RefId="{}"><TNRef RefId="0" /><DCT>{}{}{}{}</DCT></Obj>)", id++,
                        entry("Text", fmt::format("{}:[{},NormalState]", row.name, row.exported)),
                        entry("ExportStatus", row.exported), entry("Identity", row.name),
                        entry("ImportStatus", "NormalState"));
  }
  return fmt::format(
      R"(<Obj RefId="0"><TN RefId="0"><T>System.Collections.Hashtable</T><T>System.Object</T></TN>)"
      R"(<DCT><En><S N="Key">Modules</S><Obj N="Value" RefId="1"><TN RefId="1"><T>System.Object[])"
      R"(</T></TN><LST>{}</LST></Obj></En>{}<En><S N="Key">Count</S><I32 N="Value">{}</I32></En>)"
      R"(<En><S N="Key">Errors</S><I32 N="Value">0</I32></En>)"
      R"(<En><S N="Key">SfbBackupExtras</S><I32 N="Value">1</I32></En></DCT></Obj>)",
      list, entry("Language", "FullLanguage"), count);
}

// Each message in three fragments, two to a line.
Conversation in_fragments(Conversation conversation) {
  conversation.name += " in fragments";
  for (auto& group : conversation.groups) {
    std::vector<Line> lines;
    for (Line& line : group) {
      std::vector<Fragment> pieces;
      for (const Fragment& fragment : line.fragments) {
        const std::size_t size = (fragment.blob.size() + 2) / 3;
        for (std::size_t at = 0; at < fragment.blob.size(); at += size) {
          const bool last = at + size >= fragment.blob.size();
          pieces.push_back({.object = fragment.object,
                            .number = at / size,
                            .flags = (at == 0 ? 1U : 0U) | (last ? 2U : 0U),
                            .blob = fragment.blob.substr(at, size),
                            .claimed = {}});
        }
      }
      for (std::size_t i = 0; i < pieces.size() || i == 0; i += 2) {
        Line part{line.kind, line.id, {}, {}};
        for (std::size_t k = i; k < std::min(i + 2, pieces.size()); ++k) {
          part.fragments.push_back(std::move(pieces[k]));
        }
        lines.push_back(std::move(part));
      }
    }
    group = std::move(lines);
  }
  return conversation;
}

}  // namespace

std::vector<Conversation> conversations() {
  std::vector<Conversation> all;
  for (const std::string& file : psrp::recordings()) {
    const auto packets = psrp::read_recording(file);
    for (std::size_t i = 0; i < psrp::pipelines_of(packets).size(); ++i) {
      all.push_back(recorded(file, {i}, remote::Language::none));
    }
  }
  // The first command of a session is a script, and the server says no.
  all.push_back(recorded("server-nolanguage.txt", {1, 0}, remote::Language::automatic));
  const Conversation& base = all.front();
  const std::vector<Row> good = {{"A.B", "SteadyState"}, {"C.D", "FinalState"}};
  const std::vector<Row> bad = {{"A.B", "SteadyState"}, {"C.D", "ErrorState"}};
  for (const auto& [word, rows] : {std::pair("good", good), std::pair("bad", bad)}) {
    for (const bool objects : {false, true}) {
      const std::string name = fmt::format("{} {}", word, objects ? "objects" : "texts");
      all.push_back(with_output(base, "command, " + name, {status_body(rows, objects)},
                                remote::Language::none));
      all.push_back(with_output(base, "script, " + name,
                                {status_body(rows, objects), extras_body(rows, 1)},
                                remote::Language::automatic));
    }
  }
  all.push_back(with_output(base, "command, nothing", {}, remote::Language::none));
  all.push_back(
      with_output(base, "script, nothing", {extras_body({}, 0)}, remote::Language::automatic));
  const std::size_t count = all.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = all[i].name;
    if (!name.contains(".txt") || name.starts_with("server-healthy.") ||
        name.starts_with("server-nonfatal.") || name.starts_with("server-unknown-pool.")) {
      all.push_back(in_fragments(Conversation(all[i])));
    }
  }
  return all;
}

}  // namespace sfb::property
