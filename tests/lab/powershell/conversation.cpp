#include "tests/lab/powershell/conversation.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "agent/clixml/clixml.hpp"
#include "agent/clixml/writer.hpp"
#include "agent/psrp/fragment.hpp"
#include "agent/psrp/message.hpp"
#include "agent/psrp/pipeline.hpp"
#include "tests/lab/powershell/tally.hpp"

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::lab {

namespace {

// What stands between two texts; empty when they are not there.
std::string_view between(std::string_view line, std::string_view before, std::string_view behind) {
  const std::size_t start = line.find(before);
  if (start == std::string_view::npos) {
    return {};
  }
  const std::string_view rest = line.substr(start + before.size());
  return rest.substr(0, std::min(rest.find(behind), rest.size()));
}

void check_messages(Tally& tally, psrp::Defragmenter& input, const std::string& bytes) {
  const auto complete = input.feed(bytes);
  if (!complete) {
    tally.differs("fragments", describe(complete.error()));
    return;
  }
  for (const std::string& encoded : *complete) {
    const auto message = psrp::decode(encoded);
    if (!message) {
      tally.differs("message", describe(message.error()));
      continue;
    }
    const std::string name = psrp::to_string(message->type);
    const auto document = clixml::read_message(message->body, {});
    if (!document) {
      tally.differs(name, describe(document.error()));
    } else if (!message->body.empty()) {
      tally.compare(name, clixml::write_message(document->graph, document->roots.front()),
                    message->body);
    }
  }
}

std::string_view word(psrp::Pipeline::State state) {
  switch (state) {
    case psrp::Pipeline::State::stopped:
      return "Stopped";
    case psrp::Pipeline::State::completed:
      return "Completed";
    case psrp::Pipeline::State::failed:
      return "Failed";
    case psrp::Pipeline::State::running:
      break;
  }
  return "Running";
}

}  // namespace

int conversation(const std::filesystem::path& file) {
  Tally tally;
  std::map<std::string, psrp::Defragmenter> inputs;
  std::map<std::string, std::string> answers;
  std::vector<std::string> pipelines;
  const std::string log = read(file);
  for (const std::string_view line : split(log, '\n')) {
    const std::string guid(between(line, "PSGuid='", "'"));
    if (line.starts_with("> <Command ")) {
      pipelines.push_back(guid);
    }
    const auto bytes = base64_decode(between(line, "'>", "</Data>"));
    if (!bytes || bytes->empty()) {
      continue;
    }
    auto& input = inputs.try_emplace(line.front() + guid, psrp::FragmentLimits{}).first->second;
    check_messages(tally, input, *bytes);
    if (line.front() == '<') {
      answers[guid] += *bytes;
    }
  }
  for (const std::string& guid : pipelines) {
    psrp::RunspacePool pool(psrp::PoolOptions{{}, {}, {}});
    static_cast<void>(pool.open());
    psrp::Pipeline pipeline(pool, parse_guid(guid).value_or(Guid{}), {});
    if (const Status fed = pipeline.receive(answers[guid]); !fed) {
      tally.differs(guid, describe(fed.error()));
    }
    const std::string_view state = word(pipeline.state());
    const PipelineResult result = pipeline.take_result();
    fmt::print("run {} {} {} {}\n", state, result.output.size(), result.errors.size(),
               result.warnings.size());
  }
  return tally.finish("conversation", 1, 0);
}

}  // namespace sfb::lab
