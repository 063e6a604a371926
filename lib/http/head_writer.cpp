#include "http/head_writer.hpp"

#include <ctime>
#include <stdexcept>

#include <fmt/format.h>

#include "http/characters.hpp"
#include "http/message.hpp"

namespace grover::http {

void append_status_line(std::string& out, int status) {
    if (status == 200) {
        out += "HTTP/1.1 200 OK\r\n";
        return;
    }
    fmt::format_to(std::back_inserter(out), "HTTP/1.1 {:03} {}\r\n", status, reason_phrase(status));
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    if (!is_token(name)) throw std::invalid_argument("a header field has no valid name");
    if (!is_value(value))
        throw std::invalid_argument("a header field has a control character: " + std::string(name));
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
}

void append_field(std::string& out, std::string_view name, std::size_t value) {
    fmt::format_int const text(value);
    append_field(out, name, std::string_view(text.data(), text.size()));
}

std::string_view http_date() {
    thread_local std::time_t made_at = 0;
    thread_local std::string text;
    // The coarse clock is read without a system call on every platform and is good to 4 ms.
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != made_at) {
        std::tm parts{};
        ::gmtime_r(&now.tv_sec, &parts);
        text.resize(32);
        text.resize(std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
        made_at = now.tv_sec;
    }
    return text;
}

}  // namespace grover::http
