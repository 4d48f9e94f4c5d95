#include "tests/support/tar_text.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

namespace sigil::test {
namespace {

void put(std::string& header, std::size_t at, const std::string& text) {
  header.replace(at, text.size(), text);
}

std::string octal(long value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*lo", digits, value);
  return text;
}

std::string entry_of(const TarFile& file) {
  std::string header(512, '\0');
  put(header, 0, file.path.substr(0, 99));
  put(header, 100, octal(file.mode, 7));
  put(header, 108, octal(0, 7));
  put(header, 116, octal(0, 7));
  put(header, 124, octal(static_cast<long>(file.content.size()), 11));
  put(header, 136, octal(0, 11));
  put(header, 148, std::string(8, ' '));
  header[156] = file.is_folder ? '5' : file.link_to.empty() ? '0' : '2';
  put(header, 157, file.link_to.substr(0, 99));
  put(header, 257,
      std::string("ustar\0"
                  "00",
                  8));
  long sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, 148, octal(sum, 6) + std::string("\0 ", 2));
  const std::size_t padding = (512 - file.content.size() % 512) % 512;
  return header + file.content + std::string(padding, '\0');
}

}  // namespace

std::string tar_of(const std::vector<TarFile>& files) {
  std::string tar;
  for (const TarFile& file : files) tar += entry_of(file);
  return tar + std::string(1024, '\0');
}

std::function<long(char*, std::size_t)> reader_of(std::string text) {
  auto left = std::make_shared<std::pair<std::string, std::size_t>>(std::move(text), 0);
  return [left](char* buffer, std::size_t size) {
    const std::size_t count = std::min(size, left->first.size() - left->second);
    std::memcpy(buffer, left->first.data() + left->second, count);
    left->second += count;
    return static_cast<long>(count);
  };
}

std::string busybox_tar() {
  std::ifstream file("/bin/busybox", std::ios::binary);
  const std::string program{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::vector<TarFile> files = {{.path = "bin/", .mode = 0755, .is_folder = true},
                                {.path = "tmp/", .mode = 01777, .is_folder = true},
                                {.path = "etc/", .mode = 0755, .is_folder = true},
                                {.path = "bin/busybox", .content = program, .mode = 0755}};
  for (const char* applet : {"sh",   "sleep", "cat",   "echo",  "nc",     "httpd", "id",   "env",
                             "head", "tr",    "grep",  "touch", "printf", "seq",   "tail", "ls",
                             "ping", "true",  "false", "wc",    "yes",    "test",  "mkdir"})
    files.push_back({.path = std::string("bin/") + applet, .mode = 0777, .link_to = "busybox"});
  return tar_of(files);
}

}  // namespace sigil::test
