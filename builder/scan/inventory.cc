#include "builder/scan/inventory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/crypto/crypto.h"
#include "base/encoding.h"
#include "builder/text.h"

namespace sigil::scan {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { closedir(directory); }
};
using DirectoryHandle = std::unique_ptr<DIR, CloseDirectory>;

struct Folder {
  std::string path;  // "" for the root
  std::size_t depth = 0;
  std::string skipped;  // the reason of a folder around it
};

bool is_compiled_folder(std::string_view name) {
  return name == "dist" || name == "build" || name == "out";
}

// A folder of compiled code is looked into only when there is nothing it was made from.
bool has_sources_beside(const std::vector<std::string>& names) {
  return std::ranges::any_of(names, [](const std::string& name) {
    return name == "src" || name == "lib" || name == "tsconfig.json" ||
           (builder::ends_with(name, ".ts") && !builder::ends_with(name, ".d.ts")) ||
           builder::ends_with(name, ".py");
  });
}

bool is_minified(std::string_view text) {
  if (text.size() < 2000) return false;
  const auto lines = 1 + static_cast<std::size_t>(std::ranges::count(text, '\n'));
  return text.size() / lines > 500;
}

bool is_test_reason(std::string_view reason) {
  return reason == "test" || reason == "examples" || reason == "example" || reason == "docs";
}

constexpr std::array kOtherLanguages = {".rs", ".java", ".kt", ".cs", ".rb", ".php", ".swift"};

// Code we cannot read, which serves MCP all the same: a gap people must know of.
bool is_foreign_server(std::string_view path, std::string_view text) {
  const bool is_other = std::ranges::any_of(
      kOtherLanguages, [&](const char* ending) { return builder::ends_with(path, ending); });
  return is_other &&
         (builder::contains(text, "modelcontextprotocol") || builder::contains(text, "rmcp::") ||
          builder::contains(text, "ModelContextProtocol") || builder::contains(text, "mcp::"));
}

class Walk {
 public:
  Walk(int root, const InventoryLimits& limits, const std::vector<std::string>& entry_points)
      : root_(root), limits_(limits), entry_points_(entry_points) {}

  Inventory run() {
    folders_.push_back({});
    while (!folders_.empty() && !inventory_.is_incomplete) {
      const Folder folder = std::move(folders_.back());
      folders_.pop_back();
      visit(folder);
    }
    std::ranges::sort(inventory_.files, {}, &InventoryFile::path);
    std::ranges::sort(inventory_.gaps);
    return std::move(inventory_);
  }

 private:
  void stop(const std::string& why) {
    if (inventory_.is_incomplete) return;
    inventory_.is_incomplete = true;
    inventory_.why_incomplete = why;
  }

