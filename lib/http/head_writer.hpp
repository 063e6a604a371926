// Writes message heads. Nothing that was not meant to be a line of its own becomes one.
#pragma once

#include <string>
#include <string_view>

namespace grover::http {

/// "HTTP/1.1 200 OK\r\n".
void append_status_line(std::string& out, int status);
/// "Name: value\r\n". Throws std::invalid_argument when the name is no token or the value has a
/// control character: a CR LF in it would begin another field.
void append_field(std::string& out, std::string_view name, std::string_view value);
void append_field(std::string& out, std::string_view name, std::size_t value);
/// The time as Date has it (RFC 9110 section 5.6.7), made once a second and thread.
std::string_view http_date();

}  // namespace grover::http
