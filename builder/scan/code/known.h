// What we know of libraries: which calls do harm with which argument, which make a value safe,
// which talk to the network. Data only; looked up by the canonical path of a callee or by a
// method's name.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "builder/scan/code/ir.h"
#include "builder/scan/code/value.h"

namespace sigil::scan {

enum class Danger : std::uint8_t {
  shell,         // the argument is a shell's text
  program,       // the argument is the program; with shell=True or `sh -c` a shell's text
  program_list,  // the argument is a list that begins with the program, or a command line
  transport,     // options object with `command`
  path,
  url,  // outgoing HTTP call
  code,
  code_module,  // dynamic import
  code_template,
  deserialise,
  sql,
  redirect,
  opener,
  log,
};

struct SinkSpec {
  std::string_view path;
  Danger danger;
  int argument = 0;
  std::string_view keyword = "";
};

struct CleanerSpec {
  std::string_view path;
  std::uint32_t kinds;
  bool to_number = false;
};

class Known {
 public:
  explicit Known(Names& names);

  // By canonical path; the receiver's library is known.
  const std::vector<const SinkSpec*>* sinks_of(NameId path) const;
  // By method name alone, for receivers we know nothing of.
  const std::vector<const SinkSpec*>* method_sinks(NameId method) const;
  const CleanerSpec* cleaner_of(NameId path) const;
  const CleanerSpec* method_cleaner(NameId method) const;

 private:
  using Table = std::unordered_map<NameId, std::vector<const SinkSpec*>>;
  Table by_path_;
  Table by_method_;
  std::unordered_map<NameId, const CleanerSpec*> cleaners_;
  std::unordered_map<NameId, const CleanerSpec*> method_cleaners_;
};

// A call that sends an HTTP request, by its path; `url_argument` is where the address stands.
struct HttpCall {
  bool is_http = false;
  int url_argument = 0;
  bool makes_client =
      false;  // axios.create(), httpx.Client(): its base address matters, nothing is sent
};
HttpCall http_call(std::string_view path);

bool is_weak_random(std::string_view path);
bool is_strong_random(std::string_view path);
// Functions through which a text stays recognisable: trim, concat, JSON.stringify, …
bool keeps_text(std::string_view method);
bool is_secret_name(std::string_view name);
// Names by which a method says nothing of whose it is.
bool is_generic_method(std::string_view name);
bool is_shell_program(std::string_view program);
bool contains(std::string_view text, std::string_view part);
bool contains_any(std::string_view text, std::initializer_list<std::string_view> parts);
std::string lowered(std::string_view text);

}  // namespace sigil::scan
