#include "builder/source_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/crypto/crypto.h"
#include "base/descriptor.h"
#include "builder/text.h"

namespace sigil::builder {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 12> kDependencyFolders = {
    "node_modules", ".git", ".venv", "venv",      "__pycache__", "vendor",
    "target",       ".tox", "tests", "__tests__", "test",        "site-packages"};

bool is_skipped_folder(std::string_view name) {
  return std::find(kDependencyFolders.begin(), kDependencyFolders.end(), name) !=
         kDependencyFolders.end();
}

std::optional<std::string> read_whole(const std::string& path, std::size_t bytes_max) {
  // O_NONBLOCK: a fifo must not hang us; it is refused by the check below.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about {};
  if (!file.is_open() || ::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode) ||
      static_cast<std::size_t>(about.st_size) > bytes_max)
    return std::nullopt;
  std::string text(static_cast<std::size_t>(about.st_size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + have, text.size() - have);
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

std::string entry_digest(const fs::directory_entry& entry, const std::string& relative,
                         std::error_code& error) {
  const auto status = entry.symlink_status(error);
  if (fs::is_symlink(status))
    return "l " + relative + '\0' + fs::read_symlink(entry.path(), error).string();
  if (fs::is_directory(status)) return "d " + relative;
  const bool is_program = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
  const auto text = read_whole(entry.path().string(), SIZE_MAX / 2);
  if (!text) error = std::make_error_code(std::errc::io_error);
  return (is_program ? "x " : "f ") + relative + '\0' + crypto::sha256(text.value_or(""));
}

}  // namespace

SourceTree::SourceTree(std::string root) {
  std::error_code error;
  root_ = fs::weakly_canonical(root, error).string();
  if (error) root_ = std::move(root);
}

std::string SourceTree::resolve(std::string_view relative) const {
  if (relative.find('\0') != std::string_view::npos) return {};
  std::error_code error;
  const auto path = fs::canonical(fs::path(root_) / fs::path(relative), error);
  if (error) return {};
  const auto text = path.string();
  const bool is_inside = text == root_ || begins_with(text, root_ + "/");
  return is_inside ? text : std::string();
}

std::optional<std::string> SourceTree::read(std::string_view relative,
                                            std::size_t bytes_max) const {
  const auto path = resolve(relative);
  return path.empty() ? std::nullopt : read_whole(path, bytes_max);
}

bool SourceTree::has_file(std::string_view relative) const {
  std::error_code error;
  const auto path = resolve(relative);
  return !path.empty() && fs::is_regular_file(path, error);
}

bool SourceTree::has_directory(std::string_view relative) const {
  std::error_code error;
  const auto path = resolve(relative);
  return !path.empty() && fs::is_directory(path, error);
}

std::vector<std::string> SourceTree::names_in(std::string_view relative) const {
  std::vector<std::string> names;
  const auto path = resolve(relative);
  if (path.empty()) return names;
  std::error_code error;
  for (fs::directory_iterator each(path, error), end; !error && each != end; each.increment(error))
    names.push_back(each->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> SourceTree::files_below(std::string_view relative,
                                                 std::size_t files_max) const {
  std::vector<std::string> files;
  const auto start = resolve(relative);
  if (start.empty()) return files;
  std::error_code error;
  fs::recursive_directory_iterator each(start, error);
  for (const fs::recursive_directory_iterator end; !error && each != end; each.increment(error)) {
    std::error_code kind_error;
    const auto status = each->symlink_status(kind_error);
    const auto name = each->path().filename().string();
    if (fs::is_directory(status) && (is_skipped_folder(name) || each.depth() > 12))
      each.disable_recursion_pending();
    if (!fs::is_regular_file(status)) continue;
    files.push_back(each->path().lexically_relative(root_).string());
    if (files.size() >= files_max) break;
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string joined_path(std::string_view folder, std::string_view name) {
  if (folder.empty() || folder == ".") return name.empty() ? "." : std::string(name);
  if (name.empty() || name == ".") return std::string(folder);
  return std::string(folder) + "/" + std::string(name);
}

std::optional<std::string> normal_path(std::string_view path) {
  if (path.find('\0') != std::string_view::npos || begins_with(path, "/")) return std::nullopt;
  std::vector<std::string> kept;
  for (auto& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(std::move(part));
    } else {
      if (kept.empty()) return std::nullopt;
      kept.pop_back();
    }
  }
  return kept.empty() ? "." : joined(kept, "/");
}

Result<std::string> tree_digest(const std::string& root) {
  std::vector<std::string> entries;
  std::error_code error;
  fs::recursive_directory_iterator each(root, error);
  for (const fs::recursive_directory_iterator end; !error && each != end; each.increment(error)) {
    entries.push_back(entry_digest(*each, each->path().lexically_relative(root).string(), error));
    if (error) break;
  }
  if (error) return fail(ErrorCode::internal, "E_FETCH", root + ": " + error.message());
  std::sort(entries.begin(), entries.end());
  std::string all;
  for (const auto& entry : entries) all += std::to_string(entry.size()) + ':' + entry;
  return crypto::sha256_hex(all);
}

TreeSize tree_size(const std::string& root) {
  TreeSize size;
  std::error_code error;
  fs::recursive_directory_iterator each(root, error);
  for (const fs::recursive_directory_iterator end; !error && each != end; each.increment(error)) {
    std::error_code ignored;
    ++size.files;
    if (fs::is_regular_file(each->symlink_status(ignored)))
      size.bytes += static_cast<std::int64_t>(fs::file_size(each->path(), ignored));
  }
  return size;
}

}  // namespace sigil::builder
