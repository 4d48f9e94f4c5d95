#include "builder/scan/code/engine.h"

#include <algorithm>

#include "builder/scan/code/frame.h"
#include "builder/scan/code/judge.h"

namespace sigil::scan {
namespace {

constexpr std::size_t kStepsMax = 2'000'000;
constexpr std::size_t kWayMax = 12;
constexpr std::size_t kUsesMax = 160;
constexpr std::size_t kFindingsMax = 20'000;

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash ^= value + 0x9E3779B97F4A7C15ULL + (hash << 6) + (hash >> 2);
  return hash * 0xC4CEB9FE1A85EC53ULL;
}

std::uint64_t store_key(Store kind, std::uint32_t a, std::uint16_t param = 0) {
  return (static_cast<std::uint64_t>(kind) << 56) | (static_cast<std::uint64_t>(param) << 32) | a;
}

// What is interned from here on are names of ours, not the program's.
Names& with_own_names(Names& names) {
  names.end_of_program();
  return names;
}

std::uint64_t hash_of(const Summary& summary) {
  std::uint64_t hash = fingerprint(summary.result);
  for (const SinkUse& use : summary.uses) {
    hash = mix(hash, (static_cast<std::uint64_t>(use.owner) << 16) | use.param);
    hash = mix(hash, (static_cast<std::uint64_t>(use.field) << 32) | use.sink.at);
    hash = mix(hash, (static_cast<std::uint64_t>(use.sink.function) << 8) |
                         static_cast<std::uint64_t>(use.sink.kind));
  }
  for (const FieldPut& put : summary.puts) hash = mix(mix(hash, put.field), fingerprint(put.value));
  for (std::size_t i = 0; i < kParamsMax; ++i) {
    hash = mix(hash, summary.kills[i]);
    hash = mix(
        hash, (static_cast<std::uint64_t>(summary.truthy_kills[i]) << 32) | summary.falsy_kills[i]);
  }
  return hash;
}

}  // namespace

Engine::Engine(Project& project, const CodeOptions& options)
    : project_(project),
      options_(options),
      known_(with_own_names(project.program().names)),
      summaries_(project.program().functions.size()),
      ever_(project.program().functions.size()),
      ever_before_(project.program().functions.size()),
      captured_(project.program().functions.size()),
      free_names_(project.program().functions.size()) {
  steps_.push_back({});
  collect_free_names();
}

// Children have smaller ids than the functions around them, so one pass upwards suffices.
void Engine::collect_free_names() {
  const Program& program = project_.program();
  for (FunctionId id = 0; id < program.functions.size(); ++id) {
    std::set<NameId> names;
    for (const Instr& instr : program.functions[id].code) {
      if (instr.op == Op::load) names.insert(instr.name);
    }
    for (const FunctionId inner : project_.nested_in(id)) {
      names.insert(free_names_[inner].begin(), free_names_[inner].end());
    }
    free_names_[id].assign(names.begin(), names.end());
  }
}

void Engine::round() {
  next_stores_.clear();
  const auto count = static_cast<FunctionId>(project_.program().functions.size());
  ever_.swap(ever_before_);
  for (auto& variables : ever_) variables.clear();
  // Outer functions first: what they capture for the inner ones is then fresh.
  for (FunctionId i = 0; i < count; ++i) {
    const FunctionId id = count - 1 - i;
    Summary made = Frame(*this, id).run();
    made.hash = hash_of(made);
    made.is_done = true;
    summaries_[id] = std::move(made);
  }
  stores_.swap(next_stores_);
}

bool Engine::settled() {
  std::uint64_t hash = entries_.size();
  for (const Summary& summary : summaries_) hash = mix(hash, summary.hash);
  for (const auto& [key, value] : stores_) hash = mix(mix(hash, key.first), fingerprint(value));
  hash = mix(hash, parameter_functions_.size());
  const bool same = hash == last_hash_;
  last_hash_ = hash;
  return same;
}

