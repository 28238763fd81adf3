// Any bytes as fragments: within the limits, and the same messages however the bytes are cut.
#include "agent/psrp/fragment.hpp"
#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

using sfb::fuzz::require;

namespace {

using sfb::psrp::Defragmenter;

constexpr sfb::psrp::FragmentLimits kLimits{.object = 2048, .total = 4096, .open_objects = 4};
// What may be held of a fragment whose end has not come: a header and a blob within the limits.
constexpr std::size_t kMostHeld = kLimits.total + kLimits.object + sfb::psrp::kFragmentHeader;

struct Outcome {
  std::vector<std::string> messages;
  std::string code;  // of the refusal

  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view bytes, std::size_t piece) {
  Defragmenter defragmenter(kLimits);
  Outcome outcome;
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    auto messages = defragmenter.feed(part);
    if (!messages) {
      require(!defragmenter.feed(part));  // broken for ever
      return {{}, messages.error().code};
    }
    require(defragmenter.held() <= kMostHeld);
    for (std::string& message : *messages) {
      outcome.messages.push_back(std::move(message));
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Outcome whole = read(bytes, bytes.size());
  for (const std::size_t piece : {std::size_t{1}, std::size_t{20}, std::size_t{22}}) {
    require(read(bytes, piece) == whole);
  }
  const std::size_t sum =
      std::accumulate(whole.messages.begin(), whole.messages.end(), std::size_t{0},
                      [](std::size_t n, const std::string& m) { return n + m.size(); });
  require(sum <= size);
  // What came together comes together again, from pieces of any size.
  std::string sent;
  for (std::size_t i = 0; i < whole.messages.size(); ++i) {
    require(whole.messages[i].size() <= kLimits.object);
    for (const std::string& fragment :
         sfb::psrp::make_fragments(i + 1, whole.messages[i], 1 + size % 64)) {
      sent += fragment;
    }
  }
  require(read(sent, sent.size()) == Outcome{whole.messages, {}});
  return 0;
}
