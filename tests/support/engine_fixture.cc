#include "tests/support/engine_fixture.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/ids.h"
#include "tests/support/tar_text.h"

namespace sigil::test {

std::string engine_socket() {
  const char* named = std::getenv("SIGIL_DOCKER_SOCKET");
  return named != nullptr && *named != '\0' ? named : "/var/run/docker.sock";
}

EngineFixture::EngineFixture()
    : engine_({.socket = engine_socket(), .time_max = std::chrono::milliseconds(60'000)}),
      instance_("test" + make_id_text("x").substr(12)) {}

void EngineFixture::SetUp() {
  const auto version = engine_.version();
  ASSERT_TRUE(version.has_value()) << version.error().message;
}

void EngineFixture::TearDown() {
  remove_all({{"io.sigil.instance", instance_}});
  remove_all({{"io.sigil.test", instance_}});
}

void EngineFixture::remove_all(const std::map<std::string, std::string>& labels) const {
  if (const auto containers = engine_.list_containers(labels))
    for (const auto& container : *containers)
      (void)engine_.remove_container(container.id, true).has_value();
  if (const auto networks = engine_.list_networks(labels))
    for (const Json& network : *networks)
      (void)engine_.remove_network(string_or(network, "Id")).has_value();
  // Again and again over what is left: an image goes only after those built on it, the engine lists
  // those of one second in any order, and the step of a build that was just cancelled may hold its
  // own for a moment.
  const auto are_gone = [&] {
    const auto images = engine_.list_images(labels);
    if (!images) return false;
    for (const Json& image : *images)
      (void)engine_.remove_image(string_or(image, "Id"), true).has_value();
    return images->empty();
  };
  EXPECT_TRUE(eventually(are_gone, std::chrono::milliseconds(60'000)));
}

std::string EngineFixture::make_image(const std::string& name, std::vector<std::string> changes) {
  changes.push_back("LABEL io.sigil.instance=" + instance_);
  changes.push_back("ENV PATH=/bin");
  const auto id = engine_.import_image("sigil-test/" + instance_ + ":" + name, changes,
                                       reader_of(busybox_tar()), {});
  EXPECT_TRUE(id.has_value()) << id.error().message;
  return id.value_or("");
}

engine::Engine::OneShot EngineFixture::run_shell(const std::string& script,
                                                 const std::string& image) {
  const Json body = {{"Image", image},
                     {"Entrypoint", {"sh", "-c", script}},
                     {"Labels", {{"io.sigil.instance", instance_}}},
                     {"HostConfig", {{"NetworkMode", "none"}}}};
  const auto outcome =
      engine_.run_one_shot("sigil-" + instance_ + "-" + make_id_text("once"), body, "", {}, {});
  EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
  return outcome.value_or(engine::Engine::OneShot{});
}

bool eventually(const std::function<bool()>& is_so, std::chrono::milliseconds within) {
  const auto deadline = system_clock().steady_now() + within;
  while (!is_so()) {
    if (system_clock().steady_now() > deadline) return false;
    sleep_for(std::chrono::milliseconds(20), {});
  }
  return true;
}

}  // namespace sigil::test