void Engine::run() {
  for (int i = 0; i < options_.rounds_max; ++i) {
    round();
    if (settled()) break;
    if (i == 1) find_fallback_entries();
  }
  final_ = true;
  findings_.clear();
  collected_ = {};
  round();
  check_project(*this);
}

const Value* Engine::ever(FunctionId function, NameId variable) const {
  const auto found = ever_[function].find(variable);
  if (found != ever_[function].end()) return &found->second;
  const auto before = ever_before_[function].find(variable);
  return before == ever_before_[function].end() ? nullptr : &before->second;
}

void Engine::remember(FunctionId function, NameId variable, const Value& value) {
  const auto [at, is_new] = ever_[function].try_emplace(variable, value);
  if (!is_new) merge(at->second, value);
}

const Value* Engine::captured(FunctionId function, NameId variable) const {
  const auto found = captured_[function].find(variable);
  return found == captured_[function].end() ? nullptr : &found->second;
}

void Engine::capture(FunctionId inner, NameId variable, const Value& value) {
  captured_[inner][variable] = value;
}

const Value* Engine::stored(Store kind, std::uint32_t a, NameId id) const {
  const auto found = stores_.find({store_key(kind, a), id});
  return found == stores_.end() ? nullptr : &found->second;
}

void Engine::put(Store kind, std::uint32_t a, NameId id, const Value& value) {
  Value kept = value;
  // A parameter means nothing outside its function.
  std::erase_if(kept.labels, [](const Label& label) { return label.source == Source::parameter; });
  const auto [at, is_new] = next_stores_.try_emplace({store_key(kind, a), id}, kept);
  if (!is_new) merge(at->second, kept);
}

Value Engine::field_of(ClassId cls, NameId id) const {
  Value out;
  bool any = false;
  for (const ClassId at : project_.lineage(cls)) {
    if (const Value* value = stored(Store::field, at, id)) {
      if (any) {
        merge(out, *value);
      } else {
        out = *value;
      }
      any = true;
    }
  }
  return out;
}

void Engine::add_parameter_function(FunctionId function, std::uint16_t param, NameId field,
                                    FunctionId value) {
  auto& all = parameter_functions_[{store_key(Store::parameter_function, function, param), field}];
  if (all.size() < 64) all.insert(value);
}

