// A tar in memory, for tests that hand one to an engine.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace sigil::test {

struct TarFile {
  std::string path;
  std::string content = {};
  int mode = 0644;
  std::string link_to = {};  // a symbolic link instead of a file
  bool is_folder = false;
};

std::string tar_of(const std::vector<TarFile>& files);

// Reads the text piece by piece, as the engine client wants it.
std::function<long(char*, std::size_t)> reader_of(std::string text);

// busybox-static with a link for each applet; /tmp writable by all.
std::string busybox_tar();

}  // namespace sigil::test
