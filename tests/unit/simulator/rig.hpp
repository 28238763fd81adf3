// A simulated server without a network: requests go in as text, answers come out.
#pragma once

#include "tests/simulator/machine.hpp"
#include "tests/unit/simulator/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace sim::test {

class Rig {
 public:
  /// `server`: YAML of the key; `pool`: what `atl.example.com` does.
  explicit Rig(const std::string& server = "{}", const std::string& pool = "{}")
      : world(*read_scenario(fmt::format("listeners: [{{name: a, server: {}}}]\n"
                                         "pools: {{atl.example.com: {}}}\n",
                                         server, pool),
                             "/x", "s.yml")),
        machine(loop.get_executor(), world.scenario().listeners.front(), world) {}

  Answer ask(const std::string& xml, HttpHead head = test::head()) {
    auto request = read_soap(xml, std::move(head));
    EXPECT_TRUE(request) << xml;
    std::optional<Answer> answer;
    boost::asio::co_spawn(loop, machine.handle(std::move(*request)),
                          [&](const std::exception_ptr& failed, Answer given) {
                            EXPECT_FALSE(failed);
                            answer = std::move(given);
                          });
    loop.restart();
    loop.run();
    return answer.value_or(Answer());
  }
  /// Creates a shell and hears that its pool is open.
  std::string open() {
    ask(create(opening(kCapability, kPool)));
    return ask(receive("")).body;
  }
  std::string run(const std::string& id = kCommandId) {
    return ask(command(fragments(3, create_pipeline, true, kPipeline).front(), id)).body;
  }

  boost::asio::io_context loop;
  World world;
  Machine machine;
};

}  // namespace sim::test
