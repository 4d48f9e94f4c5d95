#include "registry-db/sql_error.h"

#include <pqxx/except>
#include <string>

#include "base/log.h"

namespace sigil::db {
namespace {

Error make(ErrorCode code, std::string reason, std::string message, std::string hint = {}) {
  return Error{code, std::move(reason), std::move(message), std::move(hint), {}};
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

Error unavailable(std::string_view text) {
  log::warn("database unavailable", {{"cause", first_line(text)}});
  return make(ErrorCode::unavailable, "database_unavailable", "the database does not answer",
              "try again in a moment; `sigil doctor` shows the state of the database");
}

Error in_doubt() {
  return make(ErrorCode::unavailable, "commit_in_doubt",
              "the connection to the database broke while the change was being stored; it may or "
              "may not have been",
              "look whether it was before you try again");
}

Error internal(std::string_view sqlstate, std::string_view text) {
  log::error("database refused a statement", {{"sqlstate", sqlstate}, {"cause", first_line(text)}});
  return make(ErrorCode::internal, "database_error", "the database refused a statement",
              "the log of sigild has the reason");
}

// libpqxx 6.4 leaves the SQLSTATE out of the errors it has types for.
std::string sqlstate_of(const pqxx::sql_error& error) {
  if (!error.sqlstate().empty()) return error.sqlstate();
  if (dynamic_cast<const pqxx::unique_violation*>(&error) != nullptr) return "23505";
  if (dynamic_cast<const pqxx::foreign_key_violation*>(&error) != nullptr) return "23503";
  if (dynamic_cast<const pqxx::check_violation*>(&error) != nullptr) return "23514";
  if (dynamic_cast<const pqxx::not_null_violation*>(&error) != nullptr) return "23502";
  if (dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr) return "42501";
  if (dynamic_cast<const pqxx::data_exception*>(&error) != nullptr) return "22000";
  if (dynamic_cast<const pqxx::insufficient_resources*>(&error) != nullptr) return "53000";
  return {};
}

}  // namespace

Error error_of_sqlstate(std::string_view sqlstate, std::string_view text) {
  const auto kind = sqlstate.substr(0, 2);
  if (sqlstate == "23505")
    return make(ErrorCode::conflict, "already_exists", "something with this name exists already");
  if (sqlstate == "23503") {
    if (text.find("is still referenced") != std::string_view::npos)
      return make(ErrorCode::conflict, "still_in_use", "something else still refers to it");
    return make(ErrorCode::not_found, "not_found", "what this refers to does not exist");
  }
  if (sqlstate == "23514" || sqlstate == "23502")
    return make(ErrorCode::invalid_argument, "invalid_argument", "a value is not allowed here");
  if (sqlstate == "42501")
    return make(ErrorCode::forbidden, "forbidden", "this belongs to another team");
  if (sqlstate == "57014" || sqlstate == "55P03" || sqlstate == "25P03")
    return make(ErrorCode::timed_out, "database_timeout", "the database took too long",
                "try again in a moment");
  if (kind == "22")
    return make(ErrorCode::invalid_argument, "invalid_argument",
                "a value cannot be stored (bad UTF-8, bad JSON or out of range)");
  if (kind == "40")
    return make(ErrorCode::unavailable, "database_conflict",
                "another change came in between; nothing was stored", "try again");
  if (kind == "53" || kind == "57" || kind == "58" || kind == "08") return unavailable(text);
  return internal(sqlstate, text);
}

Error error_in_flight() {
  try {
    throw;
  } catch (const BadParameter& bad) {
    return make(ErrorCode::invalid_argument, "invalid_argument", bad.what);
  } catch (const pqxx::in_doubt_error&) {
    return in_doubt();
  } catch (const pqxx::broken_connection& broken) {
    return unavailable(broken.what());
  } catch (const pqxx::deadlock_detected& rollback) {
    return error_of_sqlstate("40P01", rollback.what());
  } catch (const pqxx::transaction_rollback& rollback) {
    return error_of_sqlstate("40001", rollback.what());
  } catch (const pqxx::sql_error& refused) {
    return error_of_sqlstate(sqlstate_of(refused), refused.what());
  } catch (const std::exception& other) {
    return internal("", other.what());
  } catch (...) {
    return internal("", "an exception that is none of std's");
  }
}

}  // namespace sigil::db
