// Prints what Sigil would do with a folder: corpus_print_plan FOLDER [PATH]. For looking at many
// sources without an engine.
#include <cstdio>

#include "tests/corpus/plan_text.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: corpus_print_plan FOLDER [PATH]\n");
    return 2;
  }
  std::fputs(sigil::corpus::plan_text(argv[1], argc > 2 ? argv[2] : "").c_str(), stdout);
  return 0;
}
