// An open-loop load generator: requests are due at the moments of a Poisson process, whatever the
// server does.
//
//     grover-bench-openloop PORT PATH RATE SECONDS [CONNECTIONS [TOKENS]]
//
// A request's latency counts from the moment it was due, also while it waits for a free connection:
// a server that stalls for a second shows a second in every request that should have been sent
// meanwhile ("coordinated omission" is what closed-loop generators leave out). The first tenth of
// the time warms up and is not counted. TOKENS different sessions take turns (default 64). Prints
// one line:
//
//     OPENLOOP rate p50_us p90_us p99_us p99.9_us max_us failed unsent
//
// Latencies are kept in buckets of less than 1 % of their value (as HdrHistogram's,
// hdrhistogram.org). Sockets are used directly here: what measures the house is not made of its
// parts.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

namespace {

using Nanoseconds = std::int64_t;

Nanoseconds now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// Counts microseconds: exact below 128, then 64 buckets for each doubling.
class Histogram {
public:
    void add(std::uint64_t micros) {
        ++counts_[bucket(micros)];
        ++total_;
        largest_ = std::max(largest_, micros);
    }
    /// The upper end of the bucket in which that part of all values has been reached.
    std::uint64_t at(double part) const {
        auto left = static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(total_)));
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            if (counts_[i] >= left) return std::min(upper(i), largest_);
            left -= counts_[i];
        }
        return largest_;
    }
    std::uint64_t total() const { return total_; }
    std::uint64_t largest() const { return largest_; }

private:
    static constexpr unsigned exact_bits = 7;
    static constexpr std::size_t half = 1u << (exact_bits - 1);

    static std::size_t bucket(std::uint64_t value) {
        auto const width = static_cast<unsigned>(std::bit_width(value));
        auto const shift = width <= exact_bits ? 0u : width - exact_bits;
        auto const place = static_cast<std::size_t>(value >> shift) + shift * half;
        return std::min(place, buckets - 1);
    }
    static std::uint64_t upper(std::size_t place) {
        if (place < 2 * half) return place;
        auto const shift = place / half - 1;
        return ((place - shift * half + 1) << shift) - 1;
    }

    static constexpr std::size_t buckets = half * 40;
    std::array<std::uint64_t, buckets> counts_{};
    std::uint64_t total_ = 0;
    std::uint64_t largest_ = 0;
};

/// One keep-alive connection with at most one request on its way.
struct Connection {
    int socket = -1;
    Nanoseconds due = 0;
    std::size_t missing = 0;  // bytes of the reply, once its head is known
    bool head_known = false;
    std::string head;
};

struct Plan {
    std::uint16_t port;
    std::string path;
    double rate;
    double seconds;
    std::size_t connections = 64;
    std::size_t tokens = 64;
};

int connect_to(std::uint16_t port) {
    int const made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return -1;
    int const on = 1;
    ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(made, F_SETFL, O_NONBLOCK);
    return made;
}

class Generator {
public:
    explicit Generator(Plan plan) : plan_(std::move(plan)), connections_(plan_.connections) {
        for (std::size_t i = 0; i < plan_.tokens; ++i)
            requests_.push_back(
                fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                            "tok-{:032}\r\nAccept: application/json\r\n\r\n",
                            plan_.path, i));
    }

    /// False when the server cannot be reached.
    bool open() {
        poll_ = ::epoll_create1(EPOLL_CLOEXEC);
        for (std::size_t i = 0; i < connections_.size(); ++i)
            if (!open(i)) return false;
        return true;
    }

    void run() {
        auto const begin = now();
        counted_from_ = begin + static_cast<Nanoseconds>(plan_.seconds * 1e8);
        auto const end = begin + static_cast<Nanoseconds>(plan_.seconds * 1e9);
        auto next = static_cast<double>(begin);
        std::exponential_distribution<double> gap(plan_.rate / 1e9);
        std::mt19937_64 random(1);  // every run plays the same
        for (auto at = begin; at < end; at = now()) {
            for (; next <= static_cast<double>(at); next += gap(random))
                due_.push_back(static_cast<Nanoseconds>(next));
            while (!due_.empty() && !idle_.empty()) send_next();
            wait_until(static_cast<Nanoseconds>(next));
        }
    }

    void print() const {
        auto const rate = static_cast<double>(latency_.total()) / (plan_.seconds * 0.9);
        fmt::print("OPENLOOP {:.0f} {} {} {} {} {} {} {}\n", rate, latency_.at(0.5),
                   latency_.at(0.9), latency_.at(0.99), latency_.at(0.999), latency_.largest(),
                   failed_, due_.size());
    }

