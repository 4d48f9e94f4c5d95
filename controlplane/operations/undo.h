// Takes back what an operation made and nobody uses: after a failure, a cancellation, or a crash
// that left things half made. Running it twice changes nothing.
#pragma once

#include "base/result.h"
#include "controlplane/operations/operation_run.h"

namespace sigil::controlplane {

// Containers this operation started (also those without a row), and their rows.
Result<void> remove_replicas_of(const OperationTools& tools, const db::Operation& operation);
// All of it: replicas, the revision it made, its image tag, its scratch directory, and the network
// of a deployment that has no revision to serve.
Result<void> undo_operation(const OperationTools& tools, const OperationRun& run);
// The tags of ours that lead to this image; the image goes with its last tag. Never a foreign tag.
void remove_our_tags(const OperationTools& tools, const std::string& image,
                     const DeploymentId& deployment);

// Where an operation goes on that was begun before: the name of the step.
Result<std::string> resume_point(const OperationTools& tools, OperationRun& run);

}  // namespace sigil::controlplane
