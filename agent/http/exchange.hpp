// What the clients of an exchange share: the connection to a server, and the command's to the
// agent.
#pragma once

#include "agent/base/error.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <utility>

namespace sfb::http {

/// So much is read at once.
inline constexpr std::size_t kPiece = 16UL << 10U;

/// An error with the stage of the exchange in which it came.
inline std::unexpected<Error> fail_at(Stage stage, Reason reason, std::string code,
                                      std::string message, std::string remedy) {
  auto failure = fail(reason, std::move(code), std::move(message), std::move(remedy));
  failure.error().stage = stage;
  return failure;
}

}  // namespace sfb::http
