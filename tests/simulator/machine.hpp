// One Windows server behind one listener: shells, commands, their life times and quotas.
#pragma once

#include "tests/simulator/psrp_read.hpp"
#include "tests/simulator/psrp_wire.hpp"
#include "tests/simulator/soap.hpp"
#include "tests/simulator/world.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

struct Answer {
  int status = 200;
  std::string content_type = "application/soap+xml;charset=UTF-8";
  std::string body;
  Delivery delivery = Delivery::normal;
  std::size_t at = 0;  ///< where to cut, how many bytes a drip, by how much the length is wrong
  Millis pause{0};
};

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
    /// The cmdlet has not come to its end.
    bool running() const { return !ended || Clock::now() < ready_at; }

    std::string id;
    GuidBytes pid{};
    std::map<std::string, Assembler> input;  ///< by stream
    std::deque<std::string> output;          ///< what a Receive takes: fragments, or WinRS bytes
    Clock::time_point starts_at{};           ///< when the runspace is free for it
    Clock::time_point ready_at{};
    bool created = false;  ///< CREATE_PIPELINE has come
    bool ended = false;
    bool done_sent = false;
    bool gone = false;
    bool waits_for_host = false;
    unsigned receives = 0;  ///< a newer Receive ends an older one
    boost::asio::steady_timer wake;
  };
  using CommandPtr = std::shared_ptr<Command>;
  struct Shell {
    std::string id;
    std::string resource;
    std::string session;  ///< SessionId of its Create
    Server server;        ///< as it was then
    std::string message;  ///< MessageID and action of the last request
    std::string action;
    GuidBytes rpid{};
    bool winrs = false;
    bool opens = false;    ///< state Opened is sent
    Version protocol;      ///< the smaller one
    std::string imported;  ///< a module, by Import-Module
    std::deque<std::string> output;
    std::map<std::string, CommandPtr> commands;
    std::size_t used = 0;  ///< commands made
    std::uint64_t objects = 0;
    Clock::time_point last{};
    Clock::time_point busy_until{};  ///< the runspace, by a cmdlet that did not hear its stop
    Millis idle{0};
    std::size_t busy = 0;  ///< requests under way
    std::string pool;      ///< of the last command, for faults
  };
  using ShellPtr = std::shared_ptr<Shell>;

  /// What a fault answers without acting; nothing: the request is acted upon.
  std::optional<Answer> instead(const SoapRequest& request, const Fault& picked,
                                const ShellPtr& shell);
  boost::asio::awaitable<Answer> act(const SoapRequest& request, const Fault* fault);
  Answer create(const SoapRequest& request);
  /// Negotiates a new pool; false: what the client sent cannot be read.
  bool open_pool(const SoapRequest& request, Shell& shell);
  /// Notes the rules that a request breaks by what came before it.
  void check_order(SoapRequest& request, Shell* shell);
  Answer command(const SoapRequest& request, const ShellPtr& shell, const Fault* fault);
  Answer send(const SoapRequest& request, const ShellPtr& shell);
  boost::asio::awaitable<Answer> receive(const SoapRequest& request, ShellPtr shell);
  Answer signal(const SoapRequest& request, const ShellPtr& shell);
  Answer remove(const SoapRequest& request, const ShellPtr& shell);
  std::string pool_of(const SoapRequest& request, const ShellPtr& shell) const;
  void drop(const ShellPtr& shell);
  void forget(Shell& shell, const std::string& command);

  // run.cpp: what the cmdlet does
  void feed(Shell& shell, Command& command, const std::string& stream, const std::string& bytes,
            const Fault* fault);
  void take_response(Shell& shell, Command& command, const std::string& stream,
                     const std::string& body);
  void take_pipeline(Shell& shell, Command& command, const std::string& stream,
                     const std::string& body, const Fault* fault);
  void run(Shell& shell, Command& command, const PipelineRequest& request, const Fault* fault);
  bool import_module(Shell& shell, Command& command, const PipelineRequest::Command& call,
                     const std::string& module);
  void run_cmdlet(Shell& shell, Command& command, const PipelineRequest::Command& call,
                  const Fault* fault);
  void finish(Shell& shell, Command& command, int state, const std::string& error = {},
              const std::string& id = {}, const std::string& type = {}, int category = 0);
  void put(Shell& shell, Command& command, std::uint32_t type, const std::string& body,
           std::size_t max_blob = 32747);

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
