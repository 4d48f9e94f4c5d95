// A folder of files for one test, gone at its end. Only tests include this.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <utility>

namespace sigil::builder {

class TestTree {
 public:
  using File = std::pair<std::string, std::string>;  // path, content

  TestTree(std::initializer_list<File> files = {}) {
    std::string pattern = (std::filesystem::temp_directory_path() / "sigil-tree-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    for (const auto& [path, content] : files) write(path, content);
  }
  TestTree(const TestTree&) = delete;
  TestTree& operator=(const TestTree&) = delete;
  ~TestTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  const std::string& root() const { return root_; }
  std::string at(const std::string& path) const { return root_ + "/" + path; }
  void write(const std::string& path, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(at(path)).parent_path());
    std::ofstream(at(path), std::ios::binary) << content;
  }
  std::string read(const std::string& path) const {
    std::ifstream file(at(path), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  bool has(const std::string& path) const {
    return std::filesystem::exists(std::filesystem::symlink_status(at(path)));
  }

 private:
  std::string root_;
};

}  // namespace sigil::builder
