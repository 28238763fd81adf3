// One Windows server behind one listener: shells, commands, their life times and quotas.
#pragma once

#include "tests/simulator/engine.hpp"
#include "tests/simulator/runspace.hpp"
#include "tests/simulator/soap.hpp"
#include "tests/simulator/world.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace sim {

/// How an answer leaves.
enum class Delivery {
  normal,
  last,  ///< and the connection ends behind it
  hang,
  reset,
  close,
  slow_drip,
  cut_body,
  cut_header,
  cut_chunk,
  chunked,
  wrong_length,
  raw  ///< the body is all that is sent, head included
};

/// How a sealed reply is spoilt.
struct SealFault {
  std::string act;         ///< README.md; empty: not at all
  std::size_t number = 0;  ///< its argument
};

struct Answer {
  int status = 200;
  std::string content_type = "application/soap+xml;charset=UTF-8";
  std::string body;
  Delivery delivery = Delivery::normal;
  std::size_t at = 0;  ///< where to cut, how many bytes a drip, by how much the length is wrong
  Millis pause{0};
  std::string headers;  ///< further ones, whole lines
  bool sealed = true;   ///< where the request was
  SealFault seal_fault;
  bool lapse = false;  ///< 401 instead, and the context is gone
};

/// What a fault answers without acting, and without a look at the request: hang, close, reset and
/// status. Nothing: it is another.
std::optional<Answer> without_acting(const Fault& fault);

/// Thread rule: one loop thread.
class Machine {
 public:
  Machine(boost::asio::any_io_executor executor, const Listener& listener, World& world);

  boost::asio::awaitable<Answer> handle(SoapRequest request);
  /// Clears shells that were idle too long.
  void sweep();

 private:
  using Clock = std::chrono::steady_clock;
  struct Command {
    explicit Command(const boost::asio::any_io_executor& executor) : wake(executor) {}

    std::string id;
    Pipeline pipeline;  ///< of WinRS: its output is bytes
    bool done_sent = false;
    bool gone = false;
    unsigned receives = 0;  ///< a newer Receive ends an older one
    boost::asio::steady_timer wake;
  };
  using CommandPtr = std::shared_ptr<Command>;
  /// What a shell with a real engine is besides.
  struct Front {
    std::shared_ptr<Engine> engine;
    std::map<std::string, Assembler> seen;  ///< what passed through, by PSGuid
    bool opened = false;
    std::string pool;  ///< of the last command, for faults
  };
  struct Shell {
    Shell(const boost::asio::any_io_executor& executor, Runspace pool)
        : runspace(std::move(pool)), wake(executor) {}
    bool opens() const { return front ? front->opened : runspace.opens(); }
    std::string pool() const { return front ? front->pool : runspace.pool(); }

    Runspace runspace;  ///< with an engine only its server and its output
    std::unique_ptr<Front> front;
    bool gone = false;
    unsigned receives = 0;           ///< of the pool; a newer one ends an older one
    boost::asio::steady_timer wake;  ///< there is output of the pool
    std::string id;
    std::string resource;
    std::string session;  ///< SessionId of its Create
    std::string message;  ///< MessageID and action of the last request
    std::string action;
    bool winrs = false;
    std::map<std::string, CommandPtr> commands;
    std::size_t used = 0;  ///< commands made
    Clock::time_point last{};
    Millis idle{0};
    std::size_t busy = 0;  ///< requests under way
  };
  using ShellPtr = std::shared_ptr<Shell>;

  /// What a fault answers without acting; nothing: the request is acted upon.
  std::optional<Answer> instead(const SoapRequest& request, const Fault& picked,
                                const ShellPtr& shell);
  boost::asio::awaitable<Answer> act(const SoapRequest& request, const Fault* fault);
  Answer create(const SoapRequest& request);
  /// Negotiates a new pool; false: what the client sent cannot be read.
  bool open_pool(const SoapRequest& request, Shell& shell);
  // front.cpp: a shell before a real engine
  /// The error when it cannot be started.
  std::optional<std::string> start_engine(const SoapRequest& request, const ShellPtr& shell);
  /// What the engine says.
  void from_engine(Shell& shell, const Packet& packet);
  /// Fragments for the engine.
  void to_engine(Shell& shell, const Command& command, const std::string& stream,
                 const std::string& bytes);
  /// Command, Signal or Close.
  static void to_engine(Shell& shell, const Command& command, const std::string& kind);

  /// Notes the rules that a request breaks by what came before it.
  void check_order(SoapRequest& request, Shell* shell);
  Answer command(const SoapRequest& request, const ShellPtr& shell, const Fault* fault);
  Answer send(const SoapRequest& request, const ShellPtr& shell);
  boost::asio::awaitable<Answer> receive(const SoapRequest& request, ShellPtr shell);
  Answer received(const SoapRequest& request, Shell& shell, Command* command) const;
  Answer signal(const SoapRequest& request, const ShellPtr& shell);
  Answer remove(const SoapRequest& request, const ShellPtr& shell);
  std::string pool_of(const SoapRequest& request, const ShellPtr& shell) const;
  void drop(const ShellPtr& shell);
  void forget(Shell& shell, const std::string& command);

  Answer ok(const SoapRequest& request, const std::string& body) const;
  Answer fault(const SoapRequest& request, std::uint32_t code, const std::string& subcode,
               const std::string& text, const std::string& detail = "wsman") const;

  boost::asio::any_io_executor executor_;
  const Listener& listener_;  ///< may change
  World& world_;
  std::map<std::string, ShellPtr> shells_;
  std::uint64_t ids_ = 0;
};

}  // namespace sim
