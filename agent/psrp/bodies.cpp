#include "agent/psrp/bodies.hpp"

#include "agent/base/text.hpp"
#include "agent/clixml/clixml.hpp"
#include "agent/clixml/writer.hpp"
#include "agent/value/access.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace sfb::psrp {

namespace {

constexpr std::string_view kNotPowerShells =
    "the message was changed on the way, or is none of PowerShell's: look at what stands between "
    "the agent and the server";

// `PromptForCredential2` and the like.
constexpr std::size_t kLongestMethod = 64;
// `10.0.20348.1`: only its first two parts were read as numbers.
constexpr std::size_t kLongestVersion = 64;

constexpr ProtocolVersion kSince3{2, 2};  // PowerShell 3
constexpr ProtocolVersion kSince5{2, 3};  // PowerShell 5

// Objects of one message; type name lists are written once each and referred to.
class Builder {
 public:
  Graph& graph() { return graph_; }

  Value record(std::vector<Property> members) {
    Object object;
    object.extended = std::move(members);
    object.has_extended = true;
    return Value::object_ref(graph_.add(std::move(object)));
  }

  Value enumeration(const std::string& type, std::string word, std::int32_t number) {
    Object object;
    object.types = types_of(type);
    object.to_string = std::move(word);
    object.base = Value::int32(number);
    return Value::object_ref(graph_.add(std::move(object)));
  }

  Value list(std::vector<Value> items) {
    if (!list_types_) {
      list_types_ = graph_.add_types(
          {"System.Collections.Generic.List`1[[System.Management.Automation.PSObject, "
           "System.Management.Automation, Version=1.0.0.0, Culture=neutral, "
           "PublicKeyToken=31bf3856ad364e35]]",
           "System.Object"});
    }
    Object object;
    object.types = list_types_;
    object.collection = Collection{Collection::Form::list, std::move(items), {}};
    return Value::object_ref(graph_.add(std::move(object)));
  }

  Value apartment_state() { return enumeration("System.Threading.ApartmentState", "Unknown", 2); }

  // No client host: prompts then fail on the server instead of waiting for an answer.
  Value host_info() {
    return record({{"_isHostNull", Value::boolean(true)},
                   {"_isHostUINull", Value::boolean(true)},
                   {"_isHostRawUINull", Value::boolean(true)},
                   {"_useRunspaceHost", Value::boolean(true)}});
  }

  std::string write(const Value& value) { return clixml::write_message(graph_, value); }

 private:
  TypesId types_of(const std::string& type) {
    for (const auto& [known, id] : enum_types_) {
      if (known == type) {
        return id;
      }
    }
    const TypesId id = graph_.add_types({type, "System.Enum", "System.ValueType", "System.Object"});
    enum_types_.emplace_back(type, id);
    return id;
  }

  Graph graph_;
  std::optional<TypesId> list_types_;
  std::vector<std::pair<std::string, TypesId>> enum_types_;
};

Value command_value(Builder& builder, const Command& command, ProtocolVersion version) {
  const auto merge = [&] {
    return builder.enumeration("System.Management.Automation.Runspaces.PipelineResultTypes", "None",
                               0);
  };
  std::vector<Property> members = {
      {"Cmd", Value::string(command.text)},
      {"IsScript", Value::boolean(command.is_script)},
      {"UseLocalScope", {}},
      {"MergeMyResult", merge()},
      {"MergeToResult", merge()},
      {"MergePreviousResults", merge()},
  };
  // What recorded clients send to servers of each version.
  if (version >= kSince3) {
    for (const char* const name : {"MergeError", "MergeWarning", "MergeVerbose", "MergeDebug"}) {
      members.push_back({name, merge()});
    }
  }
  if (version >= kSince5) {
    members.push_back({"MergeInformation", merge()});
  }
  std::vector<Value> arguments;
  arguments.reserve(command.arguments.size());
  for (const Property& argument : command.arguments) {
    arguments.push_back(
        builder.record({{"N", argument.name.empty() ? Value{} : Value::string(argument.name)},
                        {"V", argument.value}}));
  }
  members.push_back({"Args", builder.list(std::move(arguments))});
  return builder.record(std::move(members));
}

// The body's only value; an empty body is null.
Result<Document> read_body(std::string_view body, const Limits& limits) {
  return clixml::read_message(body, limits);
}

std::string member_text(const Document& document, std::string_view name) {
  const Value* const member = find_property(document.graph, document.roots.front(), name);
  return member == nullptr
             ? std::string()
             : std::string(plain_text(document.graph, *member).value_or(std::string_view{}));
}

std::optional<ProtocolVersion> parse_version(std::string_view text) {
  const auto parts = split(trim(text), '.');
  ProtocolVersion version;
  const auto number = [](std::string_view part, int& target) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), target);
    return error == std::errc() && end == part.data() + part.size() && target >= 0;
  };
  if (parts.size() < 2 || !number(parts[0], version.major) || !number(parts[1], version.minor)) {
    return std::nullopt;
  }
  return version;
}

}  // namespace

