// Ids of different things have different types, so they cannot be swapped. Text form: prefix,
// underscore, 26 characters that sort by time (dep_01j…). Opaque to clients.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace sigil {

template <typename Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }
  bool is_empty() const { return text_.empty(); }
  auto operator<=>(const Id&) const = default;

  static constexpr std::string_view prefix() { return Tag::kPrefix; }

 private:
  std::string text_;
};

struct DeploymentTag {
  static constexpr std::string_view kPrefix = "dep";
};
struct RevisionTag {
  static constexpr std::string_view kPrefix = "rev";
};
struct ReplicaTag {
  static constexpr std::string_view kPrefix = "rep";
};
struct OperationTag {
  static constexpr std::string_view kPrefix = "op";
};
struct PackageTag {
  static constexpr std::string_view kPrefix = "pkg";
};
struct UploadTag {
  static constexpr std::string_view kPrefix = "upl";
};
struct TeamTag {
  static constexpr std::string_view kPrefix = "team";
};
struct UserTag {
  static constexpr std::string_view kPrefix = "usr";
};
struct ApiKeyTag {
  static constexpr std::string_view kPrefix = "key";
};

using DeploymentId = Id<DeploymentTag>;
using RevisionId = Id<RevisionTag>;
using ReplicaId = Id<ReplicaTag>;
using OperationId = Id<OperationTag>;
using PackageId = Id<PackageTag>;
using UploadId = Id<UploadTag>;
using TeamId = Id<TeamTag>;
using UserId = Id<UserTag>;
using ApiKeyId = Id<ApiKeyTag>;

// A fresh id text with this prefix: 48 bits of milliseconds and 80 random bits, Crockford base32
// (ULID layout).
std::string make_id_text(std::string_view prefix);

template <typename IdType>
IdType make_id() {
  return IdType(make_id_text(IdType::prefix()));
}

}  // namespace sigil