private:
    bool open(std::size_t index) {
        auto& connection = connections_[index];
        connection = {};
        connection.socket = connect_to(plan_.port);
        if (connection.socket < 0) return false;
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = index;
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, connection.socket, &event);
        idle_.push_back(index);
        return true;
    }

    void send_next() {
        auto const index = idle_.front();
        idle_.pop_front();
        auto& connection = connections_[index];
        connection.due = due_.front();
        due_.pop_front();
        auto const& request = requests_[sent_++ % requests_.size()];
        auto const written =
            ::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL);
        if (written != static_cast<ssize_t>(request.size())) lose(index);
    }

    void wait_until(Nanoseconds moment) {
        std::array<epoll_event, 64> events;
        auto const left = std::max<Nanoseconds>(moment - now(), 0);
        timespec const time{left / 1'000'000'000, left % 1'000'000'000};
        int const count =
            ::epoll_pwait2(poll_, events.data(), static_cast<int>(events.size()), &time, nullptr);
        for (int i = 0; i < count; ++i)
            receive(static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64));
    }

    void receive(std::size_t index) {
        static std::array<char, 256 << 10> buffer;
        auto& connection = connections_[index];
        auto const got = ::recv(connection.socket, buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) return lose(index);
        std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
        if (!connection.head_known) {
            connection.head += bytes;
            auto const end = connection.head.find("\r\n\r\n");
            if (end == std::string::npos) return;
            auto const whole = end + 4 + content_length({connection.head.data(), end + 2});
            if (connection.head.compare(9, 3, "200") != 0) ++failed_;
            connection.missing = whole - std::min(whole, connection.head.size());
            connection.head_known = true;
        } else {
            connection.missing -= std::min(connection.missing, bytes.size());
        }
        if (connection.missing > 0) return;
        if (connection.due >= counted_from_)
            latency_.add(static_cast<std::uint64_t>(now() - connection.due) / 1000);
        connection.head_known = false;
        connection.head.clear();
        idle_.push_back(index);
    }

    static std::size_t content_length(std::string_view head) {
        constexpr std::string_view name = "\r\ncontent-length:";
        for (std::size_t at = 0; at + name.size() < head.size(); ++at) {
            bool same = true;
            for (std::size_t i = 0; same && i < name.size(); ++i)
                same = std::tolower(static_cast<unsigned char>(head[at + i])) == name[i];
            if (!same) continue;
            auto const* digits = head.data() + at + name.size();
            while (*digits == ' ') ++digits;
            std::size_t value = 0;
            std::from_chars(digits, head.data() + head.size(), value);
            return value;
        }
        return 0;
    }

    /// The request counts as failed; the connection is replaced.
    void lose(std::size_t index) {
        ++failed_;
        ::close(connections_[index].socket);
        open(index);
    }

    Plan plan_;
    std::vector<std::string> requests_;
    std::vector<Connection> connections_;
    std::deque<std::size_t> idle_;
    std::deque<Nanoseconds> due_;  // not sent yet: every connection is busy
    Histogram latency_;
    Nanoseconds counted_from_ = 0;
    std::size_t sent_ = 0;
    std::size_t failed_ = 0;
    int poll_ = -1;
};

}  // namespace

int main(int count, char** arguments) {
    if (count < 5) {
        fmt::print(stderr, "usage: {} PORT PATH RATE SECONDS [CONNECTIONS [TOKENS]]\n",
                   arguments[0]);
        return 2;
    }
    Plan plan{.port = static_cast<std::uint16_t>(std::atoi(arguments[1])),
              .path = arguments[2],
              .rate = std::atof(arguments[3]),
              .seconds = std::atof(arguments[4])};
    if (count > 5) plan.connections = static_cast<std::size_t>(std::atoi(arguments[5]));
    if (count > 6) plan.tokens = static_cast<std::size_t>(std::atoi(arguments[6]));
    ::prctl(PR_SET_TIMERSLACK, 1);  // else the kernel may wake us 50 us late
    Generator generator(plan);
    if (!generator.open()) {
        fmt::print(stderr, "nobody listens on port {}\n", plan.port);
        return 1;
    }
    generator.run();
    generator.print();
}
