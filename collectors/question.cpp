#include "collectors/question.hpp"

#include <algorithm>
#include <iterator>

namespace sfb::collectors {

namespace {

constexpr std::string_view kPool = "PoolFqdn";

const binding::Parameter* find_parameter(const binding::Cmdlet& cmdlet, std::string_view name) {
  const auto found = std::ranges::find(cmdlet.parameters, name, &binding::Parameter::name);
  return found == cmdlet.parameters.end() ? nullptr : &*found;
}

bool is_switch(const binding::Cmdlet& cmdlet, std::string_view name) {
  const binding::Parameter* const parameter = find_parameter(cmdlet, name);
  return parameter != nullptr && parameter->type == binding::ParameterType::switch_flag;
}

std::vector<Argument> scheduled_arguments(const Collector& what) {
  std::vector<Argument> arguments;
  for (const std::string_view name : what.scheduled) {
    arguments.push_back({std::string(name), true});
  }
  return arguments;
}

// How many of the switches that the collector's scheduled question gives are given; none when one
// of them is not.
std::size_t agreement(const Collector& collector, const std::vector<Argument>& arguments) {
  const std::vector<Argument> wanted = scheduled_arguments(collector);
  const bool all = std::ranges::all_of(wanted, [&](const Argument& argument) {
    return std::ranges::find(arguments, argument) != arguments.end();
  });
  return all ? wanted.size() : 0;
}

}  // namespace

bool Question::is_scheduled() const {
  return arguments == scheduled_arguments(*what);
}

bool Question::has_flag(std::string_view name) const {
  const auto found = std::ranges::find(arguments, name, &Argument::name);
  const bool* const flag = found == arguments.end() ? nullptr : std::get_if<bool>(&found->value);
  return flag != nullptr && *flag;
}

Question scheduled_question(const Fqdn& pool, const Collector& what) {
  return {pool, &what, scheduled_arguments(what)};
}

Question question_of(const binding::Cmdlet& cmdlet, const std::vector<binding::Bound>& bound,
                     Fqdn pool) {
  Question question{std::move(pool)};
  for (const binding::Parameter& parameter : cmdlet.parameters) {
    const auto value = std::ranges::find(bound, parameter.name, &binding::Bound::parameter);
    if (value == bound.end() || parameter.name == kPool) {
      continue;
    }
    if (parameter.type == binding::ParameterType::switch_flag) {
      if (value->flag) {
        question.arguments.push_back({parameter.name, true});
      }
    } else if (parameter.type == binding::ParameterType::boolean) {
      question.arguments.push_back({parameter.name, value->flag});
    } else {
      question.arguments.push_back({parameter.name, value->text});
    }
  }
  const Collector* chosen = nullptr;
  for (const Collector* const collector : all()) {
    if (&collector->cmdlet() == &cmdlet &&
        (chosen == nullptr ||
         agreement(*collector, question.arguments) > agreement(*chosen, question.arguments))) {
      chosen = collector;
    }
  }
  question.what = chosen == nullptr ? &pool_status() : chosen;
  return question;
}

Call make_call(const Question& question) {
  const binding::Cmdlet& cmdlet = question.what->cmdlet();
  Call call{.cmdlet = cmdlet.name, .parameters = {}, .script = question.what->script()};
  call.rows_of = question.what->rows_of;
  if (asks_pool(cmdlet)) {
    call.parameters.push_back({std::string(kPool), Value::string(question.pool.str())});
  }
  for (const Argument& argument : question.arguments) {
    const std::string* const text = std::get_if<std::string>(&argument.value);
    call.parameters.push_back(
        {argument.name,
         text != nullptr ? Value::string(*text) : Value::boolean(std::get<bool>(argument.value))});
  }
  return call;
}

std::string parameters_text(const Question& question) {
  const binding::Cmdlet& cmdlet = question.what->cmdlet();
  std::string text = is_pool_status(*question.what) ? "" : cmdlet.name;
  const auto add = [&](std::string_view part) {
    text += text.empty() ? "" : " ";
    text += part;
  };
  for (const Argument& argument : question.arguments) {
    add("-" + argument.name);
    if (const std::string* const word = std::get_if<std::string>(&argument.value)) {
      add(*word);
    } else if (!is_switch(cmdlet, argument.name)) {
      add(std::get<bool>(argument.value) ? "$true" : "$false");
    }
  }
  return text;
}

}  // namespace sfb::collectors
