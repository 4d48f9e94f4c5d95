// The build context as a tar that is made while the engine reads it: sorted paths, owner 0, time 0,
// two modes, so the same tree gives the same bytes. A ContextTar serves one upload on one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/engine/engine.h"
#include "base/result.h"
#include "builder/context/ignore_rules.h"

namespace sigil::builder {

struct ContextFile {
  std::string content;
  bool is_executable = false;
};

class ContextTar {
 public:
  // `root`: the folder on disk; empty: only `extra`. `extra`: path in the tar -> content, placed
  // over what the folder has there. .git is never sent.
  ContextTar(std::string root, const IgnoreRules& rules, std::map<std::string, ContextFile> extra);
  ~ContextTar();
  ContextTar(const ContextTar&) = delete;
  ContextTar& operator=(const ContextTar&) = delete;

  // As engine::ReadTar wants it.
  long read(char* buffer, std::size_t size);
  engine::ReadTar reader() {
    return [this](char* buffer, std::size_t size) { return read(buffer, size); };
  }
  // What went wrong when read() gave -1.
  const std::string& problem() const { return problem_; }
  // Paths in the order they are sent.
  const std::vector<std::string>& paths() const { return paths_; }

 private:
  struct Writer;
  void list(const IgnoreRules& rules);
  bool next_entry();
  bool begin_file(const std::string& relative);
  bool next_piece();

  std::string root_;
  std::map<std::string, ContextFile> extra_;
  std::vector<std::string> paths_;
  std::unique_ptr<Writer> writer_;
  std::size_t at_ = 0;
  std::string problem_;
};

}  // namespace sigil::builder
