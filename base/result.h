// Errors as values. Every function of ours that can fail for an ordinary reason returns Result<T>;
// exceptions stay inside the adapter that calls the library which throws them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace sigil {

// Picks the HTTP status (controlplane/api) and the exit status (cli).
enum class ErrorCode {
  invalid_argument,
  unauthenticated,
  forbidden,
  not_found,
  gone,
  conflict,
  precondition_failed,
  too_large,
  rate_limited,
  unavailable,
  timed_out,
  cancelled,
  internal,
};

std::string_view name_of(ErrorCode code);

// `reason` is the stable word people and programs see ("E_BUILD", "git_rate_limited"), `hint` the
// next thing to try, `details` the fields at fault (JSON pointer -> sentence).
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string reason;
  std::string message;
  std::string hint;
  std::map<std::string, std::string> details;
};

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

template <>
class [[nodiscard]] Result<void> : public tl::expected<void, Error> {
 public:
  using tl::expected<void, Error>::expected;
};

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return fail(Error{code, std::string(name_of(code)), std::move(message), {}, {}});
}

inline tl::unexpected<Error> fail(ErrorCode code, std::string reason, std::string message,
                                  std::string hint = {}) {
  return fail(Error{code, std::move(reason), std::move(message), std::move(hint), {}});
}

// Stops the process: a broken invariant is a bug, not an error.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace sigil

#define SIGIL_CAT_(a, b) a##b
#define SIGIL_CAT(a, b) SIGIL_CAT_(a, b)

// SIGIL_TRY(const auto revision, store.find(id)); returns the error early, else declares
// `revision`.
#define SIGIL_TRY_(tmp, decl, ...)                                     \
  auto tmp = (__VA_ARGS__);                                            \
  if (!tmp.has_value()) return tl::unexpected(std::move(tmp).error()); \
  decl = *std::move(tmp)
#define SIGIL_TRY(decl, ...) SIGIL_TRY_(SIGIL_CAT(sigil_try_, __COUNTER__), decl, __VA_ARGS__)

// SIGIL_CHECK(pool->wait_ready(limit, stop)); returns the error early, else goes on.
#define SIGIL_CHECK(...)                                                          \
  do {                                                                            \
    if (auto sigil_check_result = (__VA_ARGS__); !sigil_check_result.has_value()) \
      return tl::unexpected(std::move(sigil_check_result).error());               \
  } while (false)

#define SIGIL_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::sigil::assertion_failed(#expression, __FILE__, __LINE__))
