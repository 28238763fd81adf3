#include "tests/simulator/cmdlets.hpp"

#include "agent/base/text.hpp"
#include "tests/simulator/psrp_wire.hpp"

#include <algorithm>
#include <array>
#include <regex>

namespace sim {

namespace {

// `00:02:00` or `1.00:00:00` as .NET writes it in XML, `PT2M`; empty: the text is no such time.
std::string duration_text(const std::string& text) {
  static const std::regex kForm(R"((?:(\d{1,4})\.)?(\d\d):(\d\d):(\d\d))");
  std::smatch parts;
  if (!std::regex_match(text, parts, kForm)) {
    return {};
  }
  const auto part = [&](std::size_t which, char unit) {
    const int value = parts[which].matched ? std::stoi(parts[which].str()) : 0;
    return value == 0 ? std::string() : fmt::format("{}{}", value, unit);
  };
  const std::string time = part(2, 'H') + part(3, 'M') + part(4, 'S');
  const std::string days = part(1, 'D');
  return days.empty() && time.empty() ? "PT0S" : "P" + days + (time.empty() ? "" : "T") + time;
}

bool matches(const std::string& text, const char* form) {
  return std::regex_match(text, std::regex(form));
}

// The element's name and its text. What YAML has in quotes is text.
std::pair<std::string, std::string> typed(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") {
    return {"S", text};
  }
  if (text == "true" || text == "false") {
    return {"B", text};
  }
  if (matches(text, R"(-?\d{1,9})")) {
    return {"I32", text};
  }
  if (matches(text, R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?)")) {
    return {"DT", text};
  }
  if (const std::string duration = duration_text(text); !duration.empty()) {
    return {"TS", duration};
  }
  return {"S", text};
}

// `name` is empty for the items of a list.
std::string value_xml(const Item& item, const std::string& name, int& id) {
  const std::string n = name.empty() ? std::string() : fmt::format(R"( N="{}")", clixml_text(name));
  if (item.node.IsNull()) {
    return fmt::format("<Nil{} />", n);
  }
  if (item.node.IsSequence() && !name.empty()) {
    const int own = id++;
    std::string items;
    read_list(item, [&](const Item& one) { items += value_xml(one, {}, id); });
    return fmt::format(
        R"(<Obj{0} RefId="{1}"><TN RefId="{1}"><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST>{2}</LST></Obj>)",
        n, own, items);
  }
  if (!item.node.IsScalar()) {
    complain(item, "write a text, a number, true, false, a time, null or a list of these");
  }
  const auto [element, text] = typed(item.node);
  return fmt::format("<{0}{1}>{2}</{0}>", element, n, clixml_text(text));
}

std::string object_xml(const Item& item) {
  std::string members;
  int id = 1;
  read_map(item, {}, [&](const Item& one) {
    members += value_xml(one, one.key, id);
    return true;
  });
  return fmt::format(
      R"(<Obj RefId="0"><TN RefId="0"><T>Simulator.Answer</T><T>System.Object</T></TN><ToString>Simulator.Answer</ToString><Props>{}</Props></Obj>)",
      members);
}

CmdletAnswer answer_of(const Item& item) {
  CmdletAnswer answer;
  read_map(item,
           {{"objects",
             [&](const Item& list) {
               read_list(list, [&](const Item& one) { answer.objects.push_back(object_xml(one)); });
             }},
            {"texts",
             [&](const Item& list) {
               read_list(list, [&](const Item& one) {
                 if (!one.node.IsScalar()) {
                   complain(one, "write a text");
                 }
                 answer.objects.push_back(fmt::format("<S>{}</S>", clixml_text(one.node.Scalar())));
               });
             }},
            {"error", into(answer.error)},
            {"slow", into(answer.slow)},
            {"unknown_parameters", into(answer.unknown_parameters)},
            {"pools", [&](const Item& pools) {
               read_map(pools, {}, [&](const Item& one) {
                 answer.pools[sfb::to_lower(one.key)] = answer_of(one);
                 return true;
               });
             }}});
  return answer;
}

}  // namespace

Cmdlets cmdlets_of(const Item& item) {
  Cmdlets cmdlets;
  read_map(item, {}, [&](const Item& one) {
    if (!matches(one.key, "[A-Za-z]+-[A-Za-z]+( -[A-Za-z]+)*")) {
      complain(one, "is no cmdlet with its switches, such as Get-CsPool -LocalStore");
    }
    if (sfb::iequals(sfb::split(one.key, ' ').front(), kStatusCmdlet)) {
      complain(one, "what this one answers stands in pools");
    }
    cmdlets[one.key] = answer_of(one);
    return true;
  });
  return cmdlets;
}

Cmdlets::const_iterator find_cmdlet(const Cmdlets& cmdlets, const std::string& name,
                                    const std::map<std::string, std::string>& arguments) {
  auto best = cmdlets.end();
  std::size_t most = 0;
  for (auto each = cmdlets.begin(); each != cmdlets.end(); ++each) {
    const auto words = sfb::split(each->first, ' ');
    const auto given = [&](std::string_view word) {
      const auto found = arguments.find(sfb::to_lower(word.substr(1)));
      return found != arguments.end() && sfb::iequals(found->second, "true");
    };
    if (sfb::iequals(words.front(), name) && words.size() > most &&
        std::all_of(words.begin() + 1, words.end(), given)) {
      best = each;
      most = words.size();
    }
  }
  return best;
}

}  // namespace sim
