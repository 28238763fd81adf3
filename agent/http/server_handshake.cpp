#include "agent/http/server_handshake.hpp"

#include "agent/net/await.hpp"
#include "agent/net/deadline.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <cstddef>
#include <utility>

namespace sfb::http {

namespace {

namespace asio = boost::asio;

using net::kAwait;

constexpr std::size_t kRecordHeader = 5;
constexpr std::size_t kMostRecord = SSL3_RT_MAX_ENCRYPTED_LENGTH;
// A chain of certificates takes some; a client that cuts its messages into crumbs wants only work.
constexpr int kMostRecords = 64;

// What OpenSSL holds for the handshake; a worker may still use it when the connection is gone.
struct Session {
  explicit Session(std::shared_ptr<net::TlsServer> tls)
      : server(std::move(tls)),
        ssl(SSL_new(server->context().native_handle()), SSL_free),
        in(BIO_new(BIO_s_mem())),
        out(BIO_new(BIO_s_mem())) {
    SSL_set_bio(ssl.get(), in, out);  // which owns both from now on
    SSL_set_accept_state(ssl.get());
  }
  std::shared_ptr<net::TlsServer> server;  // before what uses it
  std::shared_ptr<SSL> ssl;
  BIO* in;
  BIO* out;
};

struct Step {
  int state = SSL_ERROR_NONE;  ///< SSL_get_error's
  unsigned long error = 0;
  std::string out;  ///< for the client
};

// On a worker.
Result<Step> advance(const Session& session, const std::string& record) {
  ERR_clear_error();
  BIO_write(session.in, record.data(), static_cast<int>(record.size()));
  const int done = SSL_do_handshake(session.ssl.get());
  Step step;
  step.state = done == 1 ? SSL_ERROR_NONE : SSL_get_error(session.ssl.get(), done);
  step.error = ERR_get_error();
  step.out.resize(BIO_ctrl_pending(session.out));
  BIO_read(session.out, step.out.data(), static_cast<int>(step.out.size()));
  ERR_clear_error();
  return step;
}

std::string words_of(const Step& step, const SSL* ssl) {
  const char* const reason = ERR_reason_error_string(step.error);
  const std::string text = reason == nullptr ? "the handshake failed" : reason;
  const long verified = SSL_get_verify_result(ssl);
  if (verified == X509_V_OK) {
    return text;
  }
  return fmt::format("{}: {}", text,
                     verified == X509_V_ERR_APPLICATION_VERIFICATION
                         ? "the client's certificate has none of client_allowed_sans"
                         : X509_verify_cert_error_string(verified));
}

// One record, or the first bytes of what is none. Empty: the client went away.
struct Record {
  std::string bytes;
  bool whole = false;
};
asio::awaitable<Record> read_record(StreamSocket& socket) {
  Record record{.bytes = std::string(kRecordHeader, '\0')};
  std::string& bytes = record.bytes;
  const auto [error, size] = co_await asio::async_read(socket, asio::buffer(bytes), kAwait);
  if (error) {
    co_return Record{};
  }
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const std::size_t length = byte(3) * 256UL + byte(4);
  record.whole = byte(0) >= SSL3_RT_CHANGE_CIPHER_SPEC && byte(0) <= SSL3_RT_APPLICATION_DATA &&
                 byte(1) == SSL3_VERSION_MAJOR && length <= kMostRecord;
  if (!record.whole) {
    co_return record;
  }
  bytes.resize(kRecordHeader + length);
  const auto [cut, more] =
      co_await asio::async_read(socket, asio::buffer(bytes.data() + kRecordHeader, length), kAwait);
  if (cut) {
    co_return Record{};
  }
  co_return record;
}

}  // namespace

asio::awaitable<ServerHandshake> shake_hands(StreamSocket& socket,
                                             std::shared_ptr<net::TlsServer> tls,
                                             net::WorkerPool& workers, MonoTime deadline) {
  const auto session = std::make_shared<const Session>(std::move(tls));
  for (int i = 0; i < kMostRecords; ++i) {
    Record record = co_await read_record(socket);
    if (record.bytes.empty()) {
      co_return ServerHandshake{};
    }
    auto step = co_await workers.run_until(
        [session, bytes = std::move(record.bytes)] { return advance(*session, bytes); }, deadline);
    if (!step) {
      co_return ServerHandshake{.why = step.error().message};
    }
    if (!step->out.empty()) {
      const auto [error, size] =
          co_await asio::async_write(socket, asio::buffer(step->out), kAwait);
      if (error) {
        co_return ServerHandshake{};
      }
    }
    if (step->state == SSL_ERROR_NONE) {
      // OpenSSL asks the TlsServer no more; who holds the SSL holds the TlsServer.
      const net::TlsServer& server = *session->server;
      co_return ServerHandshake{.ssl = std::shared_ptr<SSL>(session, session->ssl.get()),
                                .peer = std::make_shared<const TlsPeer>(TlsPeer{
                                    server.bindings(), server.verified_names(session->ssl.get())})};
    }
    if (step->state != SSL_ERROR_WANT_READ || !record.whole) {
      co_return ServerHandshake{.why = words_of(*step, session->ssl.get()),
                                .plain_http = ERR_GET_REASON(step->error) == SSL_R_HTTP_REQUEST};
    }
    if (net::mono_now() >= deadline) {
      co_return ServerHandshake{.why = "it did not end in time"};
    }
  }
  co_return ServerHandshake{.why = "it has too many records"};
}

}  // namespace sfb::http
