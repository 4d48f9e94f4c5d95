#include "runtime/shim/shim.h"

int main(int count, char** arguments) {
  return sigil::shim::run_shim({arguments + 1, arguments + count});
}
