#include "tests/simulator/psrp_read.hpp"

#include "agent/base/text.hpp"
#include "agent/xml/reader.hpp"

#include <fmt/format.h>

#include <charconv>

namespace sim {

namespace {

using Element = sfb::xml::Element;
using Problems = std::vector<std::string>;

bool is_integer(std::string_view text) {
  long value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && stop == text.data() + text.size() && !text.empty();
}

// The member of MS with that name.
const Element* member(const Element* object, std::string_view name) {
  const Element* const extended = object == nullptr ? nullptr : object->child("", "MS");
  if (extended == nullptr) {
    return nullptr;
  }
  for (const Element& child : extended->children) {
    const std::string* const n = child.attribute("N");
    if (n != nullptr && *n == name) {
      return &child;
    }
  }
  return nullptr;
}

bool has_form(const Element& value, std::string_view form) {
  if (form == "any") {
    return true;
  }
  if (form == "enum" || form == "list") {
    const Element* const inner = value.child("", form == "enum" ? "I32" : "LST");
    return value.name == "Obj" && inner != nullptr && (form == "list" || is_integer(inner->text));
  }
  return value.name == form && (form != "B" || value.text == "true" || value.text == "false") &&
         (!form.starts_with('I') || is_integer(value.text));
}

// The member, which must be there. `form`: a tag, enum, list or any.
const Element* need(Problems& problems, const Element* object, std::string_view name,
                    std::string_view form) {
  const Element* const found = member(object, name);
  if (found == nullptr) {
    problems.push_back(fmt::format("{} is missing", name));
  } else if (!has_form(*found, form)) {
    problems.push_back(fmt::format("{} is no {}", name, form));
    return nullptr;
  }
  return found;
}

bool is_true(const Element* value) {
  return value != nullptr && value->text == "true";
}

void need_host(Problems& problems, const Element* object) {
  const Element* const host = need(problems, object, "HostInfo", "Obj");
  for (const char* const name :
       {"_isHostNull", "_isHostUINull", "_isHostRawUINull", "_useRunspaceHost"}) {
    if (host != nullptr) {
      need(problems, host, name, "B");
    }
  }
}

std::optional<Element> root_of(std::string_view body, Problems& problems) {
  auto root = sfb::xml::read(body, {});
  if (!root || root->name != "Obj" || !root->space.empty()) {
    problems.emplace_back("cannot be read");
    return std::nullopt;
  }
  return std::move(*root);
}

PipelineRequest::Command command_of(Problems& problems, const Element& item) {
  PipelineRequest::Command command;
  for (const char* const name : {"MergeMyResult", "MergeToResult", "MergePreviousResults"}) {
    need(problems, &item, name, "enum");
  }
  need(problems, &item, "UseLocalScope", "any");
  const Element* const text = need(problems, &item, "Cmd", "S");
  command.text = text == nullptr ? "" : text->text;
  command.script = is_true(need(problems, &item, "IsScript", "B"));
  const Element* const list = need(problems, &item, "Args", "list");
  if (list == nullptr) {
    return command;
  }
  for (const Element& argument : list->child("", "LST")->children) {
    const Element* const name = need(problems, &argument, "N", "any");
    const Element* const value = need(problems, &argument, "V", "any");
    if (name != nullptr && value != nullptr) {
      std::string key = sfb::to_lower(name->text);
      command.arguments[key.starts_with('-') ? key.substr(1) : key] = value->text;
    }
  }
  return command;
}

}  // namespace

std::optional<Version> read_version(std::string_view text) {
  const auto parts = sfb::split(text, '.');
  Version version;
  if (parts.size() < 2 || parts.size() > 4) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::uint32_t value = 0;
    const char* const end = parts[i].data() + parts[i].size();
    const auto [stop, error] = std::from_chars(parts[i].data(), end, value);
    if (error != std::errc() || stop != end || parts[i].empty()) {
      return std::nullopt;
    }
    (i == 0 ? version.major : version.minor) = i < 2 ? value : version.minor;
  }
  return version;
}

