#include "tests/simulator/engine.hpp"

#include "agent/base/descriptor.hpp"
#include "tests/simulator/await.hpp"
#include "tests/simulator/packets.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

namespace sim {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kGrace(5);

struct Pipe {
  sfb::Descriptor read;
  sfb::Descriptor write;
  bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      return false;
    }
    read.reset(ends[0]);
    write.reset(ends[1]);
    return true;
  }
};

// The error number, or 0.
int spawn(pid_t& pid, const std::vector<std::string>& command, int in, int out) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  // Asio's sockets would stay open in it.
  ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  ::posix_spawnattr_init(&attributes);
  sigset_t standard;
  ::sigemptyset(&standard);
  ::sigaddset(&standard, SIGPIPE);  // which is ignored here
  ::posix_spawnattr_setsigdefault(&attributes, &standard);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  std::ranges::transform(words, std::back_inserter(arguments),
                         [](std::string& word) { return word.data(); });
  arguments.push_back(nullptr);
  const int error =
      ::posix_spawnp(&pid, arguments.front(), &files, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  return error;
}

std::string line_of(const Packet& packet) {
  return (packet.kind == "Data" ? data_packet(packet.guid, packet.bytes, packet.stream)
                                : bare_packet(packet.kind, packet.guid)) +
         "\n";
}

}  // namespace

Engine::Engine(const asio::any_io_executor& executor, Events events)
    : in_(executor), out_(executor), grace_(executor), events_(std::move(events)) {}

Engine::~Engine() {
  reap();
}

std::expected<std::shared_ptr<Engine>, std::string> Engine::start(
    const asio::any_io_executor& executor, const std::vector<std::string>& command, Events events) {
  std::shared_ptr<Engine> engine(new Engine(executor, std::move(events)));
  Pipe in;
  Pipe out;
  const int error = in.open() && out.open()
                        ? spawn(engine->pid_, command, in.read.get(), out.write.get())
                        : errno;
  if (error != 0) {
    engine->pid_ = 0;
    return std::unexpected(
        fmt::format("engine: {} cannot be started: {}", command.front(), std::strerror(error)));
  }
  engine->in_.assign(in.write.release());
  engine->out_.assign(out.read.release());
  asio::co_spawn(executor, read(engine), asio::detached);
  return engine;
}

asio::awaitable<void> Engine::read(std::shared_ptr<Engine> self) {
  std::string buffer;
  while (true) {
    const auto [error, count] = co_await asio::async_read_until(
        self->out_, asio::dynamic_buffer(buffer, kLargestLine), '\n', kAwait);
    if (error) {
      break;
    }
    std::string_view line = std::string_view(buffer).substr(0, count - 1);
    line = line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
    const auto packets = read_packets(line);
    if (!packets) {
      fmt::print(stderr, "engine: {}\n", packets.error());
      break;
    }
    std::ranges::for_each(*packets, [&](const Packet& packet) { self->take(packet); });
    buffer.erase(0, count);
  }
  self->reap();
  self->grace_.cancel();
  if (const auto end = std::exchange(self->events_, {}).end) {
    end();
  }
}

void Engine::take(const Packet& packet) {
  if (packet.kind == "Data") {
    if (events_.data) {
      events_.data(packet);
    }
    return;
  }
  const auto turn = turns_.find(packet.guid);
  if (turn == turns_.end() || turn->second.awaited != packet.kind) {
    return;  // of a Signal that was followed by a Close
  }
  turn->second.awaited.clear();
  go_on(turn->second);
  if (packet.of_session() && packet.kind == "CloseAck") {
    boost::system::error_code ignored;
    in_.close(ignored);
  }
}

void Engine::send(const Packet& packet) {
  Turn& turn = turns_[packet.guid];
  turn.packets.push_back(packet);
  go_on(turn);
}

void Engine::go_on(Turn& turn) {
  // A Close need not wait for a stop that the cmdlet does not hear.
  while (!turn.packets.empty() &&
         (turn.awaited.empty() ||
          (turn.awaited == "SignalAck" && turn.packets.front().kind == "Close"))) {
    turn.awaited = turn.packets.front().kind + "Ack";
    unsent_ += line_of(turn.packets.front());
    turn.packets.pop_front();
  }
  if (!unsent_.empty() && !std::exchange(writing_, true)) {
    asio::co_spawn(in_.get_executor(), write(shared_from_this()), asio::detached);
  }
}

asio::awaitable<void> Engine::write(std::shared_ptr<Engine> self) {
  while (!self->unsent_.empty()) {
    const std::string text = std::exchange(self->unsent_, {});
    const auto [error, count] = co_await asio::async_write(self->in_, asio::buffer(text), kAwait);
    if (error) {
      self->unsent_.clear();  // it is gone, which is read soon
    }
  }
  self->writing_ = false;
}

void Engine::close() {
  events_ = {};
  if (pid_ == 0) {
    return;
  }
  send({"Close", "", std::string(kSessionGuid), ""});
  asio::co_spawn(in_.get_executor(), kill_later(shared_from_this()), asio::detached);
}

asio::awaitable<void> Engine::kill_later(std::shared_ptr<Engine> self) {
  self->grace_.expires_after(kGrace);
  const auto [cancelled] = co_await self->grace_.async_wait(kAwait);
  if (!cancelled) {
    self->reap();
  }
}

void Engine::reap() {
  if (const pid_t pid = std::exchange(pid_, 0); pid > 0) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
}

}  // namespace sim
