// Whether the command a container is to run exists. With an init in front the engine does not tell:
// the start succeeds, and the init dies of it over and over.
#pragma once

#include <string>

#include "base/engine/engine.h"

namespace sigil::runtime {

// E_START_FILE when the created container's command is not in its file system.
Result<void> check_start_file(const engine::Engine& engine, const std::string& container);

// A refused start: E_START_FILE naming the command where that is the cause, else as it is.
Error start_file_error(Error refused);

}  // namespace sigil::runtime
