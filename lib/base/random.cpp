#include "base/random.hpp"

#include <sys/random.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "base/encoding.hpp"

namespace grover {

void fill_random(std::span<std::byte> out) {
    thread_local std::array<std::byte, 1024> pool;
    thread_local std::size_t used = pool.size();
    while (!out.empty()) {
        if (used == pool.size()) {
            std::size_t have = 0;
            while (have < pool.size()) {
                auto const got = ::getrandom(pool.data() + have, pool.size() - have, 0);
                if (got < 0) std::abort();
                have += static_cast<std::size_t>(got);
            }
            used = 0;
        }
        auto const take = std::min(out.size(), pool.size() - used);
        std::memcpy(out.data(), pool.data() + used, take);
        std::memset(pool.data() + used, 0, take);  // What became a token is not kept twice.
        used += take;
        out = out.subspan(take);
    }
}

std::uint64_t random_u64() {
    std::uint64_t value = 0;
    fill_random(std::as_writable_bytes(std::span(&value, 1)));
    return value;
}

std::string random_hex(std::size_t bytes) {
    std::string raw(bytes, '\0');
    fill_random(std::as_writable_bytes(std::span(raw)));
    return to_hex(raw);
}

std::string random_token(std::size_t bytes) {
    std::string raw(bytes, '\0');
    fill_random(std::as_writable_bytes(std::span(raw)));
    return to_base64url(raw);
}

}  // namespace grover
