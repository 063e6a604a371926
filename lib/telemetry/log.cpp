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

Log::Log(std::string service, Level level, int fd)
    : service_(std::move(service)), level_(level), fd_(fd) {}

Log::~Log() {
    flush();
}

void Log::write(Level level, std::string_view message, Fields fields) {
    if (!enabled(level)) return;
    std::string line;
    line.reserve(256);
    line += "{\"time\":\"";
    line += system_now().to_string();
    line += "\",\"level\":\"";
    line += name_of(level);
    line += "\",\"service\":";
    write_value(line, service_);
    line += ",\"message\":";
    write_value(line, message);
    for (auto const& field : fields) {
        line += ',';
        write_value(line, field.name);
        line += ':';
        std::visit([&](auto const& value) { write_value(line, value); }, field.value);
    }
    line += "}\n";

    std::lock_guard const lock(mutex_);
    buffer_ += line;
    if (level >= Level::warn || buffer_.size() >= buffer_bytes_max) flush_locked();
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
