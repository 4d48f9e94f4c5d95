// The analysis of a whole program: evaluates every function again and again until what is known of
// them no longer changes, and collects what reaches a place of harm. Not for sharing between
// threads.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "builder/scan/code/code_scan.h"
#include "builder/scan/code/known.h"
#include "builder/scan/code/project.h"
#include "builder/scan/code/value.h"

namespace sigil::scan {

// A place where a labelled value does harm. What harm, for which label, is decided in judge.cc.
enum class SinkKind : std::uint8_t {
  shell,
  program,
  option,
  path,
  url,
  code,
  code_module,
  code_template,
  deserialise,
  sql,
  raw_sql,
  redirect,
  opener,
  relay,  // a header, client or SDK option that carries a credential out
  secret_in_url,
  log,
  result,        // what a tool returns
  network_body,  // sent out
  session_id,
};

struct Sink {
  SinkKind kind = SinkKind::shell;
  FunctionId function = kNoFunction;
  Reg at = kNoReg;
  NameId callee = kNoName;
  NameId detail = kNoName;
  std::uint32_t kill = 0;  // a label with one of these is harmless here
  bool host_only = false;  // only the part that decides the host or program counts
};

struct Hop {
  std::uint32_t file = 0;
  std::uint32_t line = 0;
  NameId note = kNoName;
};

// A parameter that reaches a sink, here or in what is called.
struct SinkUse {
  FunctionId owner = kNoFunction;
  std::uint16_t param = 0;
  NameId field = kNoName;
  std::uint8_t hops = 0;
  Sink sink;
  std::vector<Hop> way;
};

struct FieldPut {
  ClassId cls = kNoClass;
  NameId field = kNoName;
  Value value;
};

constexpr std::size_t kParamsMax = 16;

// What calling a function means.
struct Summary {
  bool is_done = false;
  Value result;
  std::vector<SinkUse> uses;
  std::vector<FieldPut> puts;
  std::array<std::uint32_t, kParamsMax> kills{};         // ruled out whenever it returns
  std::array<std::uint32_t, kParamsMax> truthy_kills{};  // … when what it returns is true
  std::array<std::uint32_t, kParamsMax> falsy_kills{};
  std::uint64_t hash = 0;
};

enum class Role : std::uint8_t {
  none,
  argument,
  arguments,
  context,
  request,
  request_part,
  handler
};

struct Entry {
  EntryPoint point;
  FunctionId function = kNoFunction;
  std::vector<Role> roles;  // of the function's parameters
  std::unordered_set<NameId>
      harmless;  // arguments whose schema admits numbers or a closed set only
  bool is_fallback = false;
};

struct Step {
  StepId previous = kNoStep;
  Hop hop;
};

struct Finding {
  std::string rule;
  Severity severity = Severity::warning;
  Confidence confidence = Confidence::high;
  FunctionId function = kNoFunction;
  Reg at = kNoReg;
  std::string message;
  std::string fix;
  std::string sink;
  std::string source;
  std::uint32_t entry = 0;  // entry + 1; 0: none
  std::vector<Hop> flow;
};

enum class Store : std::uint8_t {
  field,
  request_property,
  async_store,
  context_key,
  session,
  parameter_function
};

class Engine {
 public:
  Engine(Project& project, const CodeOptions& options);

  void run();

  Project& project() { return project_; }
  const Known& known() const { return known_; }
  const CodeOptions& options() const { return options_; }
  bool is_final() const { return final_; }
  NameId name(std::string_view text) { return project_.name(text); }
  const std::string& text(NameId id) const { return project_.text(id); }

  Summary& summary(FunctionId id) { return summaries_[id]; }
  // Every value a variable ever had, for the functions inside the one that owns it.
  const Value* ever(FunctionId function, NameId variable) const;
  void remember(FunctionId function, NameId variable, const Value& value);
  const Value* captured(FunctionId function, NameId variable) const;
  void capture(FunctionId inner, NameId variable, const Value& value);
  const std::vector<NameId>& free_names(FunctionId function) const { return free_names_[function]; }

  const Value* stored(Store kind, std::uint32_t a, NameId name) const;
  void put(Store kind, std::uint32_t a, NameId name, const Value& value);
  // What a class field holds, inherited ones included.
  Value field_of(ClassId cls, NameId name) const;
  void add_parameter_function(FunctionId function, std::uint16_t param, NameId field,
                              FunctionId value);
  std::vector<FunctionId> parameter_functions(FunctionId function, std::uint16_t param,
                                              NameId field) const;

  Entry* entry_of(FunctionId function);
  Entry& add_entry(FunctionId function, std::string_view kind, std::string_view entry_name,
                   std::vector<Role> roles);
  std::vector<Entry>& entries() { return entries_; }

  StepId step(StepId previous, const Hop& hop);
  std::vector<Hop> steps_of(StepId last) const;

  // A label arrives at a sink: a finding, or for a parameter a use that callers will meet.
  void arrive(Summary& own, const Sink& sink, const Label& label, const std::vector<Hop>& way);
  void report(Finding finding);
  std::vector<Finding> findings() const;

  // What structural rules collect in the last round.
  struct Collected {
    std::vector<MetadataText> loose_texts;  // instructions and the like
    std::vector<EntryPoint> declared;       // tools known by their description alone
    std::vector<Capability> capabilities;
    std::vector<EnvironmentRead> environment;
    std::set<std::string> traits;  // what was seen somewhere: "auth", "host check", …
    std::map<std::string, std::vector<std::pair<FunctionId, Reg>>> marks;
  };
  Collected& collected() { return collected_; }
  void mark(const std::string& what, FunctionId function, Reg at) {
    if (final_) collected_.marks[what].emplace_back(function, at);
  }
  void trait(const std::string& what) { traits_.insert(what); }
  bool has_trait(const std::string& what) const { return traits_.contains(what); }
  bool mentions(std::initializer_list<std::string_view> parts) const;
  Hop hop_at(FunctionId function, Reg at, std::string_view note);

 private:
  void collect_free_names();
  void round();
  bool settled();
  void find_fallback_entries();

  Project& project_;
  const CodeOptions& options_;
  Known known_;
  std::vector<Summary> summaries_;
  using Variables = std::unordered_map<NameId, Value>;
  std::vector<Variables> ever_;
  std::vector<Variables> ever_before_;  // of the round before, for what this one has not reached
  std::vector<Variables> captured_;
  std::vector<std::vector<NameId>> free_names_;
  std::map<std::pair<std::uint64_t, NameId>, Value> stores_;
  std::map<std::pair<std::uint64_t, NameId>, Value> next_stores_;
  std::map<std::pair<std::uint64_t, NameId>, std::set<FunctionId>> parameter_functions_;
  std::vector<Entry> entries_;
  std::unordered_map<FunctionId, std::size_t> entry_index_;
  std::vector<Step> steps_;
  std::map<std::string, Finding> findings_;
  Collected collected_;
  std::set<std::string> traits_;  // what was seen somewhere: "auth", "host check", …
  std::uint64_t last_hash_ = 0;
  bool final_ = false;
};

// Rules that need the whole program rather than one flow; run after the last round.
void check_project(Engine& engine);

}  // namespace sigil::scan
