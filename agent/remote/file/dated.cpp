#include "agent/remote/file/dated.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb::remote {

namespace {

// Ages are nanoseconds, which hold 292 years; a date may be any of .NET's.
constexpr std::chrono::hours kOldest{24 * 365 * 100};

constexpr std::string_view kClocks =
    "set clock and time zone of the front end right, ExportedAt must be UTC; or the clock of this "
    "machine";

constexpr std::string_view kText =
    "the agent makes the text from the objects; let Export-BackupStatus.ps1 -IncludeText write it, "
    "or leave it out";

std::chrono::nanoseconds age_of(WallTime made_at, WallTime now) {
  return std::clamp<Micros>(now - made_at, Micros(0), kOldest);
}

std::unexpected<Error> stale(std::string_view code, std::string message, std::string remedy) {
  return std::unexpected(Error{
      Reason::stale, std::string(code), std::move(message), std::move(remedy), {}, Stage::query});
}

}  // namespace

// How old content is that was read now. Its date alone does not say: while that lies ahead of our
// clock, and when our clock is set back, a copy of old content would look new.
void Sightings::date(Content& content, Now now) {
  auto first = std::ranges::find(known_, content.date, &Sighting::date);
  if (first == known_.end()) {
    // Of dates that were no future the last one does.
    std::erase_if(known_, [](const Sighting& past) { return past.date <= past.seen.wall; });
    if (known_.size() >= kMost) {
      known_.erase(known_.begin());
    }
    first = known_.insert(known_.end(), {content.date, now, age_of(content.date, now.wall)});
  }
  content.made_at = std::min(content.date, first->seen.wall);
  content.ahead = std::max(content.date - first->seen.wall, Micros(0));
  content.age =
      std::max(first->age + (now.mono - first->seen.mono), age_of(content.date, now.wall));
  content.read_at = now.mono;
}

void Sightings::recall(WallTime date, WallTime seen, Now now) {
  known_.push_back({.date = date,
                    .seen = {.wall = seen, .mono = now.mono - age_of(seen, now.wall)},
                    .age = age_of(date, seen)});
}

std::string ahead_text(Micros ahead) {
  return fmt::format("{} ahead of this machine's clock",
                     format_duration(std::chrono::floor<std::chrono::seconds>(ahead)));
}

std::string_view name_of(ExportFormat format) {
  return format == ExportFormat::clixml ? "clixml" : "json";
}

Result<Reply> judge(const Content& content, const DatedWords& words,
                    std::chrono::milliseconds max_age, Now now) {
  const std::chrono::nanoseconds age = content.age + (now.mono - content.read_at);
  // Both then and now: either clock may have been set meanwhile, and the age counts from the
  // first sight anyhow.
  const Micros ahead = std::min(content.ahead, content.date - now.wall);
  if (ahead > kMostSkew) {
    return stale(words.clock_skew,
                 fmt::format("{} is dated {}, {}", words.what, format_iso8601(content.date),
                             ahead_text(ahead)),
                 std::string(kClocks));
  }
  if (age > max_age) {
    const auto shown = std::chrono::floor<std::chrono::seconds>(age);
    auto error = stale(words.too_old,
                       fmt::format("{} was made {} ago, older than max_age {}", words.what,
                                   format_duration(shown), format_duration(max_age)),
                       std::string(words.remedy_of_age));
    if (content.ahead > kNotedSkew) {
      // By its date it may not even be old: who reads that must hear of the clock.
      error.error().message = fmt::format(
          "{} was first seen {} ago, longer than max_age {}; it is dated {}, and was {} then",
          words.what, format_duration(shown), format_duration(max_age),
          format_iso8601(content.date), ahead_text(content.ahead));
      error.error().remedy += fmt::format("; and {}", kClocks);
    }
    return error;
  }
  Reply reply;
  reply.result = content.result;
  // Our clock may have been set back since the first sight.
  reply.made_at = content.made_at <= now.wall ? content.made_at
                                              : now.wall - std::chrono::duration_cast<Micros>(age);
  reply.age = age;
  if (content.ahead > Micros(0)) {
    reply.dated = content.date;
  }
  if (content.ahead > kNotedSkew) {
    reply.note = {
        .code = std::string(words.clock_skew),
        .message = fmt::format("{} is dated {}, and was {} when it was first seen: its "
                               "age counts from then",
                               words.what, format_iso8601(content.date), ahead_text(content.ahead)),
        .remedy = std::string(kClocks)};
  }
  if (!content.text_left_out.empty()) {
    const std::string why =
        fmt::format("Text of {} is not used: {}", words.what, content.text_left_out);
    if (reply.note.empty()) {
      reply.note = {
          .code = std::string(words.text_left_out), .message = why, .remedy = std::string(kText)};
    } else {
      reply.note.message += "; " + why;
    }
  }
  reply.file = words.what;
  return reply;
}

}  // namespace sfb::remote
