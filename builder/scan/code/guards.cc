// What a condition rules out: membership in a known set, an anchored pattern, a containment check,
// a validator of the project. Only what such a test really excludes is taken from a value.
#include <re2/re2.h>

#include <algorithm>
#include <set>

#include "builder/scan/code/frame.h"

namespace sigil::scan {

namespace {

constexpr std::size_t kWalkMax = 200;
constexpr std::uint32_t kPlaces = kPath | kUrl | kRedirect | kOpener;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), text) != all.end();
}

// The pattern without its slashes, flags and prefix.
std::string_view bare_pattern(std::string_view written) {
  if (written.size() > 1 && written.front() == '/') {
    const auto end = written.rfind('/');
    if (end > 0) return written.substr(1, end - 1);
  }
  return written;
}

bool admits_anything(std::string_view body) {
  return contains_any(body, {".*", ".+", "[^", "\\S", "[\\s\\S]", "\\W", "\\D"});
}

// What a text that matches the anchored pattern cannot do.
std::uint32_t kinds_of_pattern(std::string_view written, bool is_whole) {
  const std::string_view pattern = bare_pattern(written);
  const bool starts = is_whole || pattern.starts_with("^") || pattern.starts_with("\\A");
  const bool ends = is_whole || pattern.ends_with("$") || pattern.ends_with("\\Z") ||
                    pattern.ends_with("\\z") || pattern.ends_with("$)");
  if (starts && pattern.starts_with("^https?:")) return kOpener;
  if (!starts || !ends) return 0;
  if (admits_anything(pattern)) return 0;
  std::uint32_t kinds = kCode | kSql | kRedirect;
  if (pattern.find_first_of(";&|`<>") == std::string_view::npos || contains(pattern, "(?:") ||
      contains(pattern, "|"))
    kinds |= kCommand;
  const bool dot_and_slash =
      contains(pattern, "/") && (contains(pattern, ".") || contains(pattern, "\\."));
  if (!dot_and_slash) kinds |= kPath;
  if (!contains(pattern, "://")) kinds |= kUrl | kOpener;
  if (pattern.starts_with("^[a-zA-Z0-9]") || pattern.starts_with("^[A-Za-z0-9]") ||
      pattern.starts_with("^[a-z0-9]") || !contains(pattern, "-"))
    kinds |= kOption;
  return kinds;
}

// A text that does not match this list of bad characters cannot do these.
std::uint32_t kinds_of_deny_pattern(std::string_view written) {
  const std::string_view pattern = bare_pattern(written);
  std::uint32_t kinds = 0;
  if (contains(pattern, ";") && contains(pattern, "|") && contains(pattern, "&") &&
      (contains(pattern, "`") || contains(pattern, "$")))
    kinds |= kCommand;
  if (contains(pattern, "\\.\\.") || pattern == "..") kinds |= kPath;
  if (contains(pattern, "[^") && !contains(pattern, ".*")) kinds |= kCommand | kCode | kSql;
  return kinds;
}

bool says_bad(std::string_view low) {
  return contains_any(
      low, {"unsafe",    "invalid", "block",    "private",  "internal", "forbid",   "denied",
            "malicious", "ssrf",    "travers",  "danger",   "reserved", "loopback", "suspicious",
            "escape",    "outside", "disallow", "restrict", "metadata", "local"});
}

bool says_good(std::string_view low) {
  return contains_any(
      low, {"valid",    "safe",        "allow",    "permit",    "within",    "inside",
            "contain",  "trusted",     "subpath",  "inroot",    "underroot", "in_root",
            "sandbox",  "is_relative", "ispublic", "is_public", "whitelist", "authorized_path",
            "isinside", "issub",       "is_sub",   "is_in_",    "is_under",  "isunder"});
}

}  // namespace

class GuardReader {
 public:
  GuardReader(Frame& frame, Reg condition) : frame_(frame) { open_.push_back({condition, true}); }

  std::vector<Fact> read() {
    for (std::size_t i = 0; i < open_.size() && i < kWalkMax; ++i) {
      const auto [reg, positive] = open_[i];
      visit(reg, positive);
    }
    forget_weak();
    return std::move(facts_);
  }

 private:
  struct Open {
    Reg reg;
    bool positive;
  };

