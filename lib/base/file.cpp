#include "base/file.hpp"

#include <algorithm>
#include <array>
#include <fstream>

namespace grover {

std::optional<std::string> read_file(std::string const& path, std::size_t bytes_max) {
    std::ifstream in(path, std::ios::binary);
    std::string out;
    std::array<char, 16 << 10> block;
    while (in && out.size() < bytes_max) {
        auto const wanted = std::min(block.size(), bytes_max - out.size());
        in.read(block.data(), static_cast<std::streamsize>(wanted));
        out.append(block.data(), static_cast<std::size_t>(in.gcount()));
    }
    if (!in.is_open() || in.bad()) return {};
    return out;
}

}  // namespace grover
