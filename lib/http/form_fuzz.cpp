// The form parser on arbitrary bytes: it answers with parts that lie in the body, or throws Error.
#include "http/form.hpp"

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
    using namespace grover;
    std::string_view const input(reinterpret_cast<char const*>(data), size);
    auto const line = input.substr(0, input.find('\n'));
    auto const body = input.substr(std::min(line.size() + 1, input.size()));
    try {
        auto const boundary = http::form_boundary(line);
        for (auto const& part : http::parse_form(body, boundary.value_or("b")))
            if (part.content.data() < body.data() ||
                part.content.data() + part.content.size() > body.data() + body.size())
                __builtin_trap();
    } catch (Error const&) {
        // The expected answer to most inputs.
    }
    return 0;
}
