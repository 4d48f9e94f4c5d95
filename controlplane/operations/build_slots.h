// How many builds run at the same time. Any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <utility>

namespace sigil::controlplane {

class BuildSlots {
 public:
  explicit BuildSlots(std::int64_t count) : free_(count) {}

  class Slot {
   public:
    explicit Slot(BuildSlots* slots) : slots_(slots) {}
    Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (slots_ != nullptr) slots_->give_back();
    }
    bool is_held() const { return slots_ != nullptr; }

   private:
    BuildSlots* slots_;
  };

  bool is_full() const {
    const std::scoped_lock lock(mutex_);
    return free_ == 0;
  }
  // Waits its turn; not held when a stop was asked for.
  Slot take(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!freed_.wait(lock, stop, [&] { return free_ > 0; })) return Slot(nullptr);
    --free_;
    return Slot(this);
  }

 private:
  void give_back() {
    const std::scoped_lock lock(mutex_);
    ++free_;
    freed_.notify_one();
  }

  mutable std::mutex mutex_;
  std::condition_variable_any freed_;
  std::int64_t free_;
};

}  // namespace sigil::controlplane
