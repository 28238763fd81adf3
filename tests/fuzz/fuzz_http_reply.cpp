// Bytes of a server's answer: any input ends in one answer or one refusal, within the limits, and
// the same one however the bytes are cut into reads.
#include "agent/http/reply_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t kHeader = 512;
constexpr std::size_t kBody = 1024;

struct Outcome {
  std::string code;  // of the refusal
  int status = 0;
  std::string body;

  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view bytes, std::size_t piece) {
  sfb::http::HttpReplyReader reader(kHeader, kBody);
  while (!bytes.empty() && !reader.done()) {
    const std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    if (const auto fed = reader.feed(part); !fed) {
      return {fed.error().code, 0, {}};
    }
    if (reader.body_size() > kBody) {
      std::abort();
    }
  }
  if (const auto finished = reader.finish(); !finished) {
    return {finished.error().code, 0, {}};
  }
  const auto reply = reader.take();
  if (reply.status < 200 || reply.status > 999) {
    std::abort();
  }
  return {{}, reply.status, reply.body};
}

}  // namespace

// The first byte is the length of a read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome pieces = read(bytes, 1U + data[0]);
  const Outcome whole = read(bytes, std::max<std::size_t>(bytes.size(), 1));
  // Which of two faults is met first may depend on the cut; whether there is one may not.
  if (pieces.code.empty() != whole.code.empty() || (whole.code.empty() && !(pieces == whole))) {
    std::abort();
  }
  return 0;
}