  std::vector<std::string> names_in(const std::string& path) {
    const int descriptor = openat(root_, path.empty() ? "." : path.c_str(),
                                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) {
      inventory_.gaps.emplace_back(path, "folder cannot be read");
      return {};
    }
    const DirectoryHandle directory(fdopendir(descriptor));
    if (!directory) {
      close(descriptor);
      return {};
    }
    std::vector<std::string> names;
    while (const auto* entry = readdir(directory.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (++entries_ > limits_.entries_max) {
        stop("more than " + std::to_string(limits_.entries_max) + " files and folders");
        break;
      }
      names.emplace_back(name);
    }
    std::ranges::sort(names);
    return names;
  }

  void visit(const Folder& folder) {
    const auto names = names_in(folder.path);
    std::string skipped = folder.skipped;
    if (skipped.empty() && std::ranges::binary_search(names, std::string("pyvenv.cfg")))
      skipped = "virtual environment";
    const bool has_sources = has_sources_beside(names);
    for (const auto& name : names) {
      if (inventory_.is_incomplete) return;
      const auto path = folder.path.empty() ? name : folder.path + "/" + name;
      std::string reason = skipped;
      if (reason.empty() && is_compiled_folder(name) && has_sources) reason = "compiled";
      look_at(path, folder.depth, reason);
    }
  }

  bool is_wanted(const std::string& path) const {
    return std::ranges::any_of(entry_points_, [&](const std::string& entry) {
      return entry == path || builder::begins_with(entry, path + "/");
    });
  }

  void look_at(const std::string& path, std::size_t depth, std::string reason) {
    struct stat facts {};
    if (fstatat(root_, path.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) {
      inventory_.gaps.emplace_back(path, "cannot be read");
      return;
    }
    if (S_ISLNK(facts.st_mode)) {
      ++inventory_.symlinks;
      return;
    }
    if (S_ISDIR(facts.st_mode)) {
      if (base_name(path) == ".git") return;
      if (depth + 1 > limits_.depth_max) {
        inventory_.gaps.emplace_back(
            path, "nested deeper than " + std::to_string(limits_.depth_max) + " folders");
        return;
      }
      if (reason.empty()) reason = skip_reason(path + "/");
      if (is_wanted(path)) reason.clear();
      folders_.push_back({path, depth + 1, std::move(reason)});
      return;
    }
    if (S_ISREG(facts.st_mode)) add_file(path, facts.st_size, std::move(reason));
  }

  void add_file(const std::string& path, std::int64_t bytes, std::string reason) {
    InventoryFile file;
    file.path = path;
    file.bytes = bytes;
    if (reason.empty() && !is_wanted(path)) reason = skip_reason(base_name(path));
    file.why_skipped = std::move(reason);
    file.is_skipped = !file.why_skipped.empty();
    file.is_test = is_test_reason(file.why_skipped);
    if (!file.is_skipped || file.is_test) read_facts(file);
    inventory_.files.push_back(std::move(file));
  }

  void read_facts(InventoryFile& file) {
    if (++read_files_ > limits_.files_max)
      return stop("more than " + std::to_string(limits_.files_max) + " files");
    file.language = language_of_file(file.path, {});
    if (file.bytes > limits_.file_bytes_max) {
      if (file.language != Language::none && !file.is_skipped)
        inventory_.gaps.emplace_back(
            file.path, "larger than " + std::to_string(limits_.file_bytes_max / 1024) + " KiB");
      return;
    }
    read_bytes_ += file.bytes;
    if (read_bytes_ > limits_.bytes_max)
      return stop("more than " + std::to_string(limits_.bytes_max / 1024 / 1024) + " MiB");
    const auto text = read(file);
    file.sha256 = crypto::sha256_hex(text);
    file.language = language_of_file(file.path, std::string_view(text).substr(0, 200));
    // Told once, where it begins: that the language is not read concerns the whole program.
    if (!has_foreign_code_ && !file.is_skipped && is_foreign_server(file.path, text)) {
      has_foreign_code_ = true;
      inventory_.gaps.emplace_back(file.path, "language not supported by the code rules");
    }
    if (file.language == Language::none || file.is_skipped) return;
    check_code(file, text);
  }

  void check_code(InventoryFile& file, const std::string& text) {
    if (text.find('\0') != std::string::npos) {
      inventory_.gaps.emplace_back(file.path, "holds zero bytes");
      file.language = Language::none;
    } else if (!is_valid_utf8(text)) {
      inventory_.gaps.emplace_back(file.path, "not valid UTF-8");
    } else if (is_minified(text) && !is_wanted(file.path)) {
      file.is_skipped = true;
      file.why_skipped = "minified";
      inventory_.gaps.emplace_back(file.path, "minified");
    }
  }

  std::string read(const InventoryFile& file) const;

  int root_;
  const InventoryLimits& limits_;
  const std::vector<std::string>& entry_points_;
  std::vector<Folder> folders_;
  std::size_t entries_ = 0;
  std::size_t read_files_ = 0;
  std::int64_t read_bytes_ = 0;
  bool has_foreign_code_ = false;
  Inventory inventory_;
};

std::string read_at(int root, const std::string& path, std::int64_t bytes_max) {
  // O_NONBLOCK: a named pipe that took the file's place must not make us wait.
  const Descriptor file(openat(root, path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat facts {};
  if (file.get() < 0 || fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode) ||
      facts.st_size > bytes_max)
    return {};
  std::string text(static_cast<std::size_t>(facts.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const auto got = ::read(file.get(), text.data() + done, text.size() - done);
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  text.resize(done);
  return text;
}

std::string Walk::read(const InventoryFile& file) const {
  return read_at(root_, file.path, limits_.file_bytes_max);
}

}  // namespace

const InventoryFile* Inventory::find(std::string_view path) const {
  const auto found = std::ranges::lower_bound(files, path, {}, &InventoryFile::path);
  return found != files.end() && found->path == path ? &*found : nullptr;
}

Result<ScanTree> ScanTree::open(const std::string& root) {
  Descriptor directory(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0)
    return fail(ErrorCode::not_found, "no directory " + root + " that could be read");
  return ScanTree(std::move(directory));
}

std::string ScanTree::read(const std::string& path, std::int64_t bytes_max) const {
  return read_at(root_.get(), path, bytes_max);
}

Inventory ScanTree::take_inventory(const InventoryLimits& limits,
                                   const std::vector<std::string>& entry_points) const {
  return Walk(root_.get(), limits, entry_points).run();
}

}  // namespace sigil::scan
