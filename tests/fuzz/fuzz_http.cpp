// Bytes of an HTTP connection: any input ends in requests or in one refusal, within the limits.
#include "agent/http/query_string.hpp"
#include "agent/http/request_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

// The first byte chooses how the others are cut into reads.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Step = sfb::http::RequestReader::Step;
  constexpr std::size_t kLimit = 512;
  if (size == 0) {
    return 0;
  }
  const std::size_t piece = 1U + data[0];
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  sfb::http::RequestReader reader(kLimit, kLimit, 2 * kLimit);
  reader.set_reads_body([](const sfb::http::Request& head) { return head.method == "PUT"; });
  bool reads_body = false;
  while (true) {
    const Step step = reader.step();
    if (step == Step::refused) {
      return 0;
    }
    if (step == Step::head) {
      // A handler looks at the announced size first, and leaves what is too long.
      if (reader.body_size() > 2 * kLimit) {
        return 0;
      }
      static_cast<void>(reader.wants_continue());
      const auto head = reader.take_head();
      if (head.method != "PUT" || !head.body.empty()) {
        std::abort();
      }
      reads_body = true;
      continue;
    }
    if (step == Step::complete) {
      const auto request = reader.take();
      static_cast<void>(sfb::http::parse_query(request.query));
      if (request.body.size() > (std::exchange(reads_body, false) ? 2 * kLimit : kLimit) ||
          request.target.size() > kLimit || request.path.find('\0') != std::string::npos) {
        std::abort();
      }
      continue;
    }
    if (rest.empty()) {
      return 0;
    }
    const auto room = reader.prepare();
    const std::size_t take = std::min({piece, room.size(), rest.size()});
    std::copy_n(rest.begin(), take, room.begin());
    reader.commit(take);
    rest.remove_prefix(take);
  }
}
