// The rules that look at single calls, objects and stores, one file for each family; frame.h names
// the places that call them.
#pragma once

#include "builder/scan/code/frame.h"

namespace sigil::scan {

// session_rules.cc
void check_session_store(Frame& frame, Reg at, std::string_view target, const Value& value,
                         Reg from);
void check_session_call(Frame& frame, const Call& call);
void check_session_return(Frame& frame, Reg at, const Value& value);
void check_session_project(Engine& engine);
void check_handle_lookup(Frame& frame, const Call& call);

// auth_rules.cc: tokens taken without being checked
void check_auth_call(Frame& frame, const Call& call);
void check_auth_member(Frame& frame, Reg at, const Instr& made);
void check_auth_project(Engine& engine);

// oauth_rules.cc
void check_oauth_call(Frame& frame, const Call& call);
void check_oauth_object(Frame& frame, Reg at, const Instr& made);
void check_oauth_store(Frame& frame, Reg at, std::string_view target, const Value& value);
void check_oauth_member(Frame& frame, Reg at, const Instr& made);
void check_oauth_project(Engine& engine);

// network_rules.cc
void check_network_call(Frame& frame, const Call& call);
void check_network_object(Frame& frame, Reg at);
void check_network_store(Frame& frame, Reg at, std::string_view target, const Value& value);
void check_network_project(Engine& engine);
bool is_local_host(std::string_view host);
// The host of a literal address when it is whole; empty otherwise.
std::string literal_host(std::string_view address, bool is_whole);

// harm_rules.cc: persistence, exfiltration, results that carry the environment
void check_harm_call(Frame& frame, const Call& call);
void check_harm_store(Frame& frame, Reg at, std::string_view target, const Value& value, Reg from);
void check_harm_return(Frame& frame, Reg at, const Value& value);

// A finding at a place that was marked while evaluating.
void report_mark(Engine& engine, std::string_view rule, Severity severity, Confidence confidence,
                 const std::pair<FunctionId, Reg>& at, std::string message, std::string fix,
                 std::string sink);
// Some name or literal of the program contains one of these.
bool program_mentions(const Engine& engine, std::initializer_list<std::string_view> parts);

}  // namespace sigil::scan
