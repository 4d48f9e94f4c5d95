#include "base/config/yaml_file.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

namespace sigil::config {
namespace {

constexpr std::size_t kBytesMax = 1024 * 1024;
constexpr int kDepthMax = 16;
constexpr int kNodesMax = 20'000;

struct Refused {
  std::string why;
};

// Runs before anything is built: yaml-cpp shares what an alias names, but walking it would not end.
class Guard final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override { count(); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse("an alias", mark); }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {
    count();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    enter(mark);
  }
  void OnSequenceEnd() override { --depth_; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    enter(mark);
  }
  void OnMapEnd() override { --depth_; }

 private:
  [[noreturn]] static void refuse(const std::string& what, const YAML::Mark& mark) {
    throw Refused{what + " in line " + std::to_string(mark.line + 1)};
  }
  void count() {
    if (++nodes_ > kNodesMax) throw Refused{"more than " + std::to_string(kNodesMax) + " values"};
  }
  void enter(const YAML::Mark& mark) {
    count();
    if (++depth_ > kDepthMax) refuse("nested too deep", mark);
  }
  int depth_ = 0;
  int nodes_ = 0;
};

std::string line_of(const YAML::Node& node) {
  return " in line " + std::to_string(node.Mark().line + 1);
}

// Null is the empty text: "key:" without a value clears a default.
std::string scalar_of(const YAML::Node& node) { return node.IsNull() ? "" : node.Scalar(); }

void flatten(const YAML::Node& node, const std::string& key, std::vector<FileEntry>& entries) {
  if (node.IsScalar() || node.IsNull()) {
    entries.push_back({key, scalar_of(node), false, {}});
    return;
  }
  if (node.IsSequence()) {
    FileEntry entry{key, {}, true, {}};
    for (const YAML::Node& item : node) {
      if (!item.IsScalar()) throw Refused{"a list of more than plain values" + line_of(item)};
      entry.items.push_back(item.Scalar());
    }
    entries.push_back(std::move(entry));
    return;
  }
  std::set<std::string> seen;
  for (const auto& member : node) {
    if (!member.first.IsScalar()) throw Refused{"a key that is not text" + line_of(member.first)};
    const std::string name = member.first.Scalar();
    if (!seen.insert(name).second)
      throw Refused{"the key \"" + name + "\" twice" + line_of(member.first)};
    std::string path = key;
    if (!path.empty()) path += '.';
    flatten(member.second, path.append(name), entries);
  }
}

}  // namespace

Result<std::vector<FileEntry>> parse_yaml(std::string_view text) {
  if (text.size() > kBytesMax)
    return fail(ErrorCode::too_large,
                "the file has more than " + std::to_string(kBytesMax) + " bytes");
  if (text.find('\0') != std::string_view::npos)
    return fail(ErrorCode::invalid_argument, "the file holds a NUL byte");
  std::vector<FileEntry> entries;
  try {
    std::istringstream guarded{std::string(text)};
    YAML::Parser parser(guarded);
    Guard guard;
    if (!parser.HandleNextDocument(guard)) return entries;  // nothing in it
    if (parser.HandleNextDocument(guard)) throw Refused{"a second document"};
    const YAML::Node root = YAML::Load(std::string(text));
    if (root.IsNull()) return entries;
    if (!root.IsMap()) throw Refused{"something else than keys and values"};
    flatten(root, "", entries);
  } catch (const Refused& refused) {
    return fail(ErrorCode::invalid_argument, "the file holds " + refused.why);
  } catch (const std::exception& thrown) {
    return fail(ErrorCode::invalid_argument, std::string("not valid YAML: ") + thrown.what());
  }
  return entries;
}

Result<std::vector<FileEntry>> read_yaml_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return fail(ErrorCode::not_found, "cannot be read: " + std::string(std::strerror(errno)));
  std::string text(kBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return fail(ErrorCode::internal, "cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse_yaml(text);
}

}  // namespace sigil::config
