#include "builder/scan/code/value.h"

#include <algorithm>

namespace sigil::scan {
namespace {

constexpr std::size_t kFieldsMax = 96;
constexpr int kFieldDepthMax = 4;

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash ^= value + 0x9E3779B97F4A7C15ULL + (hash << 6) + (hash >> 2);
  return hash * 0xFF51AFD7ED558CCDULL;
}

void merge_at(Value& into, const Value& other, int depth);

void merge_fields(Value& into, const Value& other, int depth) {
  if (other.fields == nullptr || into.fields == other.fields) return;
  if (into.fields == nullptr) {
    into.fields = other.fields;
    into.is_closed = false;
    return;
  }
  if (depth >= kFieldDepthMax) return;
  auto merged = std::make_shared<Fields>(*into.fields);
  for (const auto& [name, value] : *other.fields) {
    const auto at = merged->find(name);
    if (at != merged->end()) {
      merge_at(at->second, value, depth + 1);
    } else if (merged->size() < kFieldsMax) {
      merged->emplace(name, value);
    }
  }
  into.is_closed = into.is_closed && other.is_closed;
  into.fields = std::move(merged);
}

void merge_at(Value& into, const Value& other, int depth) {
  add_labels(into.labels, other.labels);
  if (into.text != other.text) {
    if (into.text == kNoName) into.text = other.text;
    into.is_literal = false;
  }
  if (into.path == kNoName) into.path = other.path;
  if (into.function == kNoFunction) into.function = other.function;
  if (into.cls == kNoClass) into.cls = other.cls;
  if (into.instance == kNoClass) into.instance = other.instance;
  if (into.unit == kNoUnit) into.unit = other.unit;
  into.has_base = into.has_base || other.has_base;
  into.is_number = into.is_number && other.is_number;
  merge_fields(into, other, depth);
}

}  // namespace

bool Value::has(Source source) const { return find(source) != nullptr; }

const Label* Value::find(Source source) const {
  for (const Label& label : labels) {
    if (label.source == source) return &label;
  }
  return nullptr;
}

void add_label(std::vector<Label>& into, const Label& label) {
  for (Label& known : into) {
    if (!known.same_origin(label)) continue;
    // A broken check on one way counts as long as no way goes without any.
    const std::uint32_t weak = (known.killed | label.killed) & kPathWeak;
    known.killed &= label.killed;
    if ((known.killed & kPath) != 0) known.killed |= weak;
    known.host = known.host || label.host;
    known.hops = std::min(known.hops, label.hops);
    return;
  }
  if (into.size() < kLabelsMax) into.push_back(label);
}

void add_labels(std::vector<Label>& into, const std::vector<Label>& from) {
  for (const Label& label : from) add_label(into, label);
}

void merge(Value& into, const Value& other) { merge_at(into, other, 0); }

void kill(Value& value, std::uint32_t kinds) {
  const bool contains_path = (kinds & kPath) != 0 && (kinds & kPathWeak) == 0;
  for (Label& label : value.labels) {
    label.killed |= kinds;
    if (contains_path) label.killed &= ~static_cast<std::uint32_t>(kPathWeak);
  }
  if (value.fields == nullptr) return;
  auto fields = std::make_shared<Fields>(*value.fields);
  for (auto& [name, field] : *fields) {
    for (Label& label : field.labels) label.killed |= kinds;
  }
  value.fields = std::move(fields);
}

void keep_kills(Value& into, const Value& from) {
  for (Label& label : into.labels) {
    for (const Label& other : from.labels) {
      if (label.same_origin(other)) label.killed |= other.killed;
    }
  }
}

Value with_field(const Value& base, NameId name, const Value& field) {
  Value out = base;
  auto fields =
      base.fields == nullptr ? std::make_shared<Fields>() : std::make_shared<Fields>(*base.fields);
  if (fields->size() < kFieldsMax || fields->contains(name)) (*fields)[name] = field;
  out.fields = std::move(fields);
  out.is_literal = false;
  return out;
}

std::uint64_t fingerprint(const Value& value, int depth) {
  std::uint64_t hash = mix(value.labels.size(), value.text);
  // Labels are kept in the order they came, which is the same in every run.
  for (const Label& label : value.labels) {
    hash = mix(hash, static_cast<std::uint64_t>(label.source) |
                         (static_cast<std::uint64_t>(label.param) << 8) |
                         (static_cast<std::uint64_t>(label.owner) << 24));
    hash = mix(hash, (static_cast<std::uint64_t>(label.field) << 32) | label.killed);
    hash = mix(hash, label.host ? 1 : 2);
  }
  hash = mix(hash, value.path);
  hash = mix(hash, (static_cast<std::uint64_t>(value.function) << 32) | value.instance);
  hash = mix(hash, (static_cast<std::uint64_t>(value.unit) << 32) | value.cls);
  if (value.fields != nullptr && depth < kFieldDepthMax) {
    for (const auto& [name, field] : *value.fields)
      hash = mix(mix(hash, name), fingerprint(field, depth + 1));
  }
  return hash;
}

}  // namespace sigil::scan
