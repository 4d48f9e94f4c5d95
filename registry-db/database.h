// The way to PostgreSQL: a pool of connections and transactions run as a caller.
//
// Stores are cheap values made from an Access, either one that gives each store call a transaction
// of its own, or a Transaction that several calls share:
//
//   DeploymentStore(db.as(caller)).find(id);                          // one transaction
//   db.transact(caller, [&](Transaction& tx) -> Result<Operation> {   // all or nothing
//     SIGIL_TRY(const auto deployment, DeploymentStore(tx).create(wish));
//     return OperationStore(tx).create(...);
//   });
//
// Errors: unavailable (no connection, broken, shutting down, deadlock; reason "commit_in_doubt"
// when the answer to a commit was lost), timed_out (statement or pool wait), conflict (already
// there; the store names the reason), invalid_argument (NUL byte, bad UTF-8, bad JSON), internal.
// After an error inside transact() return it: the transaction is rolled back, nothing happened.
//
// A Database may be used from any thread; a Transaction only inside the function it was given to.
// Transactions are short: look, change, return. Nothing slow happens inside.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "base/secret.h"
#include "registry-db/caller.h"

namespace sigil::db {

struct DatabaseOptions {
  Secret url;  // postgresql://… or keyword=value
  int connections_max = 8;
  std::chrono::milliseconds connect_max{5'000};
  std::chrono::milliseconds lease_wait_max{5'000};
  std::chrono::milliseconds statement_max{15'000};
};

class Transaction;
class Access;

class Database {
 public:
  // Connects once, makes the three roles where they are missing, applies the migrations.
  // unavailable, or invalid_argument with the SQL that an administrator has to run.
  static Result<std::unique_ptr<Database>> open(DatabaseOptions options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Access as(Caller caller);

  // Runs `function(Transaction&) -> Result<T>` as the caller and commits unless it returns an
  // error.
  template <typename Function>
  std::invoke_result_t<Function&, Transaction&> transact(const Caller& caller,
                                                         Function&& function) {
    std::invoke_result_t<Function&, Transaction&> outcome =
        fail(ErrorCode::internal, "the transaction did not run");
    auto done = run(caller, [&](Transaction& tx) -> Result<void> {
      outcome = function(tx);
      if (!outcome.has_value()) return fail(outcome.error());
      return {};
    });
    if (!done.has_value()) return fail(std::move(done).error());
    return outcome;
  }

  // Begins a transaction and ends it; what health checks ask.
  Result<void> ping();

  const DatabaseOptions& options() const;

  struct Implementation;
  Implementation& implementation() { return *implementation_; }  // for this folder only

 private:
  explicit Database(std::unique_ptr<Implementation> implementation);
  Result<void> run(const Caller& caller, const std::function<Result<void>(Transaction&)>& function);

  std::unique_ptr<Implementation> implementation_;
};

// What a store works through. Cheap to copy; must not outlive what it was made from.
class Access {
 public:
  Access(Database& database, Caller caller) : database_(&database), caller_(std::move(caller)) {}
  Access(Transaction& transaction)  // NOLINT(google-explicit-constructor): a store takes either
      : transaction_(&transaction), caller_(Caller::anonymous()) {}

  Database* database() const { return database_; }
  Transaction* transaction() const { return transaction_; }
  const Caller& caller() const { return caller_; }

 private:
  Database* database_ = nullptr;
  Transaction* transaction_ = nullptr;
  Caller caller_;
};

inline Access Database::as(Caller caller) { return Access(*this, std::move(caller)); }

}  // namespace sigil::db
