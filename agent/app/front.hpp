// Where the agent is asked: its servers, and the web configuration file before them.
#pragma once

#include "agent/app/agent.hpp"
#include "agent/app/web.hpp"
#include "agent/base/descriptor.hpp"
#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/http/server.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/serve/self_metrics.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace sfb::app {

/// The server of all pages; and one of the health pages alone, which is always plain and open, for
/// whoever watches processes. Thread rule: loop thread, or before it runs; destroyed before its
/// io_context.
class Front {
 public:
  struct Parts {
    boost::asio::any_io_executor loop;
    const Clock& clock;
    Logger logger;
    std::shared_ptr<serve::SelfMetrics> self;
    http::Handler pages;   ///< answers every request
    http::Handler health;  ///< answers those of the health pages, whoever asks
    /// ServerOptions::ready of the pages, asked where no web configuration file must be looked at.
    std::function<bool(const http::Request&, http::Response&)> ready;
    /// Given what the server answers itself: ServerOptions::on_own_answer. Of the pages, and of the
    /// health pages.
    std::function<void(http::Response&)> own;
    std::function<void(http::Response&)> own_health;
    /// Told what the web configuration says, at the start and when it changes; before the requests
    /// for which it holds.
    std::function<void(const config::WebConfig&)> on_web;
  };
  /// `web`: absent without a web configuration file, else a good reading of it. `sockets`: of
  /// systemd, with AgentOptions::systemd_socket. At most `connections` at once.
  Front(Parts parts, const AgentOptions& options, std::size_t connections,
        std::optional<WebReading> web, std::vector<Descriptor> sockets);

  /// Starts what reads files, and listens: errors of Server::listen and Server::inherit.
  Status start();
  /// Logs every address.
  void report() const;
  /// What it says now; without one an empty one.
  config::WebConfig web() const { return told_ ? told_->config : config::WebConfig(); }
  /// Reads the web configuration file anew. What is wrong in it, one line each.
  boost::asio::awaitable<std::vector<std::string>> reload();

  /// Of the server of all pages: Server::drain, Server::cut_slow_reader.
  boost::asio::awaitable<bool> drain(MonoTime deadline) { return server_.drain(deadline); }
  bool cut_slow_reader() { return server_.cut_slow_reader(); }
  void stop_accepting();
  void close_all();

 private:
  void tell_web();
  boost::asio::awaitable<http::Response> answer(std::shared_ptr<const http::Request> request);
  boost::asio::awaitable<http::Response> answer_health(
      std::shared_ptr<const http::Request> request);
  http::ServerOptions server_options(std::size_t connections,
                                     std::function<void(http::Response&)> own) const;
  http::ServerOptions page_options(std::size_t connections) const;

  Parts parts_;
  const AgentOptions& options_;
  std::vector<Descriptor> sockets_;  ///< until the server has them
  net::WorkerPool files_;
  std::shared_ptr<Web> web_;  ///< null: plain HTTP for everybody
  WebStatePtr told_;          ///< to on_web
  http::Server server_;
  http::Server health_;
};

}  // namespace sfb::app
