// A stack of its own for a function that calls what cannot be a coroutine, a C library with
// callbacks for its input and output say: where it would block, it is left as it stands, and gone
// on with when there is something to go on with.
//
//     net::Fiber fiber(limits::fiber_stack_bytes);
//     fiber.run([&] {                                       // until the first suspend()
//         stream.async_read_some(buffer, [&](auto error, auto count) { ...; fiber.resume(); });
//         fiber.suspend();                                  // the loop goes on; so does run()
//         ...
//     });
//
// A switch costs no system call. A suspended function may be resumed on another thread: then it
// must not look at anything of its thread (thread_local, errno, its id) in the same function before
// and after, for compilers keep its address. Exceptions may be under way in it, and it may be in a
// catch block. The stack ends in a page that nobody may touch, and its memory is taken when it is
// first used. AddressSanitizer and ThreadSanitizer are told of each switch.
#pragma once

#include <array>
#include <cstddef>
#include <functional>

#include <boost/context/detail/fcontext.hpp>
#include <boost/context/stack_context.hpp>

namespace grover::net {

/// One function after another on one stack. At most one thread at a time may be in it.
class Fiber {
public:
    using Work = std::move_only_function<void()>;

    explicit Fiber(std::size_t stack_bytes);
    /// No function may be suspended in it.
    ~Fiber();
    Fiber(Fiber const&) = delete;
    Fiber& operator=(Fiber const&) = delete;

    /// Runs `work`, which throws nothing; returns when it ends or is suspended. Not while another
    /// is.
    void run(Work work);
    /// Goes on with what is suspended, on this thread, and returns as run() does.
    void resume();
    /// Called by what runs on it. `then` runs once the function stands still, in the place of what
    /// called run() or resume(): for giving the fiber to another thread. It may resume() it.
    void suspend(Work then = {});

private:
    static void enter(boost::context::detail::transfer_t from);
    [[noreturn]] void serve();
    void const* bottom() const noexcept;

    // What a thread knows of the exceptions that are under way in it (Itanium ABI, 2.2.2).
    struct Exceptions {
        void* caught = nullptr;
        unsigned uncaught = 0;
    };

    boost::context::stack_context stack_;
    // Where each stands still. Boost's own class of this would unwind what it destroys, and ends a
    // stack in a way that ThreadSanitizer cannot follow.
    boost::context::detail::fcontext_t self_;
    boost::context::detail::fcontext_t caller_ = nullptr;
    Work work_;
    Work then_;
    Exceptions exceptions_;
    bool ends_ = false;

    // For the sanitizers.
    void const* caller_stack_ = nullptr;
    std::size_t caller_stack_bytes_ = 0;
    void* tsan_fiber_ = nullptr;
    void* tsan_caller_ = nullptr;
};

}  // namespace grover::net
