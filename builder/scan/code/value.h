// What the analysis knows of a value at one place: where it came from (labels), which literal it
// begins with, and what it refers to (a library function by its path, a function or class of ours).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "builder/scan/code/ir.h"

namespace sigil::scan {

enum class Source : std::uint8_t {
  argument,     // of a tool, prompt or resource; field: its name
  request,      // of an HTTP request; field: which part
  credential,   // a vendor's own header or query key of the request; field: its name
  token,        // authorization, cookie, x-api-key of the request
  context,      // the SDK's context object of a handler: leads to request and token
  environment,  // field: the variable
  whole_environment,
  secret_file,  // a well-known file of credentials
  response,     // body of an outgoing call
  weak,         // predictable: clock, counter, non-cryptographic random
  strong,       // cryptographic random
  parameter,    // of the function itself: `owner`, `param`, first member in `field`
};

// Kinds of harm a sanitiser or guard can rule out, as bits.
enum Kill : std::uint32_t {
  kCommand = 1,
  kPath = 2,
  kUrl = 4,
  kCode = 8,
  kSql = 16,
  kOption = 32,
  kRedirect = 64,
  kOpener = 128,
  kSecret = 512,
  kRelay = 1024,
  kPathWeak = 4096,  // a containment check that does not contain was seen: PATH-002, not PATH-001
  kAudienceChecked = 8192,
  kOrigin = 16384,
  kAnything = 1 | 2 | 4 | 8 | 16 | 32 | 64 | 128,
};

using StepId = std::uint32_t;
constexpr StepId kNoStep = 0;

struct Label {
  Source source = Source::argument;
  bool host = true;       // this label decides the first part of a text: host, program, base path
  std::uint8_t hops = 0;  // name-resolved calls on the way
  std::uint16_t param = 0;
  std::uint32_t killed = 0;
  std::uint32_t owner = 0;  // parameter: function; argument, request: entry
  NameId field = kNoName;
  StepId step = kNoStep;

  bool same_origin(const Label& other) const {
    return source == other.source && param == other.param && owner == other.owner &&
           field == other.field;
  }
};

constexpr std::size_t kLabelsMax = 24;
constexpr std::uint32_t kNoUnit = 0xFFFFFFFF;

struct Value;
using Fields = std::map<NameId, Value>;

struct Value {
  std::vector<Label> labels;
  NameId text = kNoName;  // the literal, or the literal it begins with
  bool is_literal = false;
  bool is_closed = false;  // `fields` holds every member there is
  bool has_base = false;   // an HTTP client that was given a base address
  bool is_number = false;
  NameId path = kNoName;  // "child_process.exec", "httpx.AsyncClient()"
  FunctionId function = kNoFunction;
  ClassId cls = kNoClass;       // the class itself
  ClassId instance = kNoClass;  // an object of it
  std::uint32_t unit = kNoUnit;
  std::shared_ptr<const Fields> fields;

  bool has(Source source) const;
  const Label* find(Source source) const;
};

void add_label(std::vector<Label>& into, const Label& label);
void add_labels(std::vector<Label>& into, const std::vector<Label>& from);
// Either of both at one place: labels of both, killed only where both are.
void merge(Value& into, const Value& other);
void kill(Value& value, std::uint32_t kinds);
// What `from` rules out for a label is ruled out in `into` too.
void keep_kills(Value& into, const Value& from);
Value with_field(const Value& base, NameId name, const Value& field);
std::uint64_t fingerprint(const Value& value, int depth = 0);

}  // namespace sigil::scan
