#include "agent/discover/questions.hpp"

#include "collectors/management_store_replication/management_store_replication.hpp"
#include "collectors/plain_script.hpp"
#include "collectors/pool_backup_relationship/pool_backup_relationship.hpp"
#include "collectors/question.hpp"

#include <array>
#include <span>
#include <utility>

namespace sfb::discover {

namespace {

constexpr std::string_view kUserServer = "UserServer";

// A failure of one cmdlet must not cost the session of the others.
Call aside(Call call) {
  call.side = true;
  return call;
}

}  // namespace

Call services_call() {
  static const std::string kScript =
      collectors::plain_script(kServiceCmdlet, std::array{kUserServer});
  return aside({.cmdlet = std::string(kServiceCmdlet),
                .parameters = {{std::string(kUserServer), Value::boolean(true)}},
                .script = kScript});
}

Call pools_call() {
  static const std::string kScript =
      collectors::plain_script(kPoolCmdlet, std::span<const std::string_view>());
  return aside({.cmdlet = std::string(kPoolCmdlet), .parameters = {}, .script = kScript});
}

Call store_call(const Fqdn& pool) {
  return aside(
      collectors::make_call(scheduled_question(pool, collectors::kCentralManagementStore)));
}

Call relationship_call(const Fqdn& pool, bool local_store) {
  collectors::Question question = scheduled_question(pool, collectors::kPoolBackupRelationship);
  if (!local_store) {
    question.arguments.clear();
  }
  return aside(collectors::make_call(question));
}

std::string spelled(const Call& call) {
  std::string text = call.cmdlet;
  for (const Property& parameter : call.parameters) {
    text += " -" + parameter.name;
    if (parameter.value.kind != Kind::boolean) {
      text += " " + parameter.value.text;
    }
  }
  return text;
}

}  // namespace sfb::discover
