#include "net/engines/ring.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <future>
#include <memory>
#include <system_error>

#include <fmt/format.h>

namespace grover::net {
namespace {

constexpr unsigned short buffer_group = 0;
constexpr std::size_t ring_memory = Ring::buffers * sizeof(io_uring_buf);

void require(int result, char const* what) {
    if (result < 0) throw std::system_error(-result, std::system_category(), what);
}

io_uring_params parameters() noexcept {
    io_uring_params out{};
    // One thread submits and collects, and the kernel's part of the work is done when it does.
    out.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL |
                IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE;
    out.cq_entries = Ring::completions;
    return out;
}

/// A thread that has made a ring is interrupted (EINTR in what blocks) when the ring goes: it is
/// made on one that ends at once.
template <class Function>
auto elsewhere(Function function) {
    return std::async(std::launch::async, std::move(function)).get();
}

/// Pages that cost nothing until they are touched; null when there are none.
void* map(std::size_t bytes) noexcept {
    void* const out =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return out == MAP_FAILED ? nullptr : out;
}

std::string obstacle() {
    io_uring ring{};
    auto asked = parameters();
    if (int const done = io_uring_queue_init_params(8, &ring, &asked); done < 0)
        return fmt::format("the kernel refuses a ring: {}",
                           std::error_code(-done, std::system_category()).message());
    std::unique_ptr<io_uring, decltype(&io_uring_queue_exit)> const guard(&ring,
                                                                          io_uring_queue_exit);
    constexpr unsigned features = IORING_FEAT_NODROP | IORING_FEAT_FAST_POLL | IORING_FEAT_EXT_ARG |
                                  IORING_FEAT_CQE_SKIP | IORING_FEAT_SUBMIT_STABLE;
    if ((asked.features & features) != features) return "the kernel's io_uring is too old";
    std::unique_ptr<io_uring_probe, decltype(&io_uring_free_probe)> const probe(
        io_uring_get_probe_ring(&ring), io_uring_free_probe);
    for (int const operation : {IORING_OP_ACCEPT, IORING_OP_CONNECT, IORING_OP_RECV, IORING_OP_SEND,
                                IORING_OP_SENDMSG, IORING_OP_READ, IORING_OP_ASYNC_CANCEL})
        if (!probe || !io_uring_opcode_supported(probe.get(), operation))
            return fmt::format("the kernel's io_uring lacks operation {}", operation);
    void* const page = map(4096);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(page);
    registration.ring_entries = 8;
    int const done = page ? io_uring_register_buf_ring(&ring, &registration, 0) : -ENOMEM;
    if (done == 0) io_uring_unregister_buf_ring(&ring, 0);
    if (page) ::munmap(page, 4096);
    if (done < 0) return "the kernel's io_uring has no buffer rings";
    return {};
}

}  // namespace

Ring::Ring() {
    auto asked = parameters();
    require(elsewhere([&] { return io_uring_queue_init_params(submissions, &ring_, &asked); }),
            "io_uring");
    memory_ = static_cast<char*>(map(buffers * buffer_bytes + ring_memory));
    if (memory_)
        buffer_ring_ = reinterpret_cast<io_uring_buf_ring*>(memory_ + buffers * buffer_bytes);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(buffer_ring_);
    registration.ring_entries = buffers;
    registration.bgid = buffer_group;
    int const done = memory_ ? io_uring_register_buf_ring(&ring_, &registration, 0) : -ENOMEM;
    if (done < 0) {
        io_uring_queue_exit(&ring_);
        if (memory_) ::munmap(memory_, buffers * buffer_bytes + ring_memory);
        require(done, "io_uring's buffer ring");
    }
    io_uring_buf_ring_init(buffer_ring_);
    for (unsigned id = 0; id < buffers; ++id) give_back(id);
    advance_buffers();
}

Ring::~Ring() {
    io_uring_queue_exit(&ring_);
    ::munmap(memory_, buffers * buffer_bytes + ring_memory);
}

void Ring::enable() {
    // liburing 2.3 declares io_uring_enable_rings() and does not export it.
    auto const done =
        ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
    require(done < 0 ? -errno : 0, "io_uring");
}

io_uring_sqe& Ring::entry() {
    auto* out = io_uring_get_sqe(&ring_);
    while (!out) {
        io_uring_submit(&ring_);
        out = io_uring_get_sqe(&ring_);
    }
    return *out;
}

void Ring::enter(std::chrono::nanoseconds patience) noexcept {
    // Before anything waits, all must have been submitted: the kernel stops early when it is short
    // of memory.
    if (patience.count() <= 0) {
        io_uring_submit_and_get_events(&ring_);
    } else {
        __kernel_timespec time{.tv_sec = patience.count() / 1'000'000'000,
                               .tv_nsec = patience.count() % 1'000'000'000};
        io_uring_cqe* first = nullptr;
        io_uring_submit_and_wait_timeout(&ring_, &first, 1, &time, nullptr);
    }
    while (io_uring_sq_ready(&ring_) > 0) io_uring_submit_and_get_events(&ring_);
}

std::string uring_obstacle() {
    return elsewhere(obstacle);
}

Arena::Arena() : memory_(static_cast<char*>(map(bytes_max))) {
    if (!memory_) throw std::bad_alloc();
}
Arena::~Arena() {
    ::munmap(memory_, bytes_max);
}

}  // namespace grover::net
