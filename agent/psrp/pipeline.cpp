#include "agent/psrp/pipeline.hpp"

#include "agent/clixml/clixml.hpp"
#include "agent/value/access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb::psrp {

namespace {

constexpr std::size_t kMostWarnings = 1000;

std::size_t most_bytes(const Limits& limits) {
  return std::max(limits.object, limits.in_flight / 4);
}

std::unexpected<Error> too_large(std::string message, std::string_view key) {
  return fail(Reason::parse, "psrp.too_large", std::move(message),
              fmt::format("raise {} if that much is right", key));
}

}  // namespace

// Windows and PowerShell 7 give the id in every language. A syntax error in a module that is
// imported is a ParseException too, and not of the endpoint's making; for a server that should give
// another id there are the words, whose end differs between versions.
bool refuses_scripts(const PipelineResult& result) {
  if (result.state != PipelineState::failed || !result.output.empty() || result.errors.empty()) {
    return false;
  }
  const ErrorRecord record = ErrorRecord::from(result.graph, result.errors.back());
  return record.error_id == "ScriptsNotAllowed" ||
         (record.exception_type == "System.Management.Automation.ParseException" &&
          record.message.starts_with("The syntax is not supported by this runspace."));
}

Pipeline::Pipeline(RunspacePool& pool, Guid id, const std::vector<Command>& commands,
                   std::size_t max_blob)
    : pool_(pool),
      id_(id),
      defragmenter_(fragment_limits(pool.options().limits),
                    [&pool](std::uint64_t object) { pool.saw_object(object); }),
      meter_(pool.options().limits) {
  static_cast<void>(pool_.take_doubt());  // of what came before
  const Message message{Destination::server, MessageType::create_pipeline, pool_.id(), id_,
                        create_pipeline(commands, pool_.version())};
  fragments_ = make_fragments(pool_.next_object_id(), encode(message), max_blob);
}

Status Pipeline::receive(std::string_view bytes) {
  const bool over = finished();
  const auto messages = defragmenter_.feed(bytes);
  if (!messages) {
    return std::unexpected(messages.error());
  }
  for (const std::string& encoded : *messages) {
    const auto message = decode(encoded);
    if (!message) {
      return std::unexpected(message.error());
    }
    if (pool_.options().observer) {
      pool_.options().observer(*message);
    }
    if (Status taken = take(*message); !taken) {
      return taken;
    }
  }
  // Nothing of a pipeline comes behind its last state: what is half-way now never gets its end.
  if (!over && state_ == State::completed && !defragmenter_.idle()) {
    return fail(Reason::protocol, "psrp.unfinished",
                "the pipeline completed, but the end of one of its objects did not come",
                "part of the answer was lost; if it happens again, look whether something between "
                "the agent and the server changes the traffic");
  }
  return {};
}

Status Pipeline::take(const Message& message) {
  pool_.doubt(std::string(what_is_foreign(message, pool_.id(), id_)));
  if (finished()) {
    pool_.doubt("a message came after the pipeline's last state");
    return {};
  }
  const bool ours = message.pid.is_zero() || message.pid == id_;
  return ours ? handle(message) : Status();
}

Status Pipeline::handle(const Message& message) {
  if (Status room = count(std::max(message.body.size(), kMessageHeader)); !room) {
    return room;
  }
  switch (message.type) {
    case MessageType::pipeline_output:
      return add_value(message, result_.output);
    case MessageType::error_record:
      return add_value(message, result_.errors);
    case MessageType::warning_record:
      return add_warning(message);
    case MessageType::verbose_record:
    case MessageType::debug_record:
    case MessageType::progress_record:
    case MessageType::information_record:
      return {};  // the observer has seen them
    case MessageType::pipeline_host_call:
      return pool_.refuse(message, limits_left(), MessageType::pipeline_host_response, id_,
                          host_responses_);
    case MessageType::pipeline_state:
      return end(message);
    default:
      return pool_.receive(message);
  }
}

Status Pipeline::count(std::size_t bytes) {
  const std::size_t most = most_bytes(pool_.options().limits);
  bytes_ += bytes;
  if (bytes_ > most) {
    return too_large(fmt::format("the pipeline sent more than {} bytes", most), "limits.in_flight");
  }
  return {};
}

Status Pipeline::add_value(const Message& message, std::vector<Value>& target) {
  auto value = clixml::read_message(message.body, pool_.options().limits, result_.graph, meter_);
  if (!value) {
    return fits(std::unexpected(std::move(value).error()));
  }
  return keep(*std::move(value), target);
}

Status Pipeline::add_warning(const Message& message) {
  const Limits limits = limits_left();
  if (message.body.size() > limits.object) {
    return too_much_memory();  // read as empty it would be lost without a word
  }
  if (result_.warnings.size() < kMostWarnings) {
    std::string text = read_warning(message.body, limits);
    meter_.take(text);
    if (meter_.grow(result_.warnings)) {
      result_.warnings.push_back(std::move(text));
    }
  }
  return fits({});
}

Status Pipeline::keep(Value value, std::vector<Value>& target) {
  if (meter_.grow(target)) {
    target.push_back(std::move(value));
  }
  return fits({});
}

// Whatever a message was: what is kept of all of them has its limit.
Status Pipeline::fits(Status status) const {
  return meter_.over() ? too_much_memory() : status;
}

Status Pipeline::too_much_memory() const {
  return too_large(fmt::format("what the pipeline sent takes more than {} bytes of memory (8 x "
                               "limits.object)",
                               meter_.limit()),
                   "limits.object");
}

// For a message that is read and dropped: it has the memory that is left.
Limits Pipeline::limits_left() const {
  Limits limits = pool_.options().limits;
  const std::size_t left = meter_.limit() - std::min(meter_.limit(), meter_.used());
  limits.object = std::min(limits.object, left / (meter_.limit() / limits.object));
  return limits;
}

Status Pipeline::end(const Message& message) {
  constexpr std::int32_t kStopped = 3;
  constexpr std::int32_t kCompleted = 4;
  constexpr std::int32_t kFailed = 5;
  // A start-up script's state comes with no pipeline's id.
  if (message.pid.is_zero()) {
    return {};
  }
  const auto body =
      read_state(message.body, "PipelineState", pool_.options().limits, result_.graph, meter_);
  if (!body) {
    return fits(std::unexpected(body.error()));
  }
  if (body->state != kStopped && body->state != kCompleted && body->state != kFailed) {
    return {};
  }
  if (body->error) {
    if (Status kept = keep(*body->error, result_.errors); !kept) {
      return kept;
    }
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
  // An error ends a pipeline as failed: a state that says something else was changed on the way.
  state_ = body->state == kCompleted && !body->error ? State::completed
           : body->state == kStopped                 ? State::stopped
                                                     : State::failed;
  return {};
}

std::vector<std::string> Pipeline::take_host_responses() {
  return std::exchange(host_responses_, {});
}

PipelineResult Pipeline::take_result() {
  result_.state = state_ == State::completed ? PipelineState::completed : PipelineState::failed;
  result_.ps_version = pool_.ps_version();
  if (!pool_.idle()) {
    pool_.doubt("the end of an object of the session did not come");
  }
  result_.doubt = pool_.take_doubt();
  return std::move(result_);
}

}  // namespace sfb::psrp
