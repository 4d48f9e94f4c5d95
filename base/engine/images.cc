#include <nlohmann/json.hpp>

#include "base/engine/connection.h"
#include "base/engine/engine.h"
#include "base/engine/progress_stream.h"

namespace sigil::engine {
namespace {

using std::chrono::milliseconds;

struct Reference {
  std::string name;
  std::string tag_or_digest;
};

// "host:5000/a/b:1@sha256:…": a colon after the last slash begins the tag; a digest outranks it.
Reference split(const std::string& reference) {
  const std::size_t at = reference.find('@');
  Reference parts{reference.substr(0, at), "latest"};
  const std::size_t slash = parts.name.rfind('/');
  const std::size_t colon = parts.name.find(':', slash == std::string::npos ? 0 : slash);
  if (colon != std::string::npos) {
    parts.tag_or_digest = parts.name.substr(colon + 1);
    parts.name.resize(colon);
  }
  if (at != std::string::npos) parts.tag_or_digest = reference.substr(at + 1);
  return parts;
}

// A name in a path: it may hold slashes, and nothing that would begin another path or a query.
Result<std::string> path_of(const std::string& reference) {
  for (const char c : reference) {
    const bool is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '/' || c == ':' || c == '@' || c == '.' ||
                         c == '_' || c == '-';
    if (!is_good) return fail(ErrorCode::invalid_argument, "not an image reference: " + reference);
  }
  if (reference.empty() || reference.find("..") != std::string::npos)
    return fail(ErrorCode::invalid_argument, "not an image reference: " + reference);
  return "/images/" + reference;
}

Result<void> follow(const Connection& connection, const Call& call, ProgressStream& progress,
                    const std::stop_token& stop) {
  const auto on_piece = [&progress](std::string_view piece) {
    progress.take(piece);
    return true;
  };
  auto streamed = connection.stream(call, on_piece, stop);
  progress.finish();
  if (!streamed) return streamed;
  if (progress.error()) return fail(ErrorCode::internal, "E_ENGINE", *progress.error());
  return {};
}

}  // namespace

Result<void> Engine::pull_image(const std::string& reference, const OnProgress& on_progress,
                                std::stop_token stop) const {
  const Reference parts = split(reference);
  Call call;
  call.method = "POST";
  call.path = "/images/create";
  call.query.add("fromImage", parts.name).add("tag", parts.tag_or_digest);
  call.time_max = milliseconds(0);
  ProgressStream progress(on_progress);
  return follow(*connection_, call, progress, stop);
}

Result<std::string> Engine::import_image(const std::string& reference,
                                         const std::vector<std::string>& changes,
                                         const ReadTar& read_tar, std::stop_token stop) const {
  const Reference parts = split(reference);
  Call call;
  call.method = "POST";
  call.path = "/images/create";
  call.query.add("fromSrc", "-").add("repo", parts.name).add("tag", parts.tag_or_digest);
  for (const std::string& change : changes) call.query.add("changes", change);
  call.read_body = read_tar;
  call.time_max = milliseconds(0);
  ProgressStream progress(nullptr);
  SIGIL_CHECK(follow(*connection_, call, progress, stop));
  SIGIL_TRY(const Json image, inspect_image(reference));
  return string_or(image, "Id");
}

Result<Json> Engine::inspect_image(const std::string& reference) const {
  Call call;
  SIGIL_TRY(call.path, path_of(reference));
  call.path += "/json";
  return connection_->send_for_json(call);
}

Result<std::vector<Json>> Engine::list_images(
    const std::map<std::string, std::string>& labels) const {
  Call call;
  call.path = "/images/json";
  call.query.add("filters", label_filter(labels));
  SIGIL_TRY(const Json answer, connection_->send_for_json(call));
  return std::vector<Json>(answer.begin(), answer.end());
}

Result<void> Engine::tag_image(const std::string& image, const std::string& repository,
                               const std::string& tag) const {
  Call call;
  call.method = "POST";
  SIGIL_TRY(call.path, path_of(image));
  call.path += "/tag";
  call.query.add("repo", repository).add("tag", tag);
  SIGIL_CHECK(connection_->send(call));
  return {};
}

Result<void> Engine::remove_image(const std::string& reference, bool force) const {
  Call call;
  call.method = "DELETE";
  SIGIL_TRY(call.path, path_of(reference));
  call.query.add_if(force, "force", "1");
  SIGIL_CHECK(connection_->send(call));
  return {};
}

}  // namespace sigil::engine
