#include "controlplane/config/evaluations.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <nlohmann/json.hpp>
#include <semaphore>

#include "base/guarded.h"

namespace sigil::controlplane {
namespace {

// Evaluates when the test lets it, and remembers as CommandFunctions does.
class EvaluationsTest : public ::testing::Test {
 protected:
  Evaluations::Parts parts() {
    return {.recall = [this](const std::string& text, const Json&) -> std::optional<StartCommand> {
              return known_.with([&](auto& known) -> std::optional<StartCommand> {
                const auto found = known.find(text);
                if (found == known.end()) return std::nullopt;
                return found->second;
              });
            },
            .evaluate = [this](const std::string& text, const Json&,
                               const std::stop_token&) -> Result<StartCommand> {
              ++evaluated_;
              may_go_on_.acquire();
              if (text == "bad")
                return fail(ErrorCode::invalid_argument, "E_COMMAND_FUNCTION", "no");
              StartCommand command;
              command.argv = {"node", text};
              known_.with([&](auto& known) { known[text] = command; });
              return command;
            }};
  }
  // Until it is answered one way or the other.
  Result<std::optional<StartCommand>> answered(Evaluations& evaluations, const std::string& text) {
    for (;;) {
      auto answer = evaluations.ask(text, Json::object());
      if (!answer || *answer) return answer;
      std::this_thread::yield();
    }
  }

  Guarded<std::map<std::string, StartCommand>> known_;
  std::atomic<int> evaluated_{0};
  std::counting_semaphore<1000> may_go_on_{0};
  FakeClock clock_;
};

TEST_F(EvaluationsTest, AnswersAtOnceAndOnceForAll) {
  Evaluations evaluations(parts());
  for (int i = 0; i < 5; ++i) {
    const auto answer = evaluations.ask("f", Json::object());
    ASSERT_TRUE(answer.has_value());
    EXPECT_FALSE(answer->has_value());
  }
  may_go_on_.release();
  EXPECT_EQ(answered(evaluations, "f").value()->argv.back(), "f");
  EXPECT_EQ(evaluated_, 1);
}

TEST_F(EvaluationsTest, TellsAFailureForAWhileThenTriesAnew) {
  Evaluations evaluations(parts(), clock_);
  may_go_on_.release(2);
  EXPECT_EQ(answered(evaluations, "bad").error().reason, "E_COMMAND_FUNCTION");
  EXPECT_FALSE(evaluations.ask("bad", Json::object()).has_value());
  EXPECT_EQ(evaluated_, 1);
  clock_.advance(std::chrono::seconds(6));
  EXPECT_FALSE(answered(evaluations, "bad").has_value());
  EXPECT_EQ(evaluated_, 2);
}

TEST_F(EvaluationsTest, LetsOnlySoManyWait) {
  Evaluations evaluations(parts());
  bool is_refused = false;
  for (int i = 0; i < 200 && !is_refused; ++i) {
    const auto answer = evaluations.ask("f" + std::to_string(i), Json::object());
    is_refused = !answer.has_value() && answer.error().reason == "busy";
  }
  EXPECT_TRUE(is_refused);
  may_go_on_.release(200);
}

}  // namespace
}  // namespace sigil::controlplane