std::vector<FunctionId> Engine::parameter_functions(FunctionId function, std::uint16_t param,
                                                    NameId field) const {
  const auto found =
      parameter_functions_.find({store_key(Store::parameter_function, function, param), field});
  if (found == parameter_functions_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

Entry* Engine::entry_of(FunctionId function) {
  const auto found = entry_index_.find(function);
  return found == entry_index_.end() ? nullptr : &entries_[found->second];
}

Entry& Engine::add_entry(FunctionId function, std::string_view kind, std::string_view entry_name,
                         std::vector<Role> roles) {
  if (Entry* known = entry_of(function)) {
    if (known->point.name.empty()) known->point.name = entry_name;
    if (known->is_fallback || (known->point.kind == "route" && kind != "route")) {
      known->is_fallback = false;
      known->point.kind = kind;
      known->roles = std::move(roles);
    }
    return *known;
  }
  Entry entry;
  entry.function = function;
  entry.point.kind = kind;
  entry.point.name = entry_name;
  const Function& made = project_.function(function);
  entry.point.file = project_.program().units[made.file].path;
  entry.point.line = static_cast<int>(made.line);
  entry.roles = std::move(roles);
  entry_index_[function] = entries_.size();
  entries_.push_back(std::move(entry));
  return entries_.back();
}

StepId Engine::step(StepId previous, const Hop& hop) {
  if (steps_.size() >= kStepsMax) return previous;
  const Step& last = steps_[previous];
  if (previous != kNoStep && last.hop.file == hop.file && last.hop.line == hop.line &&
      last.hop.note == hop.note) {
    return previous;
  }
  steps_.push_back({previous, hop});
  return static_cast<StepId>(steps_.size() - 1);
}

std::vector<Hop> Engine::steps_of(StepId last) const {
  std::vector<Hop> out;
  for (StepId at = last; at != kNoStep && out.size() < kWayMax; at = steps_[at].previous) {
    out.push_back(steps_[at].hop);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

Hop Engine::hop_at(FunctionId function, Reg at, std::string_view note) {
  const Function& made = project_.function(function);
  const std::uint32_t line = at < made.code.size() ? made.code[at].line : made.line;
  return {made.file, line, name(note)};
}

void Engine::arrive(Summary& own, const Sink& sink, const Label& label,
                    const std::vector<Hop>& way) {
  const bool is_weak = sink.kind == SinkKind::path && (label.killed & kPathWeak) != 0;
  if ((label.killed & sink.kill) != 0 && !is_weak) return;
  if (sink.host_only && !label.host) return;
  if (label.source == Source::parameter) {
    if (own.uses.size() >= kUsesMax || way.size() >= kWayMax) return;
    for (const SinkUse& known : own.uses) {
      if (known.owner == label.owner && known.param == label.param && known.field == label.field &&
          known.sink.function == sink.function && known.sink.at == sink.at &&
          known.sink.kind == sink.kind) {
        return;
      }
    }
    SinkUse use;
    use.owner = label.owner;
    use.param = label.param;
    use.field = label.field;
    use.hops = label.hops;
    use.sink = sink;
    if (is_weak) use.sink.detail = name("weak");
    use.way = way;
    own.uses.push_back(std::move(use));
    return;
  }
  if (final_) judge(*this, sink, label, way);
}

void Engine::report(Finding finding) {
  if (!final_ || findings_.size() >= kFindingsMax) return;
  const Function& made = project_.function(finding.function);
  std::uint32_t line = made.line;
  std::uint32_t column = 0;
  if (finding.at < made.code.size()) {
    line = made.code[finding.at].line;
    column = made.code[finding.at].column;
  }
  const std::string key = finding.rule + "|" + std::to_string(made.file) + "|" +
                          std::to_string(line) + "|" + std::to_string(column);
  const auto [at, is_new] = findings_.try_emplace(key, finding);
  if (is_new) return;
  const auto rank = [](const Finding& f) {
    return std::make_tuple(f.severity, f.confidence, -static_cast<int>(f.flow.size()));
  };
  if (rank(finding) > rank(at->second)) at->second = std::move(finding);
}

std::vector<Finding> Engine::findings() const {
  std::vector<Finding> out;
  for (const auto& found : findings_) out.push_back(found.second);
  return out;
}

bool Engine::mentions(std::initializer_list<std::string_view> parts) const {
  const Names& names = project_.program().names;
  for (NameId id = 0; id < names.size(); ++id) {
    const std::string& written = names.text(id);
    if (written.size() < 200 && !names.is_known(id) && contains_any(written, parts)) return true;
  }
  return false;
}

// Nothing registered a tool in a way we know: exported functions where handlers usually lie stand
// in.
void Engine::find_fallback_entries() {
  for (const Entry& entry : entries_) {
    if (entry.point.kind == "tool" || entry.point.kind == "resource" ||
        entry.point.kind == "prompt")
      return;
  }
  if (!options_.expects_entry_points) return;
  const Program& program = project_.program();
  for (std::uint32_t unit_id = 0; unit_id < program.units.size(); ++unit_id) {
    const Unit& unit = program.units[unit_id];
    const std::string path = "/" + unit.path;
    if (!contains_any(
            path, {"/tools/", "/handlers/", "/commands/", "/tools.", "/handlers.", "/commands."}))
      continue;
    for (const Export& made : unit.exports) {
      const Value* value = ever(unit.module, made.local);
      if (value == nullptr || value->function == kNoFunction) continue;
      std::vector<Role> roles(project_.function(value->function).params.size(), Role::argument);
      add_entry(value->function, "tool", text(made.name), std::move(roles)).is_fallback = true;
    }
  }
}

}  // namespace sigil::scan
