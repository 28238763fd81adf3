// What our client sends is equal in meaning to what Microsoft's client sends in the same situation:
// both decoded, ids dropped, compared member by member. The differences are listed with reasons.
#include "agent/base/text.hpp"
#include "agent/clixml/clixml.hpp"
#include "agent/psrp/bodies.hpp"
#include "agent/psrp/pipeline.hpp"
#include "agent/value/access.hpp"
#include "tests/unit/psrp/recording.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace sfb::psrp {
namespace {

using Members = std::map<std::string, std::string>;

// Path -> kind and text of every member; type names beside them.
void flatten(const Graph& graph, const Value& value, const std::string& path, Members& out) {
  const Object* const object = graph.object(value);
  if (object == nullptr) {
    out[path] = std::to_string(static_cast<int>(value.kind)) + " " + value.text;
    return;
  }
  if (object->types) {
    // The version of an assembly is no meaning.
    const std::string& name = graph.types_at(*object->types).front();
    out[path + "@type"] = name.substr(0, name.find("Version="));
  }
  if (object->base) {
    flatten(graph, *object->base, path + "#base", out);
  }
  for (const auto* list : {&object->adapted, &object->extended}) {
    for (const Property& property : *list) {
      flatten(graph, property.value, path + "/" + property.name, out);
    }
  }
  if (object->collection) {
    out[path + "#items"] = std::to_string(object->collection->items.size());
    for (std::size_t i = 0; i < object->collection->items.size(); ++i) {
      flatten(graph, object->collection->items[i], path + "[" + std::to_string(i) + "]", out);
    }
  }
}

Members members_of(const std::string& body) {
  const auto document = clixml::read_message(body, {});
  Members out;
  flatten(document->graph, document->roots.front(), "", out);
  return out;
}

constexpr std::string_view kNothing = "nothing";
constexpr std::string_view kNull = "0 ";

struct Difference {
  std::string_view path;
  std::string_view ours;
  std::string_view theirs;
  std::string_view why;
};

// What may differ, and why that is right (both forms are accepted by Microsoft's server).
constexpr std::string_view kDebugger = "PSVersionTable there would switch the remote debugger on";
constexpr std::string_view kCategory = "recorded with two categories; we ask for one";
constexpr Difference kDifferences[] = {
    {"/protocolversion", "20 2.3", "20 2.4", "2.4 brings nothing we use, drops the session key"},
    {"/ApplicationArguments", kNull, kNothing, kDebugger},
    {"/ApplicationArguments#items", kNothing, "0", kDebugger},
    {"/ApplicationArguments@type", kNothing, "System.Management.Automation.PSPrimitiveDictionary",
     kDebugger},
    {"/HostInfo/_useRunspaceHost", "3 true", "3 false",
     "as every recorded Windows client sends it"},
    {"/RemoteStreamOptions#base", "11 0", "11 15", "invocation info makes records 3 KB larger"},
    {"/PowerShell/ExtraCmds", kNull, kNothing, "for one statement the same"},
    {"/PowerShell/RedirectShellErrorOutputPipe", "3 false", "3 true",
     "errors come as ERROR_RECORD either way"},
    {"/PowerShell/Cmds[0]/Args[1]/V", "1 UserData", kNothing, kCategory},
    {"/PowerShell/Cmds[0]/Args[1]/V#items", kNothing, "2", kCategory},
    {"/PowerShell/Cmds[0]/Args[1]/V@type", kNothing, "System.String[]", kCategory},
    {"/PowerShell/Cmds[0]/Args[1]/V[0]", kNothing, "1 UserData", kCategory},
    {"/PowerShell/Cmds[0]/Args[1]/V[1]", kNothing, "1 CMS", kCategory},
};

// Paths whose values differ and may not.
std::vector<std::string> differences(const std::string& ours, const std::string& theirs) {
  const Members a = members_of(ours);
  const Members b = members_of(theirs);
  std::set<std::string> paths;
  for (const auto* const members : {&a, &b}) {
    for (const auto& [path, text] : *members) {
      paths.insert(path);
    }
  }
  const auto text_of = [](const Members& members, const std::string& path) {
    const auto found = members.find(path);
    return found == members.end() ? kNothing : std::string_view(found->second);
  };
  std::vector<std::string> found;
  for (const std::string& path : paths) {
    const std::string_view mine = text_of(a, path);
    const std::string_view other = text_of(b, path);
    const bool allowed = std::ranges::any_of(kDifferences, [&](const Difference& known) {
      return known.path == path && known.ours == mine && known.theirs == other;
    });
    if (mine != other && !allowed) {
      found.push_back(path + ": ours " + std::string(mine) + ", theirs " + std::string(other));
    }
  }
  return found;
}

std::string body_of(const std::string& recording, MessageType type, std::size_t number = 0) {
  for (const Message& message : messages_of(read_recording(recording), true)) {
    if (message.type == type && number-- == 0) {
      return message.body;
    }
  }
  return "absent";
}

TEST(ClientEqual, Opening) {
  for (const char* const name : {"client-open-close.txt", "client-command.txt"}) {
    EXPECT_THAT(differences(session_capability({}), body_of(name, MessageType::session_capability)),
                ::testing::IsEmpty());
    EXPECT_THAT(differences(init_runspacepool(), body_of(name, MessageType::init_runspacepool)),
                ::testing::IsEmpty());
  }
}

TEST(ClientEqual, TheRecordedPipelines) {
  const Property pool{"PoolFqdn", Value::string("healthy.litwareinc.com")};
  const std::string type = "client-";
  const std::map<std::string, std::vector<Command>> cases = {
      {"client-command.txt", {{"Get-CsBackupServiceStatus", false, {pool}}}},
      {"client-command-all-parameters.txt",
       {{"Get-CsBackupServiceStatus",
         false,
         {pool,
          {"Category", Value::string("UserData")},
          {"BypassDualWrite", Value::boolean(true)},
          {"Force", Value::boolean(true)}}}}},
      {"client-pipeline-of-two.txt",
       {{"Get-CsBackupServiceStatus", false, {pool}},
        {"Select-Object", false, {{"ExpandProperty", Value::string("BackupModules")}}}}},
  };
  for (const auto& [name, commands] : cases) {
    EXPECT_THAT(
        differences(create_pipeline(commands, {2, 4}), body_of(name, MessageType::create_pipeline)),
        ::testing::IsEmpty())
        << name;
  }
  const std::string script = body_of("client-script.txt", MessageType::create_pipeline);
  const auto document = clixml::read_message(script, {});
  const Members members = members_of(script);
  const Command ours{members.at("/PowerShell/Cmds[0]/Cmd").substr(2), true, {}};
  EXPECT_THAT(differences(create_pipeline({ours}, {2, 4}), script), ::testing::IsEmpty());
}

TEST(ClientEqual, ADifferenceThatMattersIsFound) {
  const std::string theirs = body_of("client-command.txt", MessageType::create_pipeline);
  EXPECT_THAT(
      differences(create_pipeline({{"Get-CsBackupServiceStatus", false, {}}}, {2, 4}), theirs),
      ::testing::Not(::testing::IsEmpty()));
  EXPECT_THAT(
      differences(create_pipeline({{"Get-CsBackupServiceStatus", false, {}}}, {2, 1}), theirs),
      ::testing::Not(::testing::IsEmpty()));
}

// Members that the server's reader wants: without one it falls silent.
TEST(ClientEqual, EachRequiredMemberIsMissedWhenItIsNotThere) {
  const std::string theirs = body_of("client-command.txt", MessageType::create_pipeline);
  const std::string ours =
      create_pipeline({{"Get-CsBackupServiceStatus",
                        false,
                        {{"PoolFqdn", Value::string("healthy.litwareinc.com")}}}},
                      {2, 4});
  ASSERT_THAT(differences(ours, theirs), ::testing::IsEmpty());
  for (const char* const name :
       {"NoInput", "ApartmentState", "RemoteStreamOptions", "AddToHistory", "HostInfo",
        "PowerShell", "IsNested", "Cmds", "History", "RedirectShellErrorOutputPipe", "Cmd",
        "IsScript", "UseLocalScope", "MergeMyResult", "MergeToResult", "MergePreviousResults",
        "Args"}) {
    std::string without = ours;
    const std::string member = std::string(" N=\"") + name + "\"";
    const auto at = without.find(member);
    ASSERT_NE(at, std::string::npos) << name;
    without.replace(at, member.size(), " N=\"Other\"");
    EXPECT_THAT(differences(without, theirs), ::testing::Contains(::testing::AllOf(
                                                  ::testing::HasSubstr(std::string("/") + name),
                                                  ::testing::HasSubstr("ours nothing, theirs "))));
  }
}

TEST(ClientEqual, ARefusalHasTheMembersOfAHostResponse) {
  const Members theirs =
      members_of(body_of("server-host-readline-refused.txt", MessageType::pipeline_host_response));
  const Members ours = members_of(host_response_refusal({1, 11, "ReadLine"}));
  for (const char* const path : {"/ci", "/mi#base"}) {
    EXPECT_EQ(ours.at(path), theirs.at(path));
  }
  EXPECT_TRUE(std::ranges::any_of(
      ours, [](const auto& member) { return member.first.starts_with("/me/"); }));
  EXPECT_TRUE(std::ranges::any_of(
      theirs, [](const auto& member) { return member.first.starts_with("/me"); }));
}

}  // namespace
}  // namespace sfb::psrp
