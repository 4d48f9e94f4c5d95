// OSV archive -> sorted index. Written beside and renamed, so that scans see the old one or the
// new.
#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/crypto/crypto.h"
#include "base/json.h"
#include "builder/scan/advisories.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

constexpr std::size_t kRecordBytesMax = 4 * 1024 * 1024;
constexpr std::size_t kRecordsMax = 2'000'000;
constexpr std::uintmax_t kArchiveBytesMax = 2ULL * 1024 * 1024 * 1024;

struct FreeArchive {
  void operator()(archive* handle) const noexcept { archive_read_free(handle); }
};
using ArchiveHandle = std::unique_ptr<archive, FreeArchive>;

tl::unexpected<Error> refuse(const std::string& message, const std::string& hint = {}) {
  return fail(ErrorCode::invalid_argument, "E_ADVISORIES", message, hint);
}

Json advisory_json(const Advisory& advisory) {
  auto ranges = Json::array();
  for (const auto& range : advisory.ranges) {
    auto events = Json::array();
    for (const auto& [kind, version] : range.events) events.push_back(kind + version);
    ranges.push_back(std::move(events));
  }
  return {{"id", advisory.id},
          {"aliases", advisory.aliases},
          {"summary", advisory.summary},
          {"severity", advisory.severity},
          {"ranges", ranges},
          {"versions", advisory.versions},
          {"malicious", advisory.is_malicious}};
}

struct Collected {
  std::vector<std::string> lines;
  std::string newest;
  std::int64_t records = 0;
};

void take(Collected& all, std::string_view text, Ecosystem ecosystem) {
  const auto entries = read_osv_record(text, ecosystem);
  if (entries.empty()) return;
  ++all.records;
  const auto record = parse_json(text);
  const auto modified = record ? string_or(*record, "modified") : std::string();
  all.newest = std::max(all.newest, modified);
  for (const auto& [name, advisory] : entries)
    if (name.find_first_of("\t\n") == std::string::npos)
      all.lines.push_back(name + "\t" + sigil::to_text(advisory_json(advisory)));
}

Result<Collected> collect(const std::string& path, Ecosystem ecosystem) {
  const ArchiveHandle handle(archive_read_new());
  archive_read_support_format_zip(handle.get());
  archive_read_support_format_raw(handle.get());
  if (archive_read_open_filename(handle.get(), path.c_str(), 1 << 16) != ARCHIVE_OK)
    return refuse("the archive cannot be read");
  Collected all;
  archive_entry* entry = nullptr;
  std::string text;
  std::vector<char> buffer(1 << 16);
  while (archive_read_next_header(handle.get(), &entry) == ARCHIVE_OK) {
    if (all.lines.size() > kRecordsMax) return refuse("the archive has too many records");
    text.clear();
    while (text.size() <= kRecordBytesMax) {
      const auto got = archive_read_data(handle.get(), buffer.data(), buffer.size());
      if (got <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    if (text.size() <= kRecordBytesMax) take(all, text, ecosystem);
  }
  if (all.records == 0)
    return refuse("no record for " + std::string(osv_name(ecosystem)) + " is in it",
                  "take the ecosystem's own all.zip");
  return all;
}

Result<void> write_file(const std::string& path, const std::function<void(std::ofstream&)>& fill) {
  const auto beside = path + ".new";
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    fill(out);
    out.flush();
    if (!out) return fail(ErrorCode::internal, "E_DISK", "cannot write " + beside);
  }
  std::error_code error;
  std::filesystem::rename(beside, path, error);
  if (error) return fail(ErrorCode::internal, "E_DISK", "cannot write " + path);
  return {};
}

}  // namespace

Result<AdvisorySource> import_advisories(const std::string& archive, const std::string& sha256,
                                         Ecosystem ecosystem, const std::string& folder,
                                         std::int64_t now) {
  std::error_code error;
  const auto size = std::filesystem::file_size(archive, error);
  if (error) return fail(ErrorCode::not_found, "no file " + archive);
  if (size > kArchiveBytesMax) return refuse("the archive is larger than 2 GiB");
  std::ifstream in(archive, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  AdvisorySource source;
  source.sha256 = crypto::sha256_hex(bytes);
  if (!sha256.empty() && source.sha256 != sha256)
    return refuse("the archive's sha256 is " + source.sha256 + ", not " + sha256,
                  "fetch it again, and compare with what its publisher says");
  SIGIL_TRY(auto all, collect(archive, ecosystem));
  std::ranges::sort(all.lines, [](const std::string& a, const std::string& b) {
    return std::string_view(a).substr(0, a.find('\t')) <
           std::string_view(b).substr(0, b.find('\t'));
  });
  source.date = all.newest;
  source.imported = now;
  source.records = all.records;
  std::filesystem::create_directories(folder, error);
  const auto path = folder + "/" + std::string(osv_name(ecosystem)) + ".idx";
  SIGIL_CHECK(write_file(path, [&](std::ofstream& out) {
    for (const auto& line : all.lines) out << line << '\n';
  }));
  SIGIL_CHECK(write_file(path + ".json", [&](std::ofstream& out) {
    out << sigil::to_text(Json{{"date", source.date},
                               {"sha256", source.sha256},
                               {"imported", source.imported},
                               {"records", source.records}})
        << '\n';
  }));
  return source;
}

}  // namespace sigil::scan