Capability read_capability(std::string_view body) {
  Capability capability;
  const auto root = root_of(body, capability.problems);
  const auto version = [&](std::string_view name) -> Version {
    const Element* const found =
        root ? need(capability.problems, &*root, name, "Version") : nullptr;
    const auto read = found == nullptr ? std::nullopt : read_version(found->text);
    if (found != nullptr && !read) {
      capability.problems.push_back(fmt::format("{} is no version", name));
    }
    return read.value_or(Version{});
  };
  capability.protocol = version("protocolversion");
  const Version power_shell = version("PSVersion");
  const Version serialization = version("SerializationVersion");
  if (capability.problems.empty()) {
    if (capability.protocol.major != 2) {
      capability.problems.emplace_back("protocolversion is not 2.x");
    }
    if (power_shell.major != 2) {
      capability.problems.emplace_back("PSVersion is not 2.x");
    }
    if (serialization < Version{1, 1}) {
      capability.problems.emplace_back("SerializationVersion is below 1.1");
    }
  }
  return capability;
}

std::vector<std::string> problems_of_pool(std::string_view body) {
  Problems problems;
  const auto root = root_of(body, problems);
  if (!root) {
    return problems;
  }
  const Element* const least = need(problems, &*root, "MinRunspaces", "I32");
  const Element* const most = need(problems, &*root, "MaxRunspaces", "I32");
  if (least != nullptr && most != nullptr &&
      (std::stol(least->text) < 1 || std::stol(least->text) > std::stol(most->text))) {
    problems.emplace_back("MinRunspaces is not 1 to MaxRunspaces");
  }
  need(problems, &*root, "PSThreadOptions", "enum");
  need(problems, &*root, "ApartmentState", "enum");
  need_host(problems, &*root);
  need(problems, &*root, "ApplicationArguments", "any");
  return problems;
}

PipelineRequest read_create_pipeline(std::string_view body, Version protocol) {
  PipelineRequest request;
  Problems& problems = request.problems;
  const auto root = root_of(body, problems);
  if (!root) {
    return request;
  }
  if (const Element* const no_input = need(problems, &*root, "NoInput", "B");
      no_input != nullptr && !is_true(no_input)) {
    request.input = true;
  }
  need(problems, &*root, "ApartmentState", "enum");
  need(problems, &*root, "RemoteStreamOptions", "enum");
  need(problems, &*root, "AddToHistory", "B");
  need_host(problems, &*root);
  if (protocol >= Version{2, 2}) {
    need(problems, &*root, "IsNested", "B");
  }
  const Element* const power_shell = need(problems, &*root, "PowerShell", "Obj");
  if (power_shell == nullptr) {
    return request;
  }
  need(problems, power_shell, "IsNested", "B");
  need(problems, power_shell, "History", "any");
  need(problems, power_shell, "RedirectShellErrorOutputPipe", "B");
  if (const Element* const commands = need(problems, power_shell, "Cmds", "list")) {
    for (const Element& item : commands->child("", "LST")->children) {
      request.commands.push_back(command_of(problems, item));
    }
    if (request.commands.empty()) {
      problems.emplace_back("Cmds is empty");
    }
  }
  return request;
}

HostResponse read_host_response(std::string_view body) {
  HostResponse response;
  const auto root = root_of(body, response.problems);
  if (!root) {
    return response;
  }
  const Element* const call = need(response.problems, &*root, "ci", "I64");
  response.call = call == nullptr ? "" : call->text;
  need(response.problems, &*root, "mi", "enum");
  response.exception = member(&*root, "me") != nullptr;
  if (response.exception == (member(&*root, "mr") != nullptr)) {
    response.problems.emplace_back("one of me and mr is needed");
  }
  return response;
}

}  // namespace sim