  // One proper containment check outweighs a looser one beside it (the special case for a root
  // folder).
  void forget_weak() {
    for (Fact& weak : facts_) {
      if ((weak.kinds & kPathWeak) == 0) continue;
      const bool is_covered = std::any_of(facts_.begin(), facts_.end(), [&](const Fact& fact) {
        return fact.variable == weak.variable && fact.field == weak.field &&
               fact.when == weak.when && (fact.kinds & kPath) != 0 && (fact.kinds & kPathWeak) == 0;
      });
      if (is_covered) weak.kinds &= ~static_cast<std::uint32_t>(kPathWeak);
    }
  }

  std::string_view literal(Reg reg) const { return frame_.literal(reg); }
  bool is_literal(Reg reg) const { return frame_.value(reg).is_literal; }

  void visit(Reg reg, bool positive) {
    if (reg == kNoReg || reg >= frame_.function().code.size()) return;
    const Instr& made = frame_.instr(reg);
    switch (made.op) {
      case Op::negate:
        if (made.name == kNoName || frame_.text(made.name) == "!")
          open_.push_back({made.a, !positive});
        break;
      case Op::both:
      case Op::any:
        open_.push_back({made.a, positive});
        open_.push_back({made.b, positive});
        break;
      case Op::compare:
        compare(made, positive);
        break;
      case Op::call:
        call(reg, made, positive);
        break;
      case Op::load: {
        const Reg from = frame_.definition(reg);
        if (from != reg && from != kNoReg && from < reg) open_.push_back({from, positive});
        break;
      }
      case Op::member:
        member(made, positive);
        break;
      case Op::index:
        // ALLOWED[x]: what is in the table is known.
        if (frame_.value(made.a).labels.empty() && !is_literal(made.b))
          add(made.b, kAnything | kOption, positive);
        break;
      default:
        break;
    }
  }

  // result.valid, check.ok, parsed.success; url.is_private
  void member(const Instr& made, bool positive) {
    const std::string& written = frame_.text(made.name);
    if (is_one_of(written, {"valid", "isValid", "ok", "allowed", "safe", "success", "is_valid",
                            "is_safe", "passed"})) {
      open_.push_back({frame_.definition(made.a), positive});
    } else if (is_one_of(written, {"error", "err", "blocked"})) {
      open_.push_back({frame_.definition(made.a), !positive});
    } else if (is_one_of(written, {"is_private", "is_loopback", "is_link_local", "is_reserved"})) {
      add(made.a, kUrl, !positive);
    } else if (written == "is_global") {
      add(made.a, kUrl, positive);
    }
  }

  void compare(const Instr& made, bool positive) {
    const std::string& operation = frame_.text(made.name);
    const bool is_not = operation == "!=" || operation == "!==" || operation == "not in" ||
                        operation == "is not" || operation == "<>";
    if (operation == "in" || operation == "not in") {
      membership(made.b, made.a, is_not ? !positive : positive);
      return;
    }
    if (operation == "instanceof") return;
    Reg tested = made.a;
    Reg other = made.b;
    if (is_literal(tested) && !is_literal(other)) std::swap(tested, other);
    const std::string_view against = literal(other);
    const bool is_equality = operation == "===" || operation == "==" || operation == "is" || is_not;
    if (is_one_of(against,
                  {"null", "undefined", "None", "nil", "true", "false", "True", "False", "0"}) &&
        is_literal(other) && is_equality) {
      const bool truthy = (against == "true" || against == "True") != is_not;
      const bool absent =
          against == "0" ? is_not : truthy || (is_not && against != "false" && against != "False");
      const bool go_error = against == "nil";
      open_.push_back(
          {go_error ? frame_.definition(tested) : tested, absent ? positive : !positive});
      return;
    }
    // list.indexOf(x) >= 0, rel.find('..') == -1
    const Reg searched = frame_.definition(tested);
    if (frame_.is_op(searched, Op::call) && (frame_.value(other).is_number || is_literal(other))) {
      const std::string method = frame_.variable_of(frame_.instr(searched).a);
      if (is_one_of(method, {"indexOf", "find", "search", "Index", "lastIndexOf"})) {
        const bool found = (operation == ">=" && against == "0") ||
                           (operation == ">" && against == "-1") || (is_not && against == "-1");
        open_.push_back({searched, found ? positive : !positive});
        return;
      }
    }
    if (!is_equality) return;
    equality(tested, other, is_not ? !positive : positive);
  }

