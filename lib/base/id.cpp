#include "base/id.hpp"

#include <array>
#include <cstdint>
#include <mutex>

#include "base/random.hpp"

namespace grover {

std::string make_ulid(Timestamp now) {
    constexpr std::string_view letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    static std::mutex mutex;
    static std::uint64_t last_ms = 0, high = 0,
                         low = 0;  // high: the 16 upper random bits, low: the 64 lower ones

    std::uint64_t time = 0, random_high = 0, random_low = 0;
    {
        std::lock_guard const lock(mutex);
        auto const wanted = static_cast<std::uint64_t>(now.ms);
        if (wanted > last_ms) {
            last_ms = wanted;
            high = random_u64() & 0x7fff;  // The top bit stays free, so that counting up has room.
            low = random_u64();
        } else {
            // The same millisecond, or a clock that went back: count on, so that order is kept.
            auto const step = (random_u64() & 0xffffffff) + 1;
            low += step;
            if (low < step && (high = (high + 1) & 0xffff) == 0) ++last_ms;
        }
        time = last_ms;
        random_high = high;
        random_low = low;
    }

    std::string out(26, '0');
    for (std::size_t i = 10; i-- > 0; time >>= 5) out[i] = letters[time & 31];
    for (std::size_t i = 26; i-- > 10;) {
        out[i] = letters[random_low & 31];
        random_low = random_low >> 5 | (random_high & 31) << 59;
        random_high >>= 5;
    }
    return out;
}

bool is_valid_id(std::string_view text) noexcept {
    if (text.empty() || text.size() > 64) return false;
    for (char c : text) {
        bool const ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (!ok) return false;
    }
    return true;
}

}  // namespace grover
