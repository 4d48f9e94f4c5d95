#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/crypto/crypto.h"
#include "base/descriptor.h"
#include "base/json.h"
#include "builder/scan/advisories.h"
#include "builder/text.h"

namespace sigil::scan {

// One ecosystem's index, mapped: lines "name TAB record", sorted by name.
class AdvisoryIndex {
 public:
  static std::shared_ptr<const AdvisoryIndex> open(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat facts {};
    if (file.get() < 0 || fstat(file.get(), &facts) != 0 || facts.st_size == 0) return nullptr;
    const auto size = static_cast<std::size_t>(facts.st_size);
    void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (data == MAP_FAILED) return nullptr;
    return std::shared_ptr<const AdvisoryIndex>(new AdvisoryIndex(data, size));
  }
  AdvisoryIndex(const AdvisoryIndex&) = delete;
  AdvisoryIndex& operator=(const AdvisoryIndex&) = delete;
  ~AdvisoryIndex() { munmap(data_, size_); }

  std::string_view text() const { return {static_cast<const char*>(data_), size_}; }

 private:
  AdvisoryIndex(void* data, std::size_t size) : data_(data), size_(size) {}
  void* data_;
  std::size_t size_;
};

namespace {

constexpr Ecosystem kEcosystems[] = {Ecosystem::npm, Ecosystem::pypi, Ecosystem::go,
                                     Ecosystem::cargo};

std::string index_path(const std::string& folder, Ecosystem ecosystem) {
  return folder + "/" + std::string(osv_name(ecosystem)) + ".idx";
}

Advisory advisory_of(std::string_view text) {
  Advisory advisory;
  const auto json = parse_json(text);
  if (!json || !json->is_object()) return advisory;
  advisory.id = string_or(*json, "id");
  advisory.summary = string_or(*json, "summary");
  advisory.severity = string_or(*json, "severity");
  advisory.is_malicious = bool_or(*json, "malicious", false);
  for (const auto& each : json->value("aliases", Json::array()))
    if (each.is_string()) advisory.aliases.push_back(each.get<std::string>());
  for (const auto& each : json->value("versions", Json::array()))
    if (each.is_string()) advisory.versions.push_back(each.get<std::string>());
  for (const auto& range : json->value("ranges", Json::array())) {
    AdvisoryRange out;
    for (const auto& event : range)
      if (event.is_string() && event.get_ref<const std::string&>().size() > 1)
        out.events.emplace_back(event.get_ref<const std::string&>()[0],
                                event.get_ref<const std::string&>().substr(1));
    advisory.ranges.push_back(std::move(out));
  }
  return advisory;
}

std::string_view name_at(std::string_view text, std::size_t line) {
  const auto tab = text.find('\t', line);
  return text.substr(line, tab == std::string_view::npos ? 0 : tab - line);
}

std::size_t line_begin(std::string_view text, std::size_t at) {
  const auto before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return before == std::string_view::npos ? 0 : before + 1;
}

}  // namespace

Result<AdvisoryStore> AdvisoryStore::open(const std::string& folder) {
  AdvisoryStore store;
  for (const auto ecosystem : kEcosystems) {
    auto index = AdvisoryIndex::open(index_path(folder, ecosystem));
    std::ifstream in(index_path(folder, ecosystem) + ".json");
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    const auto json = parse_json(text.empty() ? "{}" : text);
    if (!index || !json || !json->is_object()) continue;
    AdvisorySource source;
    source.date = string_or(*json, "date");
    source.sha256 = string_or(*json, "sha256");
    source.imported = integer_or(*json, "imported", 0);
    source.records = integer_or(*json, "records", 0);
    store.indexes_.emplace(ecosystem, std::move(index));
    store.sources_.emplace(ecosystem, std::move(source));
  }
  if (store.indexes_.empty())
    return fail(ErrorCode::not_found, "no advisories have been imported into " + folder);
  return store;
}

std::vector<Advisory> AdvisoryStore::find(Ecosystem ecosystem, std::string_view name) const {
  std::vector<Advisory> found;
  const auto index = indexes_.find(ecosystem);
  if (index == indexes_.end()) return found;
  const auto text = index->second->text();
  std::size_t low = 0;
  std::size_t high = text.size();
  while (low < high) {
    const auto line = line_begin(text, low + (high - low) / 2);
    if (name_at(text, line) < name) {
      const auto end = text.find('\n', line);
      low = end == std::string_view::npos ? text.size() : end + 1;
    } else {
      high = line;
    }
  }
  while (low < text.size() && name_at(text, low) == name) {
    const auto end = std::min(text.find('\n', low), text.size());
    const auto begin = low + name.size() + 1;
    found.push_back(advisory_of(text.substr(begin, end - begin)));
    low = end + 1;
  }
  return found;
}

const AdvisorySource* AdvisoryStore::source(Ecosystem ecosystem) const {
  const auto found = sources_.find(ecosystem);
  return found == sources_.end() ? nullptr : &found->second;
}

std::string AdvisoryStore::date() const {
  std::string oldest;
  for (const auto& [ecosystem, source] : sources_)
    if (oldest.empty() || source.date < oldest) oldest = source.date;
  return oldest;
}

std::string AdvisoryStore::hash() const {
  std::string all;
  for (const auto& [ecosystem, source] : sources_) all += source.sha256 + "\n";
  return crypto::sha256_hex(all);
}

}  // namespace sigil::scan
