#include "agent/psrp/pipeline.hpp"

#include "agent/clixml/clixml.hpp"
#include "agent/value/access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb::psrp {

namespace {

constexpr std::size_t kMostTexts = 1000;  // warnings, and records, of one pipeline

FragmentLimits fragment_limits(const Limits& limits) {
  FragmentLimits result;
  result.object = limits.object;
  result.total = 2 * limits.object;
  return result;
}

}  // namespace

std::string_view to_string(Record::Kind kind) {
  switch (kind) {
    case Record::Kind::verbose:
      return "verbose";
    case Record::Kind::debug:
      return "debug";
    case Record::Kind::progress:
      return "progress";
    case Record::Kind::information:
      return "information";
  }
  return "verbose";
}

Pipeline::Pipeline(RunspacePool& pool, Guid id, const std::vector<Command>& commands,
                   std::size_t max_blob)
    : pool_(pool), id_(id), defragmenter_(fragment_limits(pool.options().limits)) {
  const Message message{Destination::server, MessageType::create_pipeline, pool_.id(), id_,
                        create_pipeline(commands, pool_.version())};
  observe(message);
  fragments_ = make_fragments(pool_.next_object_id(), encode(message), max_blob);
}

void Pipeline::observe(const Message& message) const {
  if (pool_.options().observer) {
    pool_.options().observer(message);
  }
}

Status Pipeline::receive(std::string_view bytes) {
  const auto messages = defragmenter_.feed(bytes);
  pool_.saw_object(defragmenter_.largest());
  if (!messages) {
    return std::unexpected(messages.error());
  }
  for (const std::string& encoded : *messages) {
    const auto message = decode(encoded);
    if (!message) {
      return std::unexpected(message.error());
    }
    observe(*message);
    const bool ours = message->pid.is_zero() || message->pid == id_;
    if (finished() || !ours) {
      continue;  // an earlier pipeline's rest, or behind the last state
    }
    if (Status handled = handle(*message); !handled) {
      return handled;
    }
  }
  return {};
}

Status Pipeline::handle(const Message& message) {
  switch (message.type) {
    case MessageType::pipeline_output:
      return add_value(message, result_.output);
    case MessageType::error_record:
      return add_value(message, result_.errors);
    case MessageType::warning_record:
      if (result_.warnings.size() < kMostTexts) {
        result_.warnings.push_back(read_record_text(message.body, pool_.options().limits));
      } else {
        ++dropped_records_;
      }
      return count(message.body.size());
    case MessageType::verbose_record:
      return add_record(Record::Kind::verbose, message);
    case MessageType::debug_record:
      return add_record(Record::Kind::debug, message);
    case MessageType::progress_record:
      return add_record(Record::Kind::progress, message);
    case MessageType::information_record:
      return add_record(Record::Kind::information, message);
    case MessageType::pipeline_host_call:
      return add_host_call(message);
    case MessageType::pipeline_state:
      return end(message);
    default:
      if (Status room = count(message.body.size()); !room) {
        return room;
      }
      return pool_.receive(message);
  }
}

Status Pipeline::count(std::size_t bytes) {
  const Limits& limits = pool_.options().limits;
  bytes_ += bytes;
  if (bytes_ > std::max(limits.object, limits.in_flight / 4)) {
    return fail(Reason::parse, "psrp.too_large",
                fmt::format("the pipeline sent more than {} bytes",
                            std::max(limits.object, limits.in_flight / 4)),
                "raise limits.in_flight if that much is right");
  }
  return {};
}

Status Pipeline::add_value(const Message& message, std::vector<Value>& target) {
  if (Status room = count(std::max<std::size_t>(message.body.size(), kMessageHeader)); !room) {
    return room;
  }
  const auto document = clixml::read_message(message.body, pool_.options().limits);
  if (!document) {
    return std::unexpected(document.error());
  }
  target.push_back(copy_into(result_.graph, document->graph, document->roots.front()));
  return {};
}

Status Pipeline::add_record(Record::Kind kind, const Message& message) {
  if (records_.size() < kMostTexts) {
    records_.push_back({kind, read_record_text(message.body, pool_.options().limits)});
  } else {
    ++dropped_records_;
  }
  return count(message.body.size());
}

Status Pipeline::add_host_call(const Message& message) {
  auto call = read_host_call(message.body, pool_.options().limits);
  if (!call) {
    return std::unexpected(std::move(call.error()));
  }
  if (call->expects_answer()) {
    if (host_responses_.size() >= kMostHostResponses) {
      return std::unexpected(too_many_host_calls());
    }
    const Message answer{Destination::server, MessageType::pipeline_host_response, pool_.id(), id_,
                         host_response_refusal(*call)};
    observe(answer);
    std::string bytes;
    for (const std::string& fragment : make_fragments(pool_.next_object_id(), encode(answer))) {
      bytes += fragment;
    }
    host_responses_.push_back(std::move(bytes));
  }
  if (host_calls_.size() < kMostTexts) {
    host_calls_.push_back(std::move(*call));
  }
  return count(message.body.size());
}

Status Pipeline::end(const Message& message) {
  constexpr std::int32_t kStopped = 3;
  constexpr std::int32_t kCompleted = 4;
  constexpr std::int32_t kFailed = 5;
  // A start-up script's state comes with no pipeline's id (psrp.md 16).
  if (message.pid.is_zero()) {
    return {};
  }
  const auto body = read_state(message.body, "PipelineState", pool_.options().limits);
  if (!body) {
    return std::unexpected(body.error());
  }
  if (body->state != kStopped && body->state != kCompleted && body->state != kFailed) {
    return {};
  }
  if (body->error) {
    result_.errors.push_back(copy_into(result_.graph, body->document.graph, *body->error));
  } else if (body->state != kCompleted) {
    ErrorRecord record;
    record.message = body->state == kStopped ? "The pipeline has been stopped."
                                             : "The pipeline failed; the server sent no error.";
    record.exception_type = "System.Management.Automation.PipelineStoppedException";
    record.error_id = "PipelineStopped";
    record.category = 14;  // OperationStopped
    record.category_reason = "PipelineStoppedException";
    record.category_message = "OperationStopped: (:) [], PipelineStoppedException";
    result_.errors.push_back(record.to_value(result_.graph));
  }
  state_ = body->state == kCompleted ? State::completed
           : body->state == kStopped ? State::stopped
                                     : State::failed;
  return {};
}

std::vector<std::string> Pipeline::take_host_responses() {
  return std::exchange(host_responses_, {});
}

PipelineResult Pipeline::take_result() {
  result_.state = state_ == State::completed ? PipelineState::completed : PipelineState::failed;
  result_.ps_version = pool_.ps_version();
  return std::move(result_);
}

}  // namespace sfb::psrp
