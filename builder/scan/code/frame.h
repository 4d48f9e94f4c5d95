// One function, evaluated once: instructions in order, variables by name, branches joined, guards
// applied. What it learns goes into the summary it returns and into the engine's stores.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "builder/scan/code/engine.h"

namespace sigil::scan {

// A test that, when it comes out as `when`, rules harm out for a variable (or a member of it).
struct Fact {
  NameId variable = kNoName;
  NameId field = kNoName;
  std::uint32_t kinds = 0;
  bool when = true;
};

// A call as the rules see it.
struct Call {
  Reg at = kNoReg;
  const Instr* instr = nullptr;
  const Value* callee = nullptr;
  const Value* receiver = nullptr;  // nullptr: no method
  Reg receiver_reg = kNoReg;
  NameId path = kNoName;
  NameId method = kNoName;  // last name of the callee
  std::string_view path_text;
  std::string_view method_text;
  std::vector<FunctionId> targets;
  bool is_guess = false;  // targets by bare name
  bool is_new = false;
  bool is_external = false;  // a library's
};

class Frame {
 public:
  Frame(Engine& engine, FunctionId function);
  Summary run();

  // -- for the rules
  Engine& engine() { return engine_; }
  FunctionId id() const { return id_; }
  const Function& function() const { return function_; }
  const Unit& unit() const { return unit_; }
  Language language() const { return unit_.language; }
  bool is_python() const { return unit_.language == Language::python; }
  bool is_go() const { return unit_.language == Language::go; }
  bool is_javascript() const { return !is_python() && !is_go(); }
  const Instr& instr(Reg reg) const { return function_.code[reg]; }
  bool is_op(Reg reg, Op op) const {
    return reg < function_.code.size() && function_.code[reg].op == op;
  }
  const Value& value(Reg reg) const { return reg < values_.size() ? values_[reg] : nothing_; }
  const Arg& arg(const Instr& of, std::uint32_t index) const {
    return function_.args[of.args + index];
  }
  const std::string& text(NameId id) const { return engine_.text(id); }
  NameId name(std::string_view text) { return engine_.name(text); }
  // The literal a register holds; empty when it is none.
  std::string_view literal(Reg reg) const;
  std::string_view literal(const Value& value) const {
    return value.is_literal ? std::string_view(text(value.text)) : std::string_view();
  }
  // Positional argument, or the keyword's; kNoReg when absent.
  Reg argument(const Instr& call, int index, std::string_view keyword = "") const;
  Value argument_value(const Instr& call, int index, std::string_view keyword = "") const;
  // A member of an options argument or object; empty when unknown.
  Value member_of(const Value& base, std::string_view member);
  Value member_of(const Value& base, NameId member, Reg at);
  bool has_member(const Value& base, std::string_view member) const;
  std::string variable_of(Reg reg) const;  // name of what was loaded, or last member
  Reg definition(Reg reg) const;           // through a load, what was last stored there
  void arrive(const Sink& sink, const Label& label) { engine_.arrive(summary_, sink, label, {}); }
  void sink_labels(const Sink& sink, const std::vector<Label>& labels);
  Sink sink_at(SinkKind kind, Reg at, NameId callee, std::uint32_t kill,
               bool host_only = false) const;
  Hop hop(Reg at, std::string_view note) { return engine_.hop_at(id_, at, note); }
  void report(std::string_view rule, Severity severity, Confidence confidence, Reg at,
              std::string message, std::string sink, std::string source = "");
  Value load_name(NameId variable);
  bool is_conditional() const { return !branches_.empty(); }
  // Every literal and name in the expression behind a register, each with a space before it.
  std::string mentioned(Reg reg) const;

 private:
  friend class GuardReader;
  struct Branch {
    Reg condition = kNoReg;
    std::map<NameId, std::optional<Value>> before;  // what it changed, as it was
    std::map<NameId, Value> then_values;
    bool in_else = false;
    bool then_left = false;
    bool was_left = false;
  };

