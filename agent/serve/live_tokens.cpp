#include "agent/serve/live_tokens.hpp"

#include "agent/base/bearer_token.hpp"
#include "agent/net/deadline.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace sfb::serve {

namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kBetweenTokenLooks{1};
// How long a caller waits for a look: a dead mount must not hold it up for long.
constexpr std::chrono::seconds kTokenPatience{2};

}  // namespace

void Tokens::set(std::vector<TokenFile> files) {
  if (files != files_) {
    known_.reset();
    files_ = std::move(files);
    ++edition_;
  }
  next_look_ = {};
}

asio::awaitable<TokenOutcome> Tokens::check(Secret token) {
  const auto self = shared_from_this();
  if (!looking_ && net::mono_now() >= next_look_) {
    looking_ = true;
    asio::co_spawn(parts_.loop, look(self), [](const std::exception_ptr& failure) {
      if (failure) {
        std::rethrow_exception(failure);
      }
    });
  }
  // Nobody waits twice for a mount that has just hung.
  const MonoTime deadline = net::mono_now() + (hung_ ? std::chrono::seconds(0) : kTokenPatience);
  while (looking_ && net::mono_now() < deadline) {
    co_await looked_.wait_until(deadline);
  }
  if (!known_) {
    co_return TokenOutcome{.caller = {}, .unknown = true};
  }
  co_return TokenOutcome{.caller = known_->find(token)};
}

asio::awaitable<void> Tokens::look(std::shared_ptr<Tokens> self) {
  std::uint64_t edition = 0;
  do {
    edition = self->edition_;
    std::vector<std::string> paths;
    for (const TokenFile& each : self->files_) {
      paths.push_back(each.path);
    }
    auto contents = co_await self->parts_.files.run_until(
        [paths = std::move(paths), read = self->parts_.read,
         hand = self->hand_]() -> Result<Contents> {
          Contents all;
          for (const std::string& path : paths) {
            const FileInHand::Look look(*hand, path);
            all.push_back(read(path));
          }
          return all;
        },
        net::mono_now() + self->parts_.patience, "access.tokens");
    self->hung_ = !contents && contents.error().code == "access.tokens";
    if (self->hung_) {
      contents.error() = self->hand_->hung("access.tokens");
    }
    if (!contents) {
      self->tell_unread(contents.error());
    } else if (edition == self->edition_) {
      self->take(*contents);
    }
  } while (edition != self->edition_);  // a reload brought others meanwhile
  self->looking_ = false;
  self->next_look_ = net::mono_now() + kBetweenTokenLooks;
  self->looked_.notify_all();
}

// A token that was taken away meanwhile still counts: who reads the log must see for how long.
void Tokens::tell_unread(const Error& error) const {
  if (!known_) {
    parts_.logger.warn("token files are not read, no token counts", {{"error", describe(error)}});
    return;
  }
  const auto unread = std::chrono::ceil<std::chrono::seconds>(net::mono_now() - known_at_);
  parts_.logger.warn("token files are not read, what was read before counts",
                     {{"error", describe(error)}, {"unread_for", format_duration(unread)}});
}

void Tokens::take(const Contents& contents) {
  access::TokenSet known;
  std::vector<std::string> problems;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const TokenFile& file = files_[i];
    const auto& secret = contents[i];
    if (!secret) {
      problems.push_back(describe(secret.error()));
    } else if (const Status good = check_token((*secret)->reveal()); !good) {
      problems.push_back(fmt::format("token file {} {}", file.path, describe(good.error())));
    } else if (!known.add(file.name, file.groups, **secret)) {
      problems.push_back(fmt::format(
          "token file {} holds the token of another entry, which admits neither", file.path));
    }
  }
  for (const std::string& problem : problems) {
    if (std::ranges::find(problems_, problem) == problems_.end()) {
      parts_.logger.warn("a token admits nobody", {{"problem", problem}});
    }
  }
  problems_ = std::move(problems);
  known_ = std::move(known);
  known_at_ = net::mono_now();
}

}  // namespace sfb::serve
