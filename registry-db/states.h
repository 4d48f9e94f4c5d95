// The closed sets of words that SQL, JSON, CLI and metrics share. Enumerators equal the stored
// text (`delete_` is stored as 'delete', which C++ keeps for itself); each table is walked both
// ways by a test, and the check constraints of the schema are held against it.
#pragma once

#include "base/enum_names.h"

namespace sigil::db {

enum class OperationState {
  queued,
  running,
  waiting,
  awaiting_approval,
  succeeded,
  failed,
  cancelled,
  skipped,
  superseded,
};
inline constexpr EnumNames<OperationState, 9> kOperationStates{{
    {OperationState::queued, "queued"},
    {OperationState::running, "running"},
    {OperationState::waiting, "waiting"},
    {OperationState::awaiting_approval, "awaiting_approval"},
    {OperationState::succeeded, "succeeded"},
    {OperationState::failed, "failed"},
    {OperationState::cancelled, "cancelled"},
    {OperationState::skipped, "skipped"},
    {OperationState::superseded, "superseded"},
}};
constexpr std::string_view name_of(OperationState value) {
  return name_in(kOperationStates, value);
}
// Nothing happens to it any more.
constexpr bool is_final(OperationState state) {
  return state == OperationState::succeeded || state == OperationState::failed ||
         state == OperationState::cancelled || state == OperationState::skipped ||
         state == OperationState::superseded;
}

enum class OperationKind {
  deploy,
  restart,
  delete_,  // NOLINT(readability-identifier-naming): C++ keeps the word itself
};
inline constexpr EnumNames<OperationKind, 3> kOperationKinds{{
    {OperationKind::deploy, "deploy"},
    {OperationKind::restart, "restart"},
    {OperationKind::delete_, "delete"},
}};
constexpr std::string_view name_of(OperationKind value) { return name_in(kOperationKinds, value); }

enum class StepState { pending, running, succeeded, failed, skipped, cancelled };
inline constexpr EnumNames<StepState, 6> kStepStates{{
    {StepState::pending, "pending"},
    {StepState::running, "running"},
    {StepState::succeeded, "succeeded"},
    {StepState::failed, "failed"},
    {StepState::skipped, "skipped"},
    {StepState::cancelled, "cancelled"},
}};
constexpr std::string_view name_of(StepState value) { return name_in(kStepStates, value); }

enum class DeploymentState {
  starting,
  healthy,
  degraded,
  unhealthy,
  crash_looping,
  suspended,
  stopped,
  failed,
};
inline constexpr EnumNames<DeploymentState, 8> kDeploymentStates{{
    {DeploymentState::starting, "starting"},
    {DeploymentState::healthy, "healthy"},
    {DeploymentState::degraded, "degraded"},
    {DeploymentState::unhealthy, "unhealthy"},
    {DeploymentState::crash_looping, "crash_looping"},
    {DeploymentState::suspended, "suspended"},
    {DeploymentState::stopped, "stopped"},
    {DeploymentState::failed, "failed"},
}};
constexpr std::string_view name_of(DeploymentState value) {
  return name_in(kDeploymentStates, value);
}

enum class ReplicaState { starting, ready, draining, stopped, crashed };
inline constexpr EnumNames<ReplicaState, 5> kReplicaStates{{
    {ReplicaState::starting, "starting"},
    {ReplicaState::ready, "ready"},
    {ReplicaState::draining, "draining"},
    {ReplicaState::stopped, "stopped"},
    {ReplicaState::crashed, "crashed"},
}};
constexpr std::string_view name_of(ReplicaState value) { return name_in(kReplicaStates, value); }

enum class Transport { stdio, streamable_http, sse };
inline constexpr EnumNames<Transport, 3> kTransports{{
    {Transport::stdio, "stdio"},
    {Transport::streamable_http, "streamable_http"},
    {Transport::sse, "sse"},
}};
constexpr std::string_view name_of(Transport value) { return name_in(kTransports, value); }

enum class SourceKind { git, npm, pypi, upload, image, path };
inline constexpr EnumNames<SourceKind, 6> kSourceKinds{{
    {SourceKind::git, "git"},
    {SourceKind::npm, "npm"},
    {SourceKind::pypi, "pypi"},
    {SourceKind::upload, "upload"},
    {SourceKind::image, "image"},
    {SourceKind::path, "path"},
}};
constexpr std::string_view name_of(SourceKind value) { return name_in(kSourceKinds, value); }

enum class ToolKind { tool, prompt, resource, resource_template };
inline constexpr EnumNames<ToolKind, 4> kToolKinds{{
    {ToolKind::tool, "tool"},
    {ToolKind::prompt, "prompt"},
    {ToolKind::resource, "resource"},
    {ToolKind::resource_template, "resource_template"},
}};
constexpr std::string_view name_of(ToolKind value) { return name_in(kToolKinds, value); }

enum class VersionStatus { active, deprecated, deleted };
inline constexpr EnumNames<VersionStatus, 3> kVersionStatuses{{
    {VersionStatus::active, "active"},
    {VersionStatus::deprecated, "deprecated"},
    {VersionStatus::deleted, "deleted"},
}};
constexpr std::string_view name_of(VersionStatus value) { return name_in(kVersionStatuses, value); }

enum class MemberRole { viewer, developer, admin, auditor };
inline constexpr EnumNames<MemberRole, 4> kMemberRoles{{
    {MemberRole::viewer, "viewer"},
    {MemberRole::developer, "developer"},
    {MemberRole::admin, "admin"},
    {MemberRole::auditor, "auditor"},
}};
constexpr std::string_view name_of(MemberRole value) { return name_in(kMemberRoles, value); }

enum class FeedTopic { deployment, operation, package, scan, alert, approval };
inline constexpr EnumNames<FeedTopic, 6> kFeedTopics{{
    {FeedTopic::deployment, "deployment"},
    {FeedTopic::operation, "operation"},
    {FeedTopic::package, "package"},
    {FeedTopic::scan, "scan"},
    {FeedTopic::alert, "alert"},
    {FeedTopic::approval, "approval"},
}};
constexpr std::string_view name_of(FeedTopic value) { return name_in(kFeedTopics, value); }

enum class FeedType { created, updated, deleted };
inline constexpr EnumNames<FeedType, 3> kFeedTypes{{
    {FeedType::created, "created"},
    {FeedType::updated, "updated"},
    {FeedType::deleted, "deleted"},
}};
constexpr std::string_view name_of(FeedType value) { return name_in(kFeedTypes, value); }

}  // namespace sigil::db
