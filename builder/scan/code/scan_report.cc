// Prints precision and recall for each rule over the fixtures: `make scan-report`.
#include <cstdio>
#include <map>
#include <string>

#include "builder/scan/code/scan_cases.h"

int main(int argc, char** argv) {
  struct Count {
    int hit = 0;
    int missed = 0;
    int wrong = 0;
    int silent = 0;
  };
  std::map<std::string, Count> rules;
  for (const auto& given :
       sigil::scan::read_scan_cases(argc > 1 ? argv[1] : "tests/fixtures/scan")) {
    Count& count = rules[given.rule];
    const bool found = sigil::scan::is_found(given);
    if (given.fires) {
      ++(found ? count.hit : count.missed);
    } else {
      ++(found ? count.wrong : count.silent);
    }
  }
  std::printf("%-16s %6s %7s %10s %7s\n", "rule", "fire", "silent", "precision", "recall");
  for (const auto& [rule, count] : rules) {
    const double found = count.hit + count.wrong;
    const double real = count.hit + count.missed;
    std::printf("%-16s %6d %7d %9.0f%% %6.0f%%\n", rule.c_str(), count.hit + count.missed,
                count.wrong + count.silent, found > 0 ? 100.0 * count.hit / found : 100.0,
                real > 0 ? 100.0 * count.hit / real : 100.0);
  }
  return 0;
}
