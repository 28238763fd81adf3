#include "agent/serve/endpoint_families.hpp"

#include <algorithm>
#include <optional>

namespace sfb::serve {

namespace {

double seconds_of(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

// `value`: of the facts, absent where an endpoint has none.
template <typename Value>
void write_family(exposition::Writer& writer, const exposition::Family& family,
                  const std::vector<status::EndpointSnapshot>& endpoints, const Value& value) {
  const auto has = [&](const status::EndpointSnapshot& each) {
    return value(each.facts).has_value();
  };
  if (std::ranges::none_of(endpoints, has)) {
    return;
  }
  writer.family(family);
  for (const status::EndpointSnapshot& each : endpoints) {
    if (const std::optional<double> found = value(each.facts)) {
      writer.sample(exposition::Labels().add("endpoint", each.name), *found);
    }
  }
}

void write_front_ends(exposition::Writer& writer,
                      const std::vector<status::EndpointSnapshot>& endpoints) {
  const auto known = [](const status::EndpointSnapshot& each) {
    return !each.facts.front_end.empty();
  };
  if (std::ranges::none_of(endpoints, known)) {
    return;
  }
  writer.family({"sfb_backup_endpoint_front_end", exposition::Type::gauge, "",
                 "1: the front end that answered last (cached)."});
  for (const status::EndpointSnapshot& each : endpoints) {
    if (known(each)) {
      writer.sample(
          exposition::Labels().add("endpoint", each.name).add("url", each.facts.front_end), 1);
    }
  }
}

std::optional<double> moment(const std::optional<WallTime>& time) {
  return time ? std::optional(seconds_of(*time)) : std::nullopt;
}

}  // namespace

void write_endpoint_families(exposition::Writer& writer,
                             const std::vector<status::EndpointSnapshot>& endpoints) {
  using exposition::Type;
  write_family(writer,
               {"sfb_backup_endpoint_certificate_expiry_timestamp_seconds", Type::gauge, "seconds",
                "When the certificate ends that the server showed last, Unix time (cached)."},
               endpoints,
               [](const EndpointFacts& facts) { return moment(facts.certificate_ends); });
  write_family(writer,
               {"sfb_backup_endpoint_ticket_expiry_timestamp_seconds", Type::gauge, "seconds",
                "When the account's Kerberos ticket ends, Unix time (cached). It is renewed "
                "before."},
               endpoints, [](const EndpointFacts& facts) { return moment(facts.ticket_ends); });
  write_family(writer,
               {"sfb_backup_endpoint_ntlm_logons", Type::counter, "",
                "Connections that NTLM proved where Kerberos was wanted (cached)."},
               endpoints, [](const EndpointFacts& facts) {
                 return facts.ntlm_logons ? std::optional(static_cast<double>(*facts.ntlm_logons))
                                          : std::nullopt;
               });
  write_front_ends(writer, endpoints);
}

}  // namespace sfb::serve
