#include "tests/simulator/listening.hpp"

#include "tests/simulator/acceptor.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace sim {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

void need_file(const Listener& listener, const std::string& what, const std::string& path) {
  errno = 0;
  if (!std::ifstream(path)) {
    throw std::runtime_error(
        fmt::format("{}{} {}: {}", listener.tls_place, what, path, std::strerror(errno)));
  }
}

}  // namespace

tcp::acceptor listen_on(asio::io_context& loop, const Address& address, const std::string& place,
                        const std::string& name) {
  boost::system::error_code error;
  const tcp::endpoint endpoint(asio::ip::make_address(address.host, error), address.port);
  tcp::acceptor acceptor(loop);
  if (!error) {
    acceptor.open(endpoint.protocol(), error);
  }
  if (!error) {
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    acceptor.bind(endpoint, error);
  }
  if (!error) {
    acceptor.listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) {
    throw std::runtime_error(
        fmt::format("{}{} cannot listen on {}: {}", place, name, address.text(), error.message()));
  }
  return acceptor;
}

Address address_of(const tcp::acceptor& acceptor) {
  const auto endpoint = acceptor.local_endpoint();
  return {endpoint.address().to_string(), endpoint.port()};
}

std::shared_ptr<asio::ssl::context> tls_of(const Listener& listener) {
  if (listener.certificate.empty()) {
    return nullptr;
  }
  need_file(listener, "certificate", listener.certificate);
  need_file(listener, "key", listener.key);
  auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* const raw = tls->native_handle();
  if (listener.max_tls == "1.1") {
    SSL_CTX_set_security_level(raw, 0);
    SSL_CTX_set_min_proto_version(raw, TLS1_VERSION);    // NOLINT: its macro casts
    SSL_CTX_set_max_proto_version(raw, TLS1_1_VERSION);  // NOLINT
  } else if (listener.max_tls == "1.2") {
    SSL_CTX_set_max_proto_version(raw, TLS1_2_VERSION);  // NOLINT
  }
  boost::system::error_code error;
  tls->use_certificate_chain_file(listener.certificate, error);
  if (error) {
    throw std::runtime_error(fmt::format("{}certificate {} is no PEM certificate",
                                         listener.tls_place, listener.certificate));
  }
  tls->use_private_key_file(listener.key, asio::ssl::context::pem, error);
  if (error) {
    throw std::runtime_error(fmt::format("{}key {} is no PEM key of certificate {}",
                                         listener.tls_place, listener.key, listener.certificate));
  }
  if (!channel_bindings(listener.bound_certificate.empty() ? listener.certificate
                                                           : listener.bound_certificate)) {
    throw std::runtime_error(fmt::format("{}bound {} is no PEM certificate", listener.tls_place,
                                         listener.bound_certificate));
  }
  if (listener.client_certificate == "required") {
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return tls;
}

}  // namespace sim