  void equality(Reg tested, Reg other, bool positive) {
    // commonpath([root, p]) == root
    for (const Reg side : {tested, other}) {
      const Reg from = frame_.definition(side);
      if (!frame_.is_op(from, Op::call)) continue;
      const std::string method = frame_.variable_of(frame_.instr(from).a);
      if (is_one_of(method, {"commonpath", "commonprefix", "dirname", "parent"})) {
        add(from,
            method == "commonprefix" ? std::uint32_t{kPath | kPathWeak} : std::uint32_t{kPath},
            positive);
        return;
      }
    }
    if (!frame_.value(other).labels.empty() && frame_.value(other).has(Source::parameter)) {
      // uri == stored: an exact comparison with a value that is not the request's.
      if (frame_.value(tested).has(Source::request) && !frame_.value(other).has(Source::request))
        add(tested, kRedirect, positive);
      return;
    }
    const std::string_view against = literal(other);
    if (is_literal(other) && against.empty()) return;
    if (frame_.value(other).is_number) return;
    if (!is_literal(other) && !frame_.value(other).labels.empty() &&
        !frame_.value(other).has(Source::environment)) {
      add(tested, kRedirect, positive);
      return;
    }
    const std::string part = frame_.variable_of(tested);
    if (part == "protocol" || part == "scheme" || part == "Scheme") {
      if (contains(against, "http")) add(tested, kOpener, positive);
      return;
    }
    if (part == "method" || part == "type" || part == "status") return;
    // A block list by exact match leaves everything else open.
    if (is_one_of(against,
                  {"localhost", "127.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "[::1]"}))
      return add(tested, kUrl, !positive);
    if (against == ".." || against == "../" || against == ".")
      return add(tested, kPath | kPathWeak, !positive);
    add(tested, kAnything | kOption, positive);
  }

  bool is_known_set(Reg reg) const {
    const Value& held = frame_.value(reg);
    return std::all_of(held.labels.begin(), held.labels.end(), [](const Label& label) {
      return label.source == Source::environment || label.source == Source::response ||
             label.source == Source::whole_environment;
    });
  }

  // x in set, set.includes(x), text.includes('..')
  void membership(Reg holder, Reg item, bool positive) {
    const std::string_view wanted = literal(item);
    if (is_literal(item)) {
      std::uint32_t kinds = 0;
      if (wanted == ".." || wanted == "../" || wanted == "..\\" || wanted == "/..") kinds |= kPath;
      if (is_one_of(wanted, {"localhost", "127.0.0.1", "169.254.169.254", "169.254"}))
        kinds |= kUrl;
      if (kinds != 0) add(holder, kinds, !positive);
      return;
    }
    // any(c in x for c in ";|&")
    if (!frame_.value(holder).labels.empty() && frame_.value(item).labels.empty() &&
        frame_.value(item).text != kNoName) {
      const std::uint32_t kinds = kinds_of_deny_pattern(frame_.text(frame_.value(item).text));
      if (kinds != 0) add(holder, kinds, !positive);
      return;
    }
    const Value& held = frame_.value(holder);
    if (held.has(Source::parameter) && frame_.value(item).has(Source::request)) {
      add(item, kRedirect, positive);
      return;
    }
    if (!is_known_set(holder)) {
      if (frame_.value(item).has(Source::request)) add(item, kRedirect, positive);
      return;
    }
    if (held.is_literal) return;  // a character of a constant text
    add(item, kAnything | kOption | kOrigin, positive);
  }

  void starts_with(Reg tested, Reg prefix, bool positive) {
    const std::string_view against = literal(prefix);
    if (is_literal(prefix)) {
      if (against == "-" || against == "--") return add(tested, kOption, !positive);
      if (against == ".." || against == "../" || against == "..\\")
        return add(tested, kPath, !positive);
      const auto scheme = against.find("://");
      if (scheme != std::string_view::npos) {
        const bool has_host = against.find('/', scheme + 3) != std::string_view::npos;
        return add(tested, has_host ? std::uint32_t{kUrl | kOpener} : std::uint32_t{kOpener},
                   positive);
      }
      if (against == "http" || against == "/" || against == "." || against.empty()) return;
      if (!against.starts_with("/") && !contains(against, "/") && !contains(against, "\\")) return;
    }
    const Reg from = frame_.definition(prefix);
    bool has_separator = is_literal(prefix) && (against.ends_with("/") || against.ends_with("\\"));
    if (frame_.is_op(from, Op::concat)) {
      const Instr& joined = frame_.instr(from);
      const Reg last = frame_.arg(joined, joined.arg_count - 1).value;
      const std::string_view end = literal(last);
      has_separator = end.ends_with("/") || end.ends_with("\\") ||
                      is_one_of(frame_.variable_of(last), {"sep", "Separator"}) ||
                      contains(frame_.text(frame_.value(last).path), "sep") ||
                      frame_.is_op(last, Op::call) || frame_.is_op(last, Op::either);
    }
    if (!has_separator && frame_.is_op(from, Op::call)) {
      // os.path.join(root, '')
      const Instr& made = frame_.instr(from);
      has_separator = made.arg_count > 1 &&
                      is_literal(frame_.arg(made, made.arg_count - 1).value) &&
                      literal(frame_.arg(made, made.arg_count - 1).value).empty();
    }
    if (contains_any(lowered(frame_.variable_of(prefix)),
                     {"withsep", "with_sep", "prefix", "slash"}))
      has_separator = true;
    add(tested, has_separator ? std::uint32_t{kPath} : std::uint32_t{kPath | kPathWeak}, positive);
  }

  void call(Reg reg, const Instr& made, bool positive) {
    const std::string method = frame_.variable_of(made.a);
    const Reg receiver = frame_.is_op(made.a, Op::member) ? frame_.instr(made.a).a : kNoReg;
    const Reg first = frame_.argument(made, 0);
    const std::string_view path = frame_.text(frame_.value(made.a).path);
    if (method == "Boolean" || method == "bool" || path == "asyncio.to_thread")
      return open_.push_back({first, positive});
    if (pattern_call(made, method, path, receiver, first, positive)) return;
    if (is_one_of(method, {"includes", "has", "contains", "Contains", "indexOf", "find", "search",
                           "__contains__", "some", "any", "Index", "lastIndexOf", "hasOwnProperty",
                           "every", "exists"})) {
      if (path == "strings.Contains" || path == "slices.Contains" || path == "strings.Index") {
        return membership(first, frame_.argument(made, 1), positive);
      }
      if (method == "any" || method == "some" || method == "every")
        return any_of(made, receiver, first, positive);
      if (receiver != kNoReg) return membership(receiver, first, positive);
    }
    if (is_one_of(method, {"startsWith", "startswith"}) && receiver != kNoReg)
      return starts_with(receiver, first, positive);
    if (path == "strings.HasPrefix") return starts_with(first, frame_.argument(made, 1), positive);
    if (is_one_of(method, {"endsWith", "endswith"}) && receiver != kNoReg) {
      const std::string_view end = literal(first);
      if (end.size() > 3 && end.front() == '.' &&
          contains_any(lowered(frame_.variable_of(receiver)), {"host", "domain", "netloc"}))
        add(receiver, kUrl, positive);
      return;
    }
    if (is_one_of(method, {"is_relative_to", "relative_to", "isRelativeTo"}))
      return add(receiver, kPath, positive);
    if (path == "path/filepath.IsLocal") return add(first, kPath | kOption, positive);
    if (is_one_of(method,
                  {"isdigit", "isalnum", "isidentifier", "isnumeric", "isdecimal", "isalpha"}))
      return add(receiver, kAnything | kOption, positive);
    if (is_one_of(method, {"isInteger", "isFinite", "isSafeInteger"}))
      return add(first, kAnything, positive);
    if (is_one_of(path, {"isNaN", "Number.isNaN"})) return add(first, kAnything, !positive);
    if (method == "delete" || method == "pop" || method == "get") {
      if (receiver != kNoReg && is_known_set(receiver) && first != kNoReg && !is_literal(first))
        add(first, kRedirect | kOrigin, positive);
      return;
    }
    validator(reg, made, method, receiver, positive);
  }

  // Array.some(c => x.includes(c)), any(x.startswith(p) for p in roots)
  void any_of(const Instr& made, Reg receiver, Reg first, bool positive) {
    const Value& callback = frame_.value(first);
    if (receiver != kNoReg && callback.function != kNoFunction) {
      inner_test(callback.function, receiver, positive);
      return;
    }
    (void)made;
    // Python: the generator's body is the condition.
    if (frame_.is_op(first, Op::array) && frame_.instr(first).arg_count == 1) {
      open_.push_back({frame_.arg(frame_.instr(first), 0).value, positive});
    }
  }

  // The callback's own return tells of variables around it; they are ours.
  void inner_test(FunctionId callback, Reg receiver, bool positive) {
    const Function& inner = frame_.engine().project().function(callback);
    for (const Instr& made : inner.code) {
      if (made.op != Op::call || made.a == kNoReg || made.a >= inner.code.size()) continue;
      const Instr& callee = inner.code[made.a];
      const std::string& method = frame_.text(callee.name);
      inner_validator(inner, made, positive);
      if (callee.op != Op::member || callee.a >= inner.code.size()) continue;
      const Instr& subject = inner.code[callee.a];
      if (subject.op != Op::load || made.arg_count == 0) continue;
      const Reg argument_reg = inner.args[made.args].value;
      const NameId given =
          argument_reg < inner.code.size() && inner.code[argument_reg].op == Op::load
              ? inner.code[argument_reg].name
              : kNoName;
      const bool own_subject = is_parameter(inner, subject.name);
      if (is_one_of(method, {"startsWith", "startswith"}) && !own_subject) {
        bool strong = argument_reg < inner.code.size() && inner.code[argument_reg].op == Op::concat;
        if (strong) {
          const Instr& joined = inner.code[argument_reg];
          const Reg last =
              joined.arg_count == 0 ? kNoReg : inner.args[joined.args + joined.arg_count - 1].value;
          strong = last < inner.code.size() &&
                   (inner.code[last].op == Op::member || inner.code[last].op == Op::constant);
        }
        add_outer(subject.name, strong ? std::uint32_t{kPath} : std::uint32_t{kPath | kPathWeak},
                  positive);
        if (frame_.value(receiver).labels.empty()) add_outer(subject.name, kUrl, positive);
      } else if (method == "includes" && !own_subject && given != kNoName &&
                 is_parameter(inner, given)) {
        std::string all;
        const Value& list = frame_.value(receiver);
        if (list.fields != nullptr) {
          for (const auto& item : *list.fields) all += frame_.text(item.second.text);
        }
        const std::uint32_t kinds = kinds_of_deny_pattern(all);
        if (kinds != 0) add_outer(subject.name, kinds, !positive);
      } else if ((method == "test" || method == "exec") && own_subject && given != kNoName) {
        std::uint32_t kinds = kCommand | kPath;
        const Value& list = frame_.value(receiver);
        if (list.fields != nullptr && !list.fields->empty() &&
            bare_pattern(frame_.text(list.fields->begin()->second.text)).starts_with("^")) {
          add_fact(given, kNoName, kAnything, positive);
        } else {
          std::string all;
          if (list.fields != nullptr) {
            for (const auto& item : *list.fields) all += frame_.text(item.second.text);
          }
          kinds = kinds_of_deny_pattern(all);
          add_fact(given, kNoName, kinds, !positive);
        }
      } else if (is_one_of(method, {"endsWith", "endswith"}) && !own_subject) {
        add_outer(subject.name, kUrl, positive);
      }
    }
    for (const Instr& made : inner.code) {
      if (made.op != Op::compare || frame_.text(made.name) == "!==") continue;
      for (const Reg side : {made.a, made.b}) {
        if (side >= inner.code.size() || inner.code[side].op != Op::load) continue;
        if (!is_parameter(inner, inner.code[side].name))
          add_fact(inner.code[side].name, kNoName, kAnything | kOrigin, positive);
      }
    }
  }

  // A variable of ours that a callback tests, and what it was made of.
  void add_outer(NameId variable, std::uint32_t kinds, bool when) {
    add_fact(variable, kNoName, kinds, when);
    const auto stored = frame_.last_store_.find(variable);
    if (stored == frame_.last_store_.end() || stored->second == kNoReg) return;
    add(stored->second, is_whole(stored->second) ? kinds : kinds & (kPlaces | kPathWeak), when);
  }

  // roots.some((root) => isInside(root, p)), hosts.some((host) => matches(url, host))
  void inner_validator(const Function& inner, const Instr& made, bool positive) {
    const Instr& callee = inner.code[made.a];
    const std::string low = lowered(frame_.text(callee.name));
    if (!says_good(low) || says_bad(low)) return;
    for (std::uint32_t i = 0; i < made.arg_count; ++i) {
      const Reg given = inner.args[made.args + i].value;
      if (given >= inner.code.size() || inner.code[given].op != Op::load) continue;
      if (!is_parameter(inner, inner.code[given].name))
        add_outer(inner.code[given].name, kPath | kUrl | kRedirect, positive);
    }
  }

  bool is_parameter(const Function& function, NameId variable) const {
    return std::any_of(function.params.begin(), function.params.end(),
                       [&](const Param& param) { return param.name == variable; });
  }

  bool pattern_call(const Instr& made, const std::string& method, std::string_view path,
                    Reg receiver, Reg first, bool positive) {
    Reg pattern = kNoReg;
    Reg tested = kNoReg;
    bool is_whole = false;
    if (is_one_of(path,
                  {"re.match", "re.fullmatch", "re.search", "regexp.MatchString", "regex.match"})) {
      pattern = first;
      tested = frame_.argument(made, 1);
      is_whole = path == "re.fullmatch";
    } else if (is_one_of(method, {"test", "exec", "fullmatch", "MatchString"}) &&
               receiver != kNoReg) {
      pattern = receiver;
      tested = first;
      is_whole = method == "fullmatch";
    } else if (is_one_of(method, {"match", "search"}) && receiver != kNoReg && first != kNoReg) {
      const bool compiled = contains(frame_.text(frame_.value(receiver).path), "re.compile");
      pattern = compiled ? receiver : first;
      tested = compiled ? first : receiver;
    } else {
      return false;
    }
    std::string written = frame_.text(frame_.value(pattern).text);
    if (written.empty()) return false;
    // Python's match begins at the start by itself.
    if ((path == "re.match" || method == "match") && !written.starts_with("^") &&
        written.front() != '/' && frame_.is_python())
      written = "^" + written;
    const std::uint32_t safe = kinds_of_pattern(written, is_whole);
    const std::uint32_t bad = kinds_of_deny_pattern(written);
    if (safe != 0) add(tested, safe, positive);
    if (safe == 0 && bad != 0) add(tested, bad, !positive);
    return true;
  }

  void validator(Reg reg, const Instr& made, const std::string& method, Reg receiver,
                 bool positive) {
    const std::string low = lowered(method);
    const bool bad = says_bad(low) && !contains(low, "origin");
    const bool good = !bad && (says_good(low) || contains(low, "origin"));
    std::vector<FunctionId> targets;
    if (frame_.value(made.a).function != kNoFunction)
      targets.push_back(frame_.value(made.a).function);
    std::uint32_t seen = 0;
    int position = 0;
    for (std::uint32_t i = 0; i < made.arg_count; ++i) {
      const Arg& given = frame_.arg(made, i);
      if (given.key != kNoName) continue;
      const auto index = static_cast<std::size_t>(position++);
      if (targets.empty() || index >= kParamsMax) continue;
      const Summary& known = frame_.engine().summary(targets[0]);
      add(given.value, known.truthy_kills[index], positive);
      add(given.value, known.falsy_kills[index], !positive);
      seen |= known.truthy_kills[index] | known.falsy_kills[index];
    }
    (void)reg;
    if (!bad && !good) return;
    // What its own text does not show is believed for places, never for commands.
    std::uint32_t kinds = kPlaces & ~seen;
    if ((seen & kPath) != 0) kinds &= ~static_cast<std::uint32_t>(kPath);
    if (contains_any(low, {"origin"})) kinds |= kOrigin;
    if (!targets.empty() &&
        !contains_any(low, {"url", "host", "ip", "ssrf", "address", "uri", "domain", "private",
                            "internal", "redirect", "path", "origin", "dir", "root"})) {
      kinds &= kUrl;
    }
    for (std::uint32_t i = 0; i < made.arg_count; ++i)
      add(frame_.arg(made, i).value, kinds, bad ? !positive : positive);
    if (receiver != kNoReg && made.arg_count == 0) add(receiver, kinds, bad ? !positive : positive);
  }

  void add_fact(NameId variable, NameId field, std::uint32_t kinds, bool when) {
    if (kinds == 0 || variable == kNoName) return;
    facts_.push_back({variable, field, kinds, when});
  }

  // The variables behind a tested register. Through a computation only places are still decided:
  // the first word of a command says nothing of the rest.
  void add(Reg reg, std::uint32_t kinds, bool when) {
    struct At {
      Reg reg;
      std::uint32_t kinds;
      int hops;
    };
    std::vector<At> open = {{reg, kinds, 0}};
    std::set<Reg> seen;
    for (std::size_t i = 0; i < open.size() && i < 60; ++i) {
      const At at = open[i];
      if (at.reg == kNoReg || at.reg >= frame_.function().code.size() || at.kinds == 0 ||
          !seen.insert(at.reg).second)
        continue;
      const Instr& made = frame_.instr(at.reg);
      const std::uint32_t places = at.kinds & (kPlaces | kPathWeak | kOrigin);
      switch (made.op) {
        case Op::load: {
          add_fact(made.name, kNoName, at.kinds, when);
          const Reg from = frame_.definition(at.reg);
          if (from != at.reg && from < at.reg && at.hops < 7)
            open.push_back({from, is_whole(from) ? at.kinds : places, at.hops + 1});
          break;
        }
        case Op::member:
          add_member(at.reg, at.kinds, when);
          open.push_back({made.a, is_argument_member(made) ? 0 : places, at.hops});
          break;
        case Op::index:
        case Op::element:
          open.push_back({made.a, places, at.hops});
          break;
        case Op::call: {
          const std::string method = frame_.variable_of(made.a);
          const bool same =
              is_one_of(method, {"trim", "strip", "String", "str", "toLowerCase", "toUpperCase",
                                 "lower", "upper", "TrimSpace", "ToLower"});
          if (frame_.is_op(made.a, Op::member))
            open.push_back({frame_.instr(made.a).a, same ? at.kinds : places, at.hops});
          for (std::uint32_t p = 0; p < made.arg_count; ++p)
            open.push_back({frame_.arg(made, p).value, same ? at.kinds : places, at.hops});
          break;
        }
        case Op::concat:
        case Op::array:
        case Op::either:
          for (std::uint32_t p = 0; p < made.arg_count; ++p) {
            open.push_back(
                {frame_.arg(made, p).value, made.op == Op::either ? at.kinds : places, at.hops});
          }
          break;
        case Op::any:
          open.push_back({made.a, at.kinds, at.hops});
          break;
        default:
          break;
      }
    }
  }

  // a.b and a.b.c, as tested
  void add_member(Reg reg, std::uint32_t kinds, bool when) {
    std::string way;
    for (int depth = 0; depth < 3 && frame_.is_op(reg, Op::member); ++depth) {
      way = frame_.text(frame_.instr(reg).name) + (way.empty() ? "" : "." + way);
      reg = frame_.instr(reg).a;
    }
    if (frame_.is_op(reg, Op::load))
      add_fact(frame_.instr(reg).name, frame_.name(way), kinds, when);
  }

  // `const { host } = args`: the variable is the member, not a computation on it.
  bool is_whole(Reg reg) const {
    const Op op = frame_.instr(reg).op;
    return op == Op::member || op == Op::either || op == Op::any || op == Op::load;
  }
  bool is_argument_member(const Instr& made) const {
    const Value& base = frame_.value(made.a);
    const bool is_container = base.has(Source::argument) || base.has(Source::parameter);
    return is_container &&
           !is_one_of(frame_.text(made.name), {"hostname", "host", "protocol", "origin", "netloc",
                                               "Host", "parent", "parts", "href", "scheme"});
  }

  Frame& frame_;
  std::vector<Open> open_;
  std::vector<Fact> facts_;
};

std::vector<Fact> read_guards(Frame& frame, Reg condition) {
  return GuardReader(frame, condition).read();
}

}  // namespace sigil::scan
