#include "telemetry/log.hpp"

#include <unistd.h>
#include <cerrno>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "reflect/codec.hpp"

namespace grover::telemetry {
namespace {

constexpr std::size_t buffer_bytes_max = 64 << 10;

void write_value(std::string& out, std::string_view text) {
    if (plain_prefix(text) == text.size()) {
        out += '"';
        out += text;
        out += '"';
        return;
    }
    // Log lines are UTF-8 whatever a client sent.
    if (is_valid_utf8(text))
        reflect::write_string(out, text);
    else
        reflect::write_string(out, percent_encode(text));
}
void write_value(std::string& out, std::int64_t value) {
    reflect::write(out, value);
}
void write_value(std::string& out, double value) {
    reflect::write(out, value);
}
void write_value(std::string& out, bool value) {
    reflect::write(out, value);
}

/// The time as text, made anew only in another millisecond than this thread's last line.
void append_now(std::string& out) {
    thread_local Timestamp made_at{-1};
    thread_local std::string text;
    if (auto const now = system_now(); now != made_at) {
        text = now.to_string();
        made_at = now;
    }
    out += text;
}

}  // namespace

std::string_view name_of(Level level) noexcept {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
        case Level::off:
            return "off";
    }
    return "off";
}

Log::Log(std::string const& service, Level level, int fd) : level_(level), fd_(fd) {
    after_level_ = "\",\"service\":";
    write_value(after_level_, service);
    after_level_ += ",\"message\":";
}

Log::~Log() {
    flush();
}

void Log::write(Level level, std::string_view message, Fields fields) {
    if (!enabled(level)) return;
    thread_local std::string line;  // keeps its room from one line to the next
    line = "{\"time\":\"";
    append_now(line);
    line += "\",\"level\":\"";
    line += name_of(level);
    line += after_level_;
    write_value(line, message);
    for (auto const& field : fields) {
        line += ",\"";
        line += field.name;  // from code, so it needs no escape
        line += "\":";
        std::visit([&](auto const& value) { write_value(line, value); }, field.value);
    }
    line += "}\n";

    std::lock_guard const lock(mutex_);
    buffer_ += line;
    if (level >= Level::error || buffer_.size() >= buffer_bytes_max) flush_locked();
}

void Log::flush() {
    std::lock_guard const lock(mutex_);
    flush_locked();
}

void Log::flush_locked() {
    std::string_view rest = buffer_;
    while (!rest.empty()) {
        auto const written = ::write(fd_, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0)
            break;  // Nobody reads any more: dropping lines is better than blocking requests.
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    buffer_.clear();
}

}  // namespace grover::telemetry
