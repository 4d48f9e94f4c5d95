// For tests against the real engine that SIGIL_DOCKER_SOCKET (or the default) names. Everything a
// test makes carries the fixture's own instance label and is removed by it; nothing else is
// touched.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/engine/engine.h"

namespace sigil::test {

std::string engine_socket();

class EngineFixture : public ::testing::Test {
 protected:
  EngineFixture();
  void SetUp() override;
  void TearDown() override;

  // A busybox image of this instance; returns its id.
  std::string make_image(const std::string& name, std::vector<std::string> changes = {});
  engine::Engine::OneShot run_shell(const std::string& script, const std::string& image);

  engine::Engine engine_;
  std::string instance_;

 private:
  void remove_all(const std::map<std::string, std::string>& labels) const;
};

// Polls until it is so, or the deadline has passed: then false.
bool eventually(const std::function<bool()>& is_so,
                std::chrono::milliseconds within = std::chrono::milliseconds(30'000));

}  // namespace sigil::test
