#include "net/fiber.hpp"

#include <cxxabi.h>

#include <utility>

#include <boost/context/protected_fixedsize_stack.hpp>

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#endif

namespace grover::net {
namespace {

namespace context = boost::context;

// Boost.Context as Debian builds it knows nothing of the sanitizers. `kept` is where the stack that
// is left keeps what AddressSanitizer has of it; null for one that ends. A call would be entered on
// one stack and left on the other, as ThreadSanitizer counts them.
[[gnu::always_inline]] inline void leave([[maybe_unused]] void** kept,
                                         [[maybe_unused]] void const* stack,
                                         [[maybe_unused]] std::size_t bytes,
                                         [[maybe_unused]] void* tsan_fiber) {
#if __has_feature(address_sanitizer)
    __sanitizer_start_switch_fiber(kept, stack, bytes);
#endif
#if __has_feature(thread_sanitizer)
    __tsan_switch_to_fiber(tsan_fiber, 0);
#endif
}
void arrive([[maybe_unused]] void* kept, [[maybe_unused]] void const** from,
            [[maybe_unused]] std::size_t* bytes) {
#if __has_feature(address_sanitizer)
    __sanitizer_finish_switch_fiber(kept, from, bytes);
#endif
}

}  // namespace

Fiber::Fiber(std::size_t stack_bytes)
    : stack_(context::protected_fixedsize_stack(stack_bytes).allocate()),
      self_(context::detail::make_fcontext(stack_.sp, stack_.size, enter)) {
#if __has_feature(thread_sanitizer)
    tsan_fiber_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
    ends_ = true;
    resume();
#if __has_feature(thread_sanitizer)
    __tsan_destroy_fiber(tsan_fiber_);
#endif
#if __has_feature(address_sanitizer)
    __asan_unpoison_memory_region(bottom(), stack_.size);  // its frames were never left
#endif
    context::protected_fixedsize_stack().deallocate(stack_);
}

void const* Fiber::bottom() const noexcept {
    return static_cast<char const*>(stack_.sp) - stack_.size;
}

void Fiber::enter(context::detail::transfer_t from) {
    auto& fiber = *static_cast<Fiber*>(from.data);
    arrive(nullptr, &fiber.caller_stack_, &fiber.caller_stack_bytes_);
    fiber.caller_ = from.fctx;
    fiber.serve();
}

void Fiber::serve() {
    while (!ends_) {
        std::exchange(work_, nullptr)();
        suspend();
    }
    leave(nullptr, caller_stack_, caller_stack_bytes_, tsan_caller_);
    context::detail::jump_fcontext(caller_, nullptr);
    std::unreachable();
}

void Fiber::run(Work work) {
    work_ = std::move(work);
    resume();
}

void Fiber::resume() {
#if __has_feature(thread_sanitizer)
    tsan_caller_ = __tsan_get_current_fiber();
#endif
    auto& threads = *reinterpret_cast<Exceptions*>(abi::__cxa_get_globals());
    std::swap(threads, exceptions_);
    void* kept = nullptr;
    leave(&kept, bottom(), stack_.size, tsan_fiber_);
    self_ = context::detail::jump_fcontext(self_, this).fctx;
    arrive(kept, nullptr, nullptr);
    std::swap(threads, exceptions_);
    if (auto then = std::exchange(then_, nullptr)) std::move(then)();
}

void Fiber::suspend(Work then) {
    then_ = std::move(then);
    void* kept = nullptr;
    leave(&kept, caller_stack_, caller_stack_bytes_, tsan_caller_);
    caller_ = context::detail::jump_fcontext(caller_, nullptr).fctx;
    arrive(kept, &caller_stack_, &caller_stack_bytes_);
}

}  // namespace grover::net
