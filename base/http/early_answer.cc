#include "base/http/early_answer.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sigil::http {
namespace {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  return line;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string without_chunks(std::string_view text) {
  std::string body;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    std::size_t size = 0;
    const auto read = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    if (read.ec != std::errc() || size == 0) break;
    body += text.substr(0, size);
    text.remove_prefix(std::min(text.size(), size));
    take_line(text);
  }
  return body;
}

bool parse_status(std::string_view line, int& status) {
  if (!line.starts_with("HTTP/1.") || line.size() < 12) return false;
  const char* digits = line.data() + 9;
  const auto read = std::from_chars(digits, digits + 3, status);
  return read.ec == std::errc() && read.ptr == digits + 3 && status >= 100;
}

}  // namespace

std::string drain_socket(int descriptor, std::size_t bytes_max) {
  std::string bytes;
  std::array<char, 4096> buffer;
  while (bytes.size() < bytes_max) {
    const ssize_t got = ::recv(descriptor, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got <= 0) break;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return bytes;
}

std::optional<Response> parse_early_answer(std::string_view bytes) {
  while (true) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view head = bytes.substr(0, end + 2);
    bytes.remove_prefix(end + 4);
    Response response;
    if (!parse_status(take_line(head), response.status)) return std::nullopt;
    if (response.status < 200) continue;
    while (!head.empty()) {
      const std::string_view line = take_line(head);
      const std::size_t colon = line.find(':');
      if (colon == std::string_view::npos || response.headers.size() >= 100) continue;
      response.headers.push_back(
          {std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1)))});
    }
    const bool is_chunked = response.header("transfer-encoding") == "chunked";
    response.body = is_chunked ? without_chunks(bytes) : std::string(bytes);
    return response;
  }
}

}  // namespace sigil::http
