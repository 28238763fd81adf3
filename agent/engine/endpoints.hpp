// The endpoints of the present configuration and their accounts: what a reload keeps of them.
#pragma once

#include "agent/engine/endpoint.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace sfb::engine {

/// Thread rule: one thread.
class Endpoints {
 public:
  /// Given to every transport; may outlive this object.
  struct Hooks {
    remote::TransportControl::OnChange content_changed;
    std::function<void(EndpointId, std::uint64_t secret)> credentials_changed;
  };
  using ByName = std::map<std::string, EndpointPtr>;

  explicit Endpoints(Hooks hooks) : hooks_(std::move(hooks)) {}

  /// Endpoints with the same identity stay the same objects, and their pools move to the transport
  /// in use now; runs under way keep an old one alive. Accounts stay by their text.
  void adopt(std::vector<EndpointOptions> options, Now now);
  const ByName& by_name() const { return by_name_; }
  const std::map<std::string, SharedAccountPtr>& accounts() const { return accounts_; }
  /// nullptr when it is not of the present configuration.
  EndpointPtr find(EndpointId id) const;
  std::vector<std::shared_ptr<remote::TransportControl>> transports() const;

 private:
  EndpointPtr make(const EndpointOptions& options, bool known);
  void use_transport(Endpoint& endpoint, EndpointOptions& options, bool same) const;

  Hooks hooks_;
  EndpointId made_ = 0;
  ByName by_name_;
  std::unordered_map<EndpointId, EndpointPtr> by_id_;
  std::map<std::string, SharedAccountPtr> accounts_;
};

}  // namespace sfb::engine
