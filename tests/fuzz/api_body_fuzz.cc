// What the admin API reads out of a JSON body: wishes for deployments, and server.json.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "controlplane/api/body_reader.h"
#include "controlplane/api/server_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto reader = sigil::api::BodyReader::parse(text);
  if (!reader) return 0;
  auto source = reader->child("source", true);
  (void)source.text("location", {.is_required = true, .bytes_max = 64});
  reader->take_complaints(std::move(source));
  (void)reader->text_map("env", 3);
  (void)reader->secret_map("secrets", 3);
  (void)reader->texts("args", 3);
  (void)reader->integer("replicas", 1, 32);
  (void)reader->boolean("replace");
  const std::string server = reader->object_text("server");
  const auto finished = reader->finish();
  if (!finished && finished.error().details.empty()) std::abort();
  if (server.empty()) return 0;
  const auto json = sigil::parse_json(server);
  if (!json) return 0;
  if (const auto description = sigil::api::read_server_json(*json, "/server"))
    (void)sigil::api::is_newer_version(description->version, "1.2.3-rc.1");
  return 0;
}