std::string to_string(ProtocolVersion version) {
  return fmt::format("{}.{}", version.major, version.minor);
}

std::string session_capability(const Capability& capability) {
  Builder builder;
  const auto version = [](std::string text) { return Value::make(Kind::version, std::move(text)); };
  return builder.write(
      builder.record({{"protocolversion", version(to_string(capability.protocol))},
                      {"PSVersion", version(capability.ps_version)},
                      {"SerializationVersion", version(capability.serialization_version)}}));
}

Result<Capability> read_capability(std::string_view body, const Limits& limits) {
  const auto document = read_body(body, limits);
  if (!document) {
    return std::unexpected(document.error());
  }
  Capability capability;
  capability.ps_version = member_text(*document, "PSVersion");
  capability.serialization_version = member_text(*document, "SerializationVersion");
  const std::string protocol = member_text(*document, "protocolversion");
  const auto version = parse_version(protocol);
  const auto serialization = parse_version(capability.serialization_version);
  if (!version || !serialization) {
    return fail(Reason::protocol, "psrp.capability",
                "the server's SESSION_CAPABILITY lacks a valid version",
                "look whether the address is a PowerShell endpoint", std::string(cut_utf8(body)));
  }
  capability.protocol = *version;
  // Such a server says nothing more, ever: give up now instead of at the deadline.
  if (version->major != 2 || *serialization < ProtocolVersion{1, 1}) {
    return fail(Reason::protocol, "psrp.version",
                "the server speaks another PowerShell remoting protocol than 2.x with "
                "serialization 1.1",
                "let a scheduled task on a front end export for transport file; a newer version of "
                "this program may know it",
                fmt::format("protocol {}, serialization {}", cut_utf8(protocol, kLongestVersion),
                            cut_utf8(capability.serialization_version, kLongestVersion)));
  }
  return capability;
}

std::string init_runspacepool() {
  Builder builder;
  const Value threads =
      builder.enumeration("System.Management.Automation.Runspaces.PSThreadOptions", "Default", 0);
  const Value apartment = builder.apartment_state();
  const Value host = builder.host_info();
  return builder.write(builder.record({{"MinRunspaces", Value::int32(1)},
                                       {"MaxRunspaces", Value::int32(1)},
                                       {"PSThreadOptions", threads},
                                       {"ApartmentState", apartment},
                                       {"HostInfo", host},
                                       {"ApplicationArguments", {}}}));
}

std::string create_pipeline(const std::vector<Command>& commands, ProtocolVersion negotiated) {
  Builder builder;
  std::vector<Value> cmds;
  cmds.reserve(commands.size());
  for (const Command& command : commands) {
    cmds.push_back(command_value(builder, command, negotiated));
  }
  const Value power_shell =
      builder.record({{"IsNested", Value::boolean(false)},
                      {"ExtraCmds", {}},
                      {"Cmds", builder.list(std::move(cmds))},
                      {"History", {}},
                      {"RedirectShellErrorOutputPipe", Value::boolean(false)}});
  std::vector<Property> members = {
      // Else the pipeline would wait for its input for ever.
      {"NoInput", Value::boolean(true)},
      {"ApartmentState", builder.apartment_state()},
      {"RemoteStreamOptions",
       builder.enumeration("System.Management.Automation.RemoteStreamOptions", "None", 0)},
      {"AddToHistory", Value::boolean(false)},
      {"HostInfo", builder.host_info()},
      {"PowerShell", power_shell},
  };
  if (negotiated >= kSince3) {
    members.push_back({"IsNested", Value::boolean(false)});
  }
  return builder.write(builder.record(std::move(members)));
}

