// The one place where what libpqxx throws becomes an Error. Not all of it is a pqxx::failure:
// conversions and unexpected row counts are not. Messages for people say nothing about the schema;
// what an operator needs is logged.
#pragma once

#include "base/result.h"

namespace sigil::db {

// Thrown by our own parameter checks, inside a store call only.
struct BadParameter {
  const char* what;
};

// Call inside a catch block.
Error error_in_flight();

// By SQLSTATE; `text` is the server's own message. Pure.
Error error_of_sqlstate(std::string_view sqlstate, std::string_view text);

}  // namespace sigil::db