  // frame.cc
  void begin();
  void bind_parameter(std::size_t index);
  bool looks_like_request(std::size_t index) const;
  Value value_of_type(NameId type);
  void evaluate(Reg reg, const Instr& made);
  Value computed(Reg reg, const Instr& made);
  void assign(NameId variable, Value value);
  void load(Reg reg, const Instr& made);
  void store(Reg reg, const Instr& made);
  void open_branch(const Instr& made);
  void turn_branch();
  void close_branch();
  bool is_configuration(Reg condition) const;
  void join_values(Branch& branch, bool else_left);
  void finish();
  void leave(Reg reg, const Instr& made);
  void note_return(Reg reg, const Instr& made);
  void apply(const Fact& fact);
  Value with_killed(const Value& base, std::string_view way, std::uint32_t kinds);
  std::vector<Fact> facts(Reg condition);

  // frame_values.cc
  Value constant(const Instr& made);
  Value joined(const Instr& made);
  Value united(const Instr& made);
  Value object(Reg reg, const Instr& made);
  Value array(const Instr& made);
  Value indexed(Reg reg, const Instr& made);
  Value element(Reg reg, const Instr& made);
  void set_member(Reg reg, const Instr& made);
  void set_index(Reg reg, const Instr& made);
  void put_in(Reg base, NameId member, const Value& value);
  Value function_value(const Instr& made);
  std::optional<Value> global_name(NameId variable);
  Value unit_member(std::uint32_t unit_id, NameId member);
  std::optional<Value> source_member(const Value& base, NameId member, Reg at);
  Value own_member(const Value& base, NameId member);
  void label_member(Value& out, const Value& base, const Label& label, NameId member, Reg at);

  // frame_calls.cc
  Value call(Reg reg, const Instr& made);
  Call describe(Reg reg, const Instr& made);
  void find_targets(Call& call);
  void add_value_targets(Call& call, const Value& value, Reg reg);
  Value apply_targets(const Call& call);
  Value apply_summary(const Call& call, FunctionId target, const std::vector<Value>& arguments);
  std::vector<Value> map_arguments(const Call& call, FunctionId target);
  Value substituted(const Value& value, FunctionId target, const std::vector<Value>& arguments,
                    const Call& call, int depth = 0);
  void arrive_uses(const Call& call, FunctionId target, const std::vector<Value>& arguments);
  void kill_arguments(const Call& call, FunctionId target);
  std::uint32_t believed_kinds(FunctionId target) const;
  Value constructed(const Call& call);
  Value unknown_call(const Call& call);
  bool is_given_base(const Call& call) const;
  void run_callbacks(const Call& call);
  void mutate_receiver(const Call& call);
  std::optional<Value> pass_through(const Call& call);
  std::optional<Value> module_call(const Call& call);

  // frame_sources.cc
  std::optional<Value> source_call(const Call& call);
  std::optional<Value> environment_call(const Call& call);
  std::optional<Value> random_call(const Call& call);
  std::optional<Value> store_call(const Call& call);
  std::optional<Value> request_call(const Call& call);
  std::string key_text(Reg key) const;
  std::optional<Value> clean(const Call& call);
  Value fresh(Source source, NameId field, Reg at, std::string_view note);

  Engine& engine_;
  FunctionId id_;
  const Function& function_;
  const Unit& unit_;
  Summary summary_;
  std::vector<Value> values_;
  std::unordered_map<NameId, Value> variables_;
  std::unordered_map<NameId, Reg> last_store_;
  std::vector<Branch> branches_;
  bool left_ = false;
  bool any_return_ = false;
  std::array<std::uint32_t, kParamsMax> truthy_{};
  std::array<std::uint32_t, kParamsMax> falsy_{};
  bool any_truthy_ = false;
  bool any_falsy_ = false;
  bool any_exit_ = false;
  static const Value nothing_;
};

// Which facts a condition's outcome establishes. guards.cc
std::vector<Fact> read_guards(Frame& frame, Reg condition);

// sinks.cc, entries.cc, rules_*.cc: what each looks for at a call, an object or a store.
void check_sinks(Frame& frame, const Call& call);
void check_http(Frame& frame, const Call& call);
void find_entries(Frame& frame, const Call& call);
void find_entry_object(Frame& frame, Reg at, const Instr& made);
void check_call_rules(Frame& frame, const Call& call);
void check_object_rules(Frame& frame, Reg at, const Instr& made);
void check_store_rules(Frame& frame, Reg at, std::string_view target, const Value& value, Reg from);
void check_return_rules(Frame& frame, Reg at, const Value& value);
void check_member_rules(Frame& frame, Reg at, const Instr& made);
void check_compare_rules(Frame& frame, Reg at, const Instr& made);

}  // namespace sigil::scan
