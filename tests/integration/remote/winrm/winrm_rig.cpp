#include "tests/integration/remote/winrm/winrm_rig.hpp"

#include "agent/base/base64.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <stdexcept>

namespace sfb::remote {

namespace {

// The last part of the Action header: what the peer would look at first, too.
std::string action_of(std::string_view envelope) {
  const auto end = envelope.find("</a:Action>");
  const auto begin = envelope.rfind('/', end - 1);
  return end == std::string_view::npos || begin == std::string_view::npos
             ? std::string("?")
             : std::string(envelope.substr(begin + 1, end - begin - 1));
}

}  // namespace

WinrmPeer::WinrmPeer() {
  loop_.call([&] { fake_.replies_get_lost = true; });
  listen("127.0.0.1:0");
  url = fmt::format("http://{}/wsman", address_);
}

void WinrmPeer::listen(const std::string& address) {
  loop_.call([&] {
    server_ = std::make_unique<http::Server>(
        loop_.executor(), http::ServerOptions{},
        [this](std::shared_ptr<const http::Request> request) { return handle(std::move(request)); },
        Logger());
    if (const Status bound = server_->listen({*net::parse_listen_address(address)}); !bound) {
      throw std::runtime_error(describe(bound.error()));
    }
    address_ = server_->addresses().front();
  });
}

void WinrmPeer::die() {
  loop_.call([&] {
    server_->close_all();
    server_.reset();
    fake_.restart();
  });
}

void WinrmPeer::come_back() {
  listen(address_);
}

void WinrmPeer::set_cookie(std::string line) {
  loop_.call([&] { cookie_ = std::move(line); });
}

std::vector<std::string> WinrmPeer::take_cookies() {
  return loop_.call([&] { return std::exchange(cookies_, {}); });
}

WinrmPeer::~WinrmPeer() {
  loop_.call([&] {
    if (server_) {
      server_->close_all();
      server_.reset();
    }
  });
}

boost::asio::awaitable<http::Response> WinrmPeer::handle(
    std::shared_ptr<const http::Request> request) {
  const std::string* const sent = request->header("Cookie");
  if (const std::string cookie = sent == nullptr ? "-" : *sent;
      cookies_.empty() || cookies_.back() != cookie) {
    cookies_.push_back(cookie);
  }
  if (request->authorization.reveal() != "Basic " + base64_encode("monitor:" + password_)) {
    ++refused;
    http::Response no = http::text_response(401, "");
    no.headers.push_back({"WWW-Authenticate", "Negotiate"});
    no.headers.push_back({"WWW-Authenticate", "Basic realm=\"WSMAN\""});
    co_return no;
  }
  const std::string action = action_of(request->body);
  actions_.push_back(action);
  const Act act = act_ ? act_(++requests_, action) : Act::answer;
  http::Response response;
  if (act == Act::status_500) {
    response.status = 500;
    co_return response;
  }
  if (act == Act::garbage) {
    co_return http::text_response(200, "this is no SOAP");
  }
  if (act != Act::hang) {
    const http::HttpReply reply = fake_.answer(request->body);
    response.status = reply.status;
    response.headers = reply.headers;
    response.body = std::make_shared<const std::string>(reply.body);
  }
  if (act == Act::hang || act == Act::act_and_hang) {
    ++hanging;
    co_await net::sleep_until(net::mono_now() + std::chrono::seconds(3));
  }
  response.close = act == Act::answer_and_close;
  if (!cookie_.empty()) {
    response.headers.push_back({"Set-Cookie", cookie_});
  }
  co_return response;
}

void WinrmPeer::set_password(std::string password) {
  loop_.call([&] { password_ = std::move(password); });
}

void WinrmPeer::set_knobs(const testing::FakeKnobs& knobs) {
  loop_.call([&] { fake_.knobs = knobs; });
}

void WinrmPeer::set_act(std::function<Act(int, std::string_view)> act) {
  loop_.call([&] {
    act_ = std::move(act);
    requests_ = 0;
  });
}

std::size_t WinrmPeer::shells() {
  return loop_.call([&] { return fake_.shells(); });
}

std::size_t WinrmPeer::commands() {
  return loop_.call([&] { return fake_.commands(); });
}

std::vector<std::string> WinrmPeer::violations() {
  return loop_.call([&] { return fake_.violations; });
}

std::vector<std::string> WinrmPeer::take_actions() {
  return loop_.call([&] { return std::exchange(actions_, {}); });
}

std::uint64_t WinrmPeer::connections() {
  return loop_.call([&] { return server_->counters().accepted; });
}

std::size_t WinrmPeer::open_connections() {
  return loop_.call([&] { return server_->counters().open; });
}

WinrmRig::WinrmRig() {
  std::string name = (std::filesystem::temp_directory_path() / "sfb-winrm-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("no folder");
  }
  folder = name;
  write_password("secret\n");
  options.endpoint = "atlanta";
  options.urls = {*parse_url(peer.url)};
  options.logon = basic_logon("monitor", folder + "/password");
}

WinrmRig::~WinrmRig() {
  unmake();
  std::filesystem::remove_all(folder);
}

void WinrmRig::make() {
  unmake();
  loop.call([&] {
    transport = make_winrm_transport(loop.executor(), options, clock, logger);
    transport->on_credentials([this](std::uint64_t) { ++told; });
  });
}

void WinrmRig::unmake() {
  if (transport) {
    close();
    loop.call([&] {
      // A reading under way ends later, and would count for the next one.
      transport->on_credentials({});
      transport.reset();
    });
    EXPECT_THAT(peer.violations(), ::testing::IsEmpty());
  }
}

void WinrmRig::write_password(std::string_view password) const {
  const std::string path = folder + "/password";
  std::ofstream(path + ".new", std::ios::binary) << password;
  std::filesystem::rename(path + ".new", path);
}

std::future<Result<Reply>> WinrmRig::start(std::chrono::milliseconds time) {
  return loop.start(
      transport->ask({.pool = Fqdn::parse("atl.example.com").value(), .call = status_call()},
                     net::mono_now() + time));
}

std::shared_ptr<WinrmRig::CutOff> WinrmRig::start_cancellable() {
  auto made = std::make_shared<CutOff>();
  loop.call([&] {
    boost::asio::co_spawn(
        loop.executor(),
        transport->ask({.pool = Fqdn::parse("atl.example.com").value(), .call = status_call()},
                       net::mono_now() + std::chrono::seconds(30)),
        boost::asio::bind_cancellation_slot(
            made->signal.slot(),
            [made](const std::exception_ptr&, const Result<Reply>&) { made->ended = true; }));
  });
  return made;
}

void WinrmRig::cancel(const std::shared_ptr<CutOff>& ask) {
  loop.call([&] { ask->signal.emit(boost::asio::cancellation_type::terminal); });
  EXPECT_TRUE(net::eventually([&] { return ask->ended.load(); }));
}

bool WinrmRig::close(std::chrono::milliseconds time) {
  return loop.start(transport->close(net::mono_now() + time)).get();
}

bool WinrmRig::eventually_shells(std::size_t count) {
  return net::eventually([&] { return peer.shells() == count && peer.commands() == 0; });
}

std::size_t descriptors() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    static_cast<void>(entry);
    ++count;
  }
  return count;
}

Call status_call() {
  return {"Get-CsBackupServiceStatus", {{"PoolFqdn", Value::string("atl.example.com")}}};
}

}  // namespace sfb::remote
