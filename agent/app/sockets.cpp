#include "agent/app/sockets.hpp"

#include "agent/http/inherited.hpp"

#include <string>
#include <utility>

namespace sfb::app {

Result<std::vector<Descriptor>> take_sockets(AgentOptions& options) {
  if (!options.systemd_socket) {
    return std::vector<Descriptor>();
  }
  auto sockets = http::inherited_sockets();
  if (!sockets) {
    return sockets;
  }
  for (const Descriptor& socket : *sockets) {
    if (std::string address = http::socket_address(socket); !address.empty()) {
      options.listen_addresses.push_back(std::move(address));
    }  // else the server refuses it
  }
  return sockets;
}

}  // namespace sfb::app
