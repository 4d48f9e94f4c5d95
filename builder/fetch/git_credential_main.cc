// sigil-git-credential ORIGIN get|store|erase: git's credential helper while Sigil fetches.
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <string>

#include "builder/fetch/git_credential.h"

namespace {

constexpr std::size_t kBytesMax = 16 * 1024;

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const auto size = ::read(descriptor, piece.data(), piece.size());
    if (size <= 0 || text.size() > kBytesMax) return text;
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

int main(int count, char** values) {
  try {
    // git keeps nothing here and has nothing erased.
    if (count != 3 || std::string(values[2]) != "get") return 0;
    const auto question = read_all(STDIN_FILENO);
    const sigil::Secret secret(read_all(sigil::builder::kGitCredentialDescriptor));
    const auto answer = sigil::builder::git_credential_answer(question, values[1], secret);
    return std::fputs(answer.c_str(), stdout) < 0 ? 1 : 0;
  } catch (const std::exception&) {
    return 1;
  }
}