Result<HostCall> read_host_call(std::string_view body, const Limits& limits) {
  const auto document = read_body(body, limits);
  if (!document) {
    return std::unexpected(document.error());
  }
  const Graph& graph = document->graph;
  const Value* const id = find_property(graph, document->roots.front(), "ci");
  const Value* const method = find_property(graph, document->roots.front(), "mi");
  const auto id_number = id == nullptr ? std::nullopt : as_int64(graph, *id);
  if (!id_number || method == nullptr) {
    return fail(Reason::protocol, "psrp.host_call", "a host call of the server lacks its number",
                std::string(kNotPowerShells));
  }
  HostCall call;
  call.id = *id_number;
  // An enum's text is its name; its number is the base value.
  const Object* const object = graph.object(*method);
  const Value& number = object != nullptr && object->base ? *object->base : *method;
  const std::int64_t method_number = as_int64(graph, number).value_or(0);
  if (!std::in_range<std::int32_t>(method_number)) {
    return fail(Reason::protocol, "psrp.host_call", "a host call of the server has no method",
                std::string(kNotPowerShells));
  }
  call.method = static_cast<std::int32_t>(method_number);
  call.method_name = std::string(plain_text(graph, *method).value_or(std::to_string(call.method)));
  if (call.method_name.size() > kLongestMethod) {
    // It goes back with the answer, which must fit into one request.
    call.method_name = std::to_string(call.method);
  }
  return call;
}

std::string host_response_refusal(const HostCall& call) {
  Builder builder;
  ErrorRecord record;
  record.message = "This client has no host: it answers no prompts.";
  record.exception_type = "System.Management.Automation.Host.HostException";
  record.error_id = "NoHost";
  record.category = 11;  // NotImplemented
  record.category_reason = "HostException";
  record.category_message = "NotImplemented: (:) [], HostException";
  const Value method = builder.enumeration(
      "System.Management.Automation.Remoting.RemoteHostMethodId", call.method_name, call.method);
  const Value exception = record.to_value(builder.graph());
  return builder.write(builder.record({{"ci", Value::make(Kind::int64, std::to_string(call.id))},
                                       {"mi", method},
                                       {"me", exception}}));
}

Result<StateBody> read_state(std::string_view body, std::string_view member, const Limits& limits,
                             Graph& graph, MemoryMeter& meter) {
  const auto root = clixml::read_message(body, limits, graph, meter);
  if (!root) {
    return std::unexpected(root.error());
  }
  StateBody state;
  const Value* const number = find_property(graph, *root, member);
  const auto value = number == nullptr ? std::nullopt : as_int64(graph, *number);
  if (!value || !std::in_range<std::int32_t>(*value)) {
    return fail(Reason::protocol, "psrp.state",
                fmt::format("a state message of the server has no {}", member),
                std::string(kNotPowerShells));
  }
  state.state = static_cast<std::int32_t>(*value);
  if (const Value* const error = find_property(graph, *root, "ExceptionAsErrorRecord");
      error != nullptr && !error->is_null()) {
    state.error = *error;
  }
  return state;
}

std::string read_ps_version(std::string_view body, const Limits& limits) {
  const auto document = read_body(body, limits);
  if (!document) {
    return {};
  }
  const Graph& graph = document->graph;
  const Value* const data = find_property(graph, document->roots.front(), "ApplicationPrivateData");
  const Value* const table =
      data == nullptr ? nullptr : find_member(graph, *data, "PSVersionTable");
  const Value* const version = table == nullptr ? nullptr : find_member(graph, *table, "PSVersion");
  return version == nullptr ? std::string()
                            : std::string(cut_utf8(plain_text(graph, *version).value_or("")));
}

std::string read_warning(std::string_view body, const Limits& limits) {
  const auto document = read_body(body, limits);
  return document ? member_text(*document, "InformationalRecord_Message") : std::string();
}

}  // namespace sfb::psrp
