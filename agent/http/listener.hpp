// Listening sockets of both kinds, with errors an operator can act on.
#pragma once

#include "agent/base/error.hpp"
#include "agent/http/types.hpp"
#include "agent/net/address.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <sys/types.h>

#include <string>
#include <vector>

namespace sfb::http {

/// TCP and unix sockets behind one type, so that there is one way to serve them.
using StreamProtocol = boost::asio::generic::stream_protocol;
using StreamSocket = StreamProtocol::socket;
using StreamAcceptor = boost::asio::basic_socket_acceptor<StreamProtocol>;

/// The file of a unix socket: removed at the end, if it is still this socket's.
class SocketFile {
 public:
  SocketFile() = default;
  explicit SocketFile(std::string path);
  ~SocketFile();
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&& other) noexcept;

 private:
  void remove();

  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// A bound and listening socket.
struct Listener {
  StreamAcceptor acceptor;
  std::string name;  ///< as bound: `127.0.0.1:9943`, `unix:/path`
  SocketFile file;
};

/// Binds and listens as Server::listen says, with its errors; all or none. Blocks where a host name
/// must be resolved.
Result<std::vector<Listener>> open_listeners(const boost::asio::any_io_executor& executor,
                                             const std::vector<net::ListenAddress>& addresses);

/// The far end of an accepted connection.
Peer peer_of(const StreamSocket& socket);

/// The near end: `127.0.0.1:9943`; of a unix socket the listener's name.
std::string local_address_of(const StreamSocket& socket, const std::string& listener_name);

}  // namespace sfb::http
