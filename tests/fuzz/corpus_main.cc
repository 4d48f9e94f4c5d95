// Runs a fuzz entry over every file of its corpus folder, so that each former finding stays a plain
// test.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void run_one(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

// Each file whole, cut short at several places, and with one byte changed: cheap, and the same
// every time.
void run_variants(std::string bytes) {
  run_one(bytes);
  for (std::size_t part = 1; part < 8; ++part) run_one(bytes.substr(0, bytes.size() * part / 8));
  for (std::size_t i = 0; i < bytes.size(); i += bytes.size() / 64 + 1) {
    const char before = bytes[i];
    bytes[i] = static_cast<char>(before ^ 0x55);
    run_one(bytes);
    bytes[i] = before;
  }
}

}  // namespace

int main(int argc, char** argv) {
  int files = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      run_variants({std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()});
      ++files;
    }
  }
  std::printf("%d corpus files\n", files);
  return files > 0 ? 0 : 1;
}
