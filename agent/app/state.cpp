#include "agent/app/state.hpp"

#include "agent/engine/keeping.hpp"

#include <utility>

namespace sfb::app {

namespace {

// Answers are capped once more when they are read, by the limits of then.
constexpr Limits kAnswers{.object = 16UL << 20U};
// A server clears an idle shell long before.
constexpr std::chrono::hours kShellLife{24};

class StoreLedger final : public remote::ShellLedger {
 public:
  StoreLedger(std::shared_ptr<store::Store> state, const Clock& clock)
      : state_(std::move(state)), clock_(clock) {
    const WallTime now = clock_.now().wall;
    for (const store::Session& session : std::vector<store::Session>(state_->sessions())) {
      if (session.since > now || now - session.since > kShellLife) {
        state_->session_gone(session.url, session.shell);
      }
    }
  }
  void made(const std::string& url, const Left& shell, std::function<void()> written) override {
    state_->session_made({url, shell.shell, shell.configuration, shell.session, clock_.now().wall},
                         std::move(written));
  }
  void gone(const std::string& url, const std::string& shell) override {
    state_->session_gone(url, shell);
  }
  std::vector<Left> left(const std::string& url) const override {
    std::vector<Left> found;
    for (const store::Session& session : state_->sessions()) {
      if (session.url == url) {
        found.push_back({session.shell, session.configuration, session.session});
      }
    }
    return found;
  }

 private:
  std::shared_ptr<store::Store> state_;
  const Clock& clock_;
};

}  // namespace

std::shared_ptr<remote::ShellLedger> ledger_of(const std::shared_ptr<store::Store>& state,
                                               const Clock& clock) {
  return state ? std::make_shared<StoreLedger>(state, clock) : nullptr;
}

store::Retention retention_of(const config::Settings& settings) {
  return {.age = settings.storage.retention, .size = settings.storage.max_size};
}

std::shared_ptr<store::Store> open_state(const std::string& folder,
                                         const config::Settings& settings, const Clock& clock,
                                         const Logger& logger,
                                         std::shared_ptr<serve::SelfMetrics> self) {
  if (folder.empty()) {
    return nullptr;
  }
  store::Options options{.folder = folder, .retention = retention_of(settings)};
  options.write_answer = [](const status::Evaluation& evaluation) {
    return engine::write_answer(evaluation, kAnswers);
  };
  options.on_facts = [self = std::move(self)](const store::Facts& facts) {
    self->state({.writable = facts.writable,
                 .bytes = facts.bytes,
                 .last_write = facts.last_write,
                 .errors = facts.errors,
                 .set_aside = facts.set_aside,
                 .lost = facts.lost});
  };
  return std::make_shared<store::Store>(std::move(options), clock, logger.with_source("store"));
}

}  // namespace sfb::app
