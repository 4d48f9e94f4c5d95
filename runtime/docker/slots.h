// So many at once and no more; waiting ends with a stop. Any thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace sigil::runtime {

class Slots {
 public:
  explicit Slots(int count) : free_(count) {}

  // Holds a slot while it lives; false: stopped before one was free.
  class Lease {
   public:
    Lease(Slots& slots, const std::stop_token& stop) : slots_(slots), is_held_(slots.take(stop)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      if (is_held_) slots_.give_back();
    }
    explicit operator bool() const { return is_held_; }

   private:
    Slots& slots_;
    bool is_held_;
  };

 private:
  bool take(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!freed_.wait(lock, stop, [this] { return free_ > 0; })) return false;
    --free_;
    return true;
  }
  void give_back() {
    {
      const std::scoped_lock lock(mutex_);
      ++free_;
    }
    freed_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable_any freed_;
  int free_;
};

}  // namespace sigil::runtime
