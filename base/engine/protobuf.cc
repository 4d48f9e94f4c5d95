#include "base/engine/protobuf.h"

namespace sigil::engine {
namespace {

enum WireType : std::uint64_t {
  varint_field = 0,
  fixed64_field = 1,
  bytes_field = 2,
  fixed32_field = 5
};

}  // namespace

std::optional<std::uint64_t> ProtobufReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

std::optional<ProtobufReader::Field> ProtobufReader::broken() {
  is_broken_ = true;
  left_ = {};
  return std::nullopt;
}

std::optional<ProtobufReader::Field> ProtobufReader::next() {
  if (left_.empty()) return std::nullopt;
  const auto tag = varint();
  if (!tag || (*tag >> 3) == 0 || (*tag >> 3) > 0x1fffffff) return broken();
  Field field;
  field.number = static_cast<std::uint32_t>(*tag >> 3);
  std::uint64_t size = 0;
  switch (*tag & 7) {
    case varint_field: {
      const auto value = varint();
      if (!value) return broken();
      field.value = *value;
      return field;
    }
    case fixed64_field:
      size = 8;
      break;
    case fixed32_field:
      size = 4;
      break;
    case bytes_field: {
      const auto length = varint();
      if (!length) return broken();
      size = *length;
      break;
    }
    default:
      return broken();
  }
  if (size > left_.size()) return broken();
  field.bytes = left_.substr(0, static_cast<std::size_t>(size));
  left_.remove_prefix(static_cast<std::size_t>(size));
  return field;
}

}  // namespace sigil::engine
