// Requests of a client that breaks no rule, written by hand from Microsoft's documents: neither the
// agent's client nor the simulator's encoder takes part.
#pragma once

#include "tests/simulator/soap.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sim::test {

inline constexpr const char* kShellId = "0A1B2C3D-1111-4222-8333-444455556666";
inline constexpr const char* kCommandId = "66667777-DDDD-4EEE-9FFF-88889999AAAA";

/// The messages' CLIXML.
extern const std::string kCapability;
extern const std::string kPool;
extern const std::string kPipeline;
extern const std::string kHostResponse;

enum MessageType : std::uint32_t {
  session_capability = 0x00010002,
  init_runspacepool = 0x00010004,
  create_pipeline = 0x00021006,
  host_response = 0x00041101
};
/// A message in fragments of at most `blob` bytes each, as bytes.
std::vector<std::string> fragments(int object, MessageType type, bool of_pipeline,
                                   const std::string& body, std::size_t blob = 32747);

/// An envelope with all headers. `options`, `selector` and `body` are XML.
std::string envelope(const std::string& action, const std::string& options, bool selector,
                     const std::string& body);
std::string create(const std::string& opening);
std::string receive(const std::string& command);
std::string command(const std::string& first, const std::string& id = kCommandId);
std::string send(const std::string& stream, const std::string& bytes);
std::string signal(const std::string& code, const std::string& id = kCommandId);
std::string remove();

/// creationXml of these two messages.
std::string opening(const std::string& capability, const std::string& pool);

/// A head as it should be.
HttpHead head();
/// `text` with `from`, which must be there, replaced by `to`.
std::string replaced(std::string text, const std::string& from, const std::string& to);

}  // namespace sim::test
