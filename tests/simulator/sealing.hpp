// Sealed bodies of WS-Management: multipart/encrypted ([MS-WSMV] 2.2.9.1), read and written.
#pragma once

#include "tests/simulator/acceptor.hpp"
#include "tests/simulator/machine.hpp"
#include "tests/simulator/scenario.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

/// What a sealed request says in clear, and the pieces that are sealed.
struct SealedRequest {
  std::string content_type;  ///< of the plain body
  std::size_t length = 0;    ///< of the plain body, as the client says
  Acceptor::Sealed sealed;
  std::vector<std::string> violations;
};

bool is_sealed(std::string_view content_type);

/// `scheme`: the word of the Authorization header, which decides the protocol's name. What cannot
/// be read is an error text; what is read but is no client's form is a violation.
std::expected<SealedRequest, std::string> read_sealed(std::string_view scheme,
                                                      std::string_view content_type,
                                                      std::string_view body);

struct SealedReply {
  std::string content_type;
  std::string body;
};

/// `plain_type`: of the plain body, `plain_length` bytes.
SealedReply write_sealed(std::string_view scheme, const SealingForm& form, const SealFault& fault,
                         std::string_view plain_type, std::size_t plain_length,
                         Acceptor::Sealed sealed);

}  // namespace sim
