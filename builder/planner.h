// From a fetched source to a Plan: manifest first, detection for what it leaves open (manifests.md
// §1, §7). Looks at files, runs nothing.
#pragma once

#include "base/result.h"
#include "builder/builder.h"
#include "builder/detect/plan_context.h"
#include "builder/source_tree.h"

namespace sigil::builder {

Result<Plan> plan_source(const FetchedSource& source, const Builder::PlanOptions& options,
                         const PlanContext& context);

// The plan that detection alone makes, without the author's Dockerfile: what is built when that
// one fails. E_NO_BUILD_PLAN when the language is not known.
Result<Plan> plan_without_dockerfile(const FetchedSource& source, const Plan& plan,
                                     const PlanContext& context);

// A package of npm or PyPI, read from its unpacked archive.
Result<Plan> plan_package(const FetchedSource& source, const PlanContext& context);

}  // namespace sigil::builder
