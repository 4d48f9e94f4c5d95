#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "controlplane/api/body_reader.h"
#include "controlplane/api/render_parts.h"
#include "controlplane/api/routes.h"
#include "controlplane/api/upload_file.h"
#include "registry-db/upload_store.h"

namespace sigil::api {
namespace {

constexpr std::chrono::hours kKept{24};

Json render_upload(const db::Upload& upload) {
  return {{"id", upload.id.text()},
          {"offset", upload.offset},
          {"size", upload.size},
          {"sha256", upload.sha256},
          {"completed_at", time_or_null(upload.completed_at)},
          {"created_at", to_rfc3339(upload.created_at)},
          {"expires_at", to_rfc3339(upload.expires_at)}};
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

UploadFiles files_of(const Context& context) {
  return UploadFiles(context.services->settings.data_dir);
}

Result<db::Upload> read_promise(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(auto reader, BodyReader::parse(request.body));
  db::Upload upload;
  upload.size = reader.integer("size", 1, INT64_MAX).value_or(0);
  upload.sha256 = reader.text("sha256", {.is_required = true, .bytes_max = 64});
  if (!reader.has("size")) reader.complain("size", "is required");
  if (!upload.sha256.empty() && !is_sha256(upload.sha256))
    reader.complain("sha256", "must be 64 lower-case hexadecimal digits");
  SIGIL_CHECK(reader.finish());
  const auto bytes_max = context.services->settings.upload_bytes_max;
  if (upload.size > bytes_max)
    return fail(
        ErrorCode::too_large, "E_LIMIT",
        "an upload may have " + std::to_string(bytes_max) + " bytes",
        "Leave build results and dependencies out of it, or raise server.upload_bytes_max.");
  return upload;
}

Result<ApiResponse> create(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(auto upload, read_promise(context, request));
  upload.id = make_id<UploadId>();
  upload.team = request.caller->team;
  upload.user = request.caller->user;
  upload.expires_at = context.clock.wall_now() + kKept;
  const UploadFiles files = files_of(context);
  SIGIL_CHECK(files.create(upload.id, upload.size));
  auto created = db::UploadStore(context.access(request)).create(upload);
  if (!created) {
    files.remove(upload.id);
    return fail(std::move(created).error());
  }
  auto response = json_response(201, render_upload(*created))
                      .with("Location", "/api/v1/uploads/" + upload.id.text());
  response.resource = upload.id.text();
  return response;
}

Result<ApiResponse> show(const Context& context, const ApiRequest& request) {
  SIGIL_TRY(const auto upload,
            db::UploadStore(context.access(request)).find(UploadId(request.param("id"))));
  return json_response(200, render_upload(upload));
}

Error wrong_offset(std::int64_t offset) {
  Error error{ErrorCode::conflict,
              "wrong_offset",
              "the next byte of this upload is number " + std::to_string(offset),
              "Go on from there.",
              {}};
  error.details.emplace("/offset", std::to_string(offset));
  return error;
}

Result<void> check_chunk(const db::Upload& upload, std::int64_t offset, std::size_t size) {
  if (upload.completed_at)
    return fail(ErrorCode::conflict, "upload_complete", "this upload is complete already");
  if (offset != upload.offset) return fail(wrong_offset(upload.offset));
  if (size == 0) return fail(ErrorCode::invalid_argument, "empty_chunk", "the chunk has no bytes");
  if (static_cast<std::int64_t>(size) > upload.size - offset)
    return fail(ErrorCode::invalid_argument, "chunk_too_long",
                "the chunk goes beyond the " + std::to_string(upload.size) + " bytes promised");
  return {};
}

struct Written {
  db::Upload upload;
  bool is_wrong_sum = false;
};

// One writer at a time: the row is held until the bytes are on disk and counted.
Result<Written> write_chunk(const Context& context, const ApiRequest& request,
                            std::int64_t offset) {
  const UploadId id(request.param("id"));
  const UploadFiles files = files_of(context);
  return context.services->database.transact(
      context.caller(request), [&](db::Transaction& tx) -> Result<Written> {
        db::UploadStore store(tx);
        SIGIL_TRY(const auto upload, store.find_and_lock(id));
        SIGIL_CHECK(check_chunk(upload, offset, request.body.size()));
        SIGIL_CHECK(files.write(id, offset, request.body));
        SIGIL_TRY(auto advanced,
                  store.advance(id, offset, static_cast<std::int64_t>(request.body.size())));
        if (advanced.offset < advanced.size) return Written{std::move(advanced)};
        SIGIL_TRY(const auto sum, files.sha256(id));
        if (sum == upload.sha256) {
          SIGIL_TRY(auto completed, store.complete(id));
          return Written{std::move(completed)};
        }
        SIGIL_TRY(auto rewound, store.rewind(id));
        return Written{std::move(rewound), true};
      });
}

Result<ApiResponse> put(const Context& context, const ApiRequest& request) {
  if (!request.query.has("offset")) return fail(bad_parameter("offset", "offset is required"));
  SIGIL_TRY(const auto offset, request.query.number("offset", 0, 0, INT64_MAX));
  SIGIL_TRY(const auto written, write_chunk(context, request, offset));
  if (written.is_wrong_sum)
    return fail(ErrorCode::invalid_argument, "wrong_checksum",
                "the bytes received do not have the sha256 that was promised",
                "Send the upload again from offset 0.");
  return json_response(200, render_upload(written.upload));
}

}  // namespace

std::vector<Route> upload_routes(const Context& context) {
  const auto bound = [&context](auto function) -> Handler {
    return [&context, function](const ApiRequest& request) { return function(context, request); };
  };
  return {
      {"POST",
       "/api/v1/uploads",
       Access::deploy,
       BodyKind::json,
       {},
       bound(create),
       "upload.create"},
      {"GET", "/api/v1/uploads/{id}", Access::deploy, BodyKind::none, {}, bound(show)},
      // Its start is in the audit trail; the chunks that follow would drown what matters there.
      {"PUT", "/api/v1/uploads/{id}", Access::deploy, BodyKind::bytes, {"offset"}, bound(put)},
  };
}

}  // namespace sigil::api
