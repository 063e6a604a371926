// Structured logs: one JSON object a line on standard output, ready for any collector.
//
//     log.info("post created", {{"post_id", id.str()}, {"request_id", request.request_id}});
//     {"time":"2026-11-22T10:19:05.123Z","level":"info","service":"post-service","message":"post
//     created","post_id":"..."}
//
// A Secret is not a field value: logging one does not compile. Thread-safe; lines are collected and
// written together, at once for errors, else within 100 ms (flush() is called by the
// sweep of loop 0).
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace grover::telemetry {

enum class Level { debug, info, warn, error, off };

/// "debug", "info", "warn", "error", "off".
std::string_view name_of(Level level) noexcept;

struct Field {
    std::string_view name;  // written as it is: letters of our own
    std::variant<std::string_view, std::int64_t, double, bool> value;

    Field(std::string_view n, std::string_view v) : name(n), value(v) {}
    Field(std::string_view n, char const* v) : name(n), value(std::string_view(v)) {}
    Field(std::string_view n, std::string const& v) : name(n), value(std::string_view(v)) {}
    Field(std::string_view n, bool v) : name(n), value(v) {}
    template <std::integral I>
    Field(std::string_view n, I v) : name(n), value(static_cast<std::int64_t>(v)) {}
    Field(std::string_view n, double v) : name(n), value(v) {}
};

class Log {
public:
    /// Writes to `fd`, which it does not own.
    Log(std::string const& service, Level level, int fd = 1);
    ~Log();
    Log(Log const&) = delete;
    Log& operator=(Log const&) = delete;

    void set_level(Level level) noexcept { level_.store(level, std::memory_order_relaxed); }
    Level level() const noexcept { return level_.load(std::memory_order_relaxed); }
    bool enabled(Level level) const noexcept { return level >= this->level(); }

    using Fields = std::initializer_list<Field>;
    void write(Level level, std::string_view message, Fields fields = {});
    void debug(std::string_view message, Fields fields = {}) {
        write(Level::debug, message, fields);
    }
    void info(std::string_view message, Fields fields = {}) { write(Level::info, message, fields); }
    void warn(std::string_view message, Fields fields = {}) { write(Level::warn, message, fields); }
    void error(std::string_view message, Fields fields = {}) {
        write(Level::error, message, fields);
    }

    void flush();

private:
    void flush_locked();

    std::string after_level_;  // what every line has between its level and its message
    std::atomic<Level> level_;
    int fd_;
    std::mutex mutex_;
    std::string buffer_;
};

}  // namespace grover::telemetry
