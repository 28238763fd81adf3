// What the links of one endpoint share.
#pragma once

#include "agent/auth/scheme.hpp"
#include "agent/base/endpoint_facts.hpp"
#include "agent/base/log.hpp"
#include "agent/base/redactor.hpp"
#include "agent/base/time.hpp"
#include "agent/net/tls.hpp"
#include "agent/net/wake.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/remote/session/observer.hpp"
#include "agent/remote/winrm/front_ends.hpp"
#include "agent/remote/winrm/keep_alive.hpp"
#include "agent/remote/winrm/password_file.hpp"
#include "agent/remote/winrm/winrm_transport.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace sfb::remote {

/// Thread rule: loop thread.
struct WinrmEndpoint {
  boost::asio::any_io_executor executor;
  WinrmOptions options;  ///< budget and services are set
  FrontEnds front_ends = FrontEnds(options.urls);
  std::shared_ptr<PasswordFile>
      secret;  ///< password, keytab or cache; absent: a cache that is no file
  /// For password and CA file: of its own, since a file on a dead mount keeps the thread.
  std::shared_ptr<net::WorkerPool> files;
  /// For schemes that wait for a KDC, and for renewals: of its own, so that a silent KDC holds up
  /// this endpoint alone.
  std::shared_ptr<net::WorkerPool> logons;
  std::shared_ptr<net::TlsClient> tls;  ///< made with the first connection
  Redactor redactor;                    ///< of what was sent to this endpoint
  bool remembered = false;              ///< the last connection went to an address of before
  KeepAlive keep_alive = {};            ///< what its connections have shown
  bool without_bindings = false;        ///< said: this certificate has none
  std::set<std::string, std::less<>> several =
      {};  ///< said: these names stand for several machines
  EndpointFacts facts = {};
  /// By URL, how often what an earlier process left there was looked for.
  std::map<std::string, int> clearings = {};
  bool clearing = false;  ///< a session does so now
  std::shared_ptr<net::Wake> cleared = std::make_shared<net::Wake>();
  const Clock& clock;
  Logger logger;
  std::shared_ptr<Observer> observer;  ///< options.observer behind `redactor`; may be absent

  bool wants_wire() const { return observer && observer->wants_wire(); }
  void fact(std::string_view name, std::string_view value) const {
    if (observer) {
      observer->fact(name, value);
    }
  }
};

}  // namespace sfb::remote
