// The whole configuration reader on arbitrary bytes: every file is either understood or refused
// with a line for each problem.
#include "gateway/config/load.hpp"
#include "gateway/routes/table.hpp"

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
    using namespace grover::gateway;
    try {
        auto const config =
            parse_config({"f", std::string(reinterpret_cast<char const*>(data), size)});
        Table const table(config.routes, config.versions);
        for (auto const& route : config.routes) table.find("GET", route.path);
    } catch (grover::ConfigError const& e) {
        if (std::string_view(e.what()).empty()) __builtin_trap();
    }
    return 0;
}
